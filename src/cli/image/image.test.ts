import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { KEY_TYPES, PASSPHRASE_VARIABLE, parseIntelHex } from "../../image/index.ts";
import { imageCommand } from "./image.ts";

const SIGN = ["sign", "-H", "0x200", "--pad-header", "--align", "4", "-S", "0x10000", "-v", "1.2.3+4"];

const KEY_NAMES = KEY_TYPES.map(({ name }) => name);

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hil-image-"));
  writeFileSync(join(folder, "app.bin"), Buffer.alloc(1000, 0x42));
  for (const [name, type] of [
    ["sign", "ecdsa-p256"],
    ["device", "ecdsa-p256"],
    ["other", "ed25519"],
  ] as const) {
    await run("keygen", "-k", `${name}.pem`, "-t", type);
  }
  await run("getpub", "-k", "sign.pem", "-e", "pem", "-o", "sign.pub.pem");
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

async function run(...argv: readonly string[]): Promise<Ran> {
  return runWith({}, ...argv);
}

async function runWith(env: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const exit = await imageCommand(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env,
    cwd: folder,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  });
  return { exit, out, err };
}

describe("hil image verify with several keys", () => {
  test("takes an image that any of them signed, and says which; not one of a stranger, nor keys of two kinds", async () => {
    await run("keygen", "-k", "second.pem", "-t", "ecdsa-p256");
    await run(
      "sign",
      "-v",
      "1.0.0",
      "-H",
      "0x20",
      "--pad-header",
      "-S",
      "0x10000",
      "-k",
      "second.pem",
      "app.bin",
      "by2.bin",
    );
    const right = await run("verify", "-k", "sign.pub.pem,second.pem", "by2.bin");
    expect([right.exit, right.out]).toEqual([
      0,
      expect.stringMatching(/correctly validated[^]*Signed by: second\.pem/),
    ]);
    const told = await run("verify", "--json", "-k", "sign.pub.pem,second.pem", "by2.bin");
    expect(JSON.parse(told.out)).toMatchObject({ images: [{ valid: true, signedBy: "second.pem" }] });
    const wrong = await run("verify", "-k", "sign.pub.pem,device.pem", "by2.bin");
    expect([wrong.exit, wrong.out]).toEqual([1, expect.not.stringContaining("Signed by")]);
    const mixed = await run("verify", "-k", "sign.pub.pem,other.pem", "by2.bin");
    expect([mixed.exit, mixed.err]).toEqual([2, expect.stringContaining("one kind of signature")]);
  });
});

describe("hil image", () => {
  test("signs and encrypts; verify needs the device's key to say yes, and says so without it", async () => {
    const signed = await run(...SIGN, "-k", "sign.pem", "-E", "device.pem", "app.bin", "enc.bin");
    expect(signed).toEqual({ exit: 0, out: "image.py: sign the payload\n", err: "" });
    const closed = await run("verify", "-k", "sign.pub.pem", "enc.bin");
    expect(closed).toMatchObject({ exit: 1, out: "Image has an invalid hash\n" });
    expect(closed.err).toContain("--decrypt-key");
    const opened = await run("verify", "-k", "sign.pub.pem", "--decrypt-key", "device.pem", "enc.bin");
    expect(opened.exit).toBe(0);
    expect(opened.out).toMatch(
      /^Image was correctly validated\nImage version: 1.2.3\+4\nImage digest: [0-9a-f]{64}\n$/,
    );
  });

  test("says which key an image was encrypted for is not the one given", async () => {
    await run(...SIGN, "-k", "sign.pem", "-E", "device.pem", "app.bin", "enc.bin");
    const ran = await run("verify", "--decrypt-key", "sign.pem", "enc.bin");
    expect(ran.exit).toBe(1);
    expect(ran.err).toMatch(/encrypted for another key/);
  });

  test("decrypts to what --clear would have left, and writes nothing for another key", async () => {
    await run(...SIGN, "-k", "sign.pem", "-E", "device.pem", "app.bin", "enc.bin");
    expect((await run("decrypt", "--decrypt-key", "device.pem", "enc.bin", "plain.bin")).exit).toBe(0);
    expect((await run("verify", "-k", "sign.pem", "plain.bin")).exit).toBe(0);
    await run("decrypt", "--decrypt-key", "device.pem", "--body", "enc.bin", "body.bin");
    const body = readFileSync(join(folder, "body.bin"));
    expect(body.subarray(0, 1000).equals(readFileSync(join(folder, "app.bin")))).toBe(true);
    const wrong = await run("decrypt", "--decrypt-key", "sign.pem", "enc.bin", "never.bin");
    expect(wrong.exit).toBe(1);
    expect(wrong.err).toMatch(/encrypted for another key/);
    expect(readdirSync(folder)).not.toContain("never.bin");
    expect((await run("decrypt", "--decrypt-key", "sign.pub.pem", "enc.bin", "never.bin")).exit).toBe(2);
  });

  test("goes through Intel HEX and back to the same image", async () => {
    await run(...SIGN, "-x", "0x10000", "-k", "other.pem", "app.bin", "app.hex");
    await run(...SIGN, "-k", "other.pem", "app.bin", "app.out.bin");
    const [fromHex, fromBin] = await Promise.all([run("dumpinfo", "app.hex"), run("dumpinfo", "app.out.bin")]);
    expect(fromHex.exit).toBe(0);
    expect(fromHex.out.split("\n").slice(1)).toEqual(fromBin.out.split("\n").slice(1));
  });

  test("signs outside: export what is to be signed, sign, put the signature in, and it verifies", async () => {
    await run(...SIGN, "-k", "sign.pem", "--sig-out", "sig.b64", "app.bin", "one.bin");
    const fixed = ["--fix-sig", "sig.b64", "--fix-sig-pubkey", "sign.pub.pem"];
    expect((await run(...SIGN, ...fixed, "app.bin", "two.bin")).exit).toBe(0);
    expect(readFileSync(join(folder, "two.bin"))).toEqual(readFileSync(join(folder, "one.bin")));
    const exported = await run(...SIGN, ...fixed, "--vector-to-sign", "digest", "app.bin", "digest.bin");
    expect(exported.out).toBe("image.py: export digest\n");
    expect(readFileSync(join(folder, "digest.bin"))).toHaveLength(32);
  });

  test("takes the passphrase of a key from the environment, and never prints it", async () => {
    const env = { [PASSPHRASE_VARIABLE]: "correct horse" };
    expect((await runWith(env, "keygen", "-p", "-k", "pw.pem", "-t", "ed25519")).exit).toBe(0);
    expect((await runWith(env, ...SIGN, "-k", "pw.pem", "app.bin", "pw.bin")).exit).toBe(0);
    const without = await run(...SIGN, "-k", "pw.pem", "app.bin", "pw2.bin");
    expect(without).toMatchObject({ exit: 2, out: "" });
    expect(without.err).toMatch(/key file pw.pem is password-protected/);
    const wrong = await runWith({ [PASSPHRASE_VARIABLE]: "battery" }, "keyinfo", "-k", "pw.pem");
    expect(wrong.err).toMatch(/passphrase of key file pw.pem is wrong/);
    expect(wrong.err).not.toContain("battery");
    expect((await run("keygen", "-p", "-k", "pw3.pem", "-t", "ed25519")).err).toContain(PASSPHRASE_VARIABLE);
  });

  test.each([
    ["a missing key", ["-k", "nope.pem"], /^Error: key file nope.pem does not exist/],
    ["a key that is none", ["-k", "app.bin"], /^Error: key file app.bin is not a PEM file/],
    ["a public key to sign with", ["-k", "sign.pub.pem"], /Cannot sign with a public-only PEM/],
    ["a signature file without its key", ["--fix-sig", "x"], /public key of the fixed signature is not specified/],
    ["a signature to write and no signer", ["--sig-out", "x"], /needs a signature/],
    ["compression without an encoder that is there", ["--compression", "lzma9"], /is not one of/],
    ["a custom TLV file that is missing", ["--custom-tlv-file", "0xa0", "nope"], /custom TLV file nope does not exist/],
  ])("%s is exit 2, one reason, and no output file", async (_, options, reason) => {
    const before = readdirSync(folder);
    const ran = await run(...SIGN, ...options, "app.bin", "never.bin");
    expect(ran).toMatchObject({ exit: 2, out: "" });
    expect(ran.err).toMatch(reason);
    expect(readdirSync(folder)).toEqual(before);
  });

  test.each([
    ["a missing image", "nope.bin", 2, /Image file nope.bin not found/],
    ["a file that is no image", "app.bin", 1, /^Error: no MCUboot image/],
  ])("verify of %s", async (_, path, exit, reason) => {
    const ran = await run("verify", path);
    expect(ran.exit).toBe(exit);
    expect(ran.err).toMatch(reason);
  });

  test("a manifest of images becomes their hashes by index", async () => {
    writeFileSync(
      join(folder, "manifest.yaml"),
      `format: 1\nimages:\n- {hash: ${"22".repeat(32)}, index: 1}\n- {hash: ${"11".repeat(32)}, index: 0}\n`,
    );
    expect((await run(...SIGN, "--manifest", "manifest.yaml", "app.bin", "m.bin")).exit).toBe(0);
    const dump = JSON.parse((await run("dumpinfo", "-f", "json", "m.bin")).out) as {
      tlv_area: { tlvs_prot: { type: number; data: string }[] };
    };
    expect(dump.tlv_area.tlvs_prot).toMatchObject([
      { type: 0x76, data: `0100000002000000${"11".repeat(32)}${"22".repeat(32)}` },
    ]);
  });

  test("a manifest's images are looked for in the working folder, as Nordic's fork does", async () => {
    await run(...SIGN, "app.bin", "one.bin");
    mkdirSync(join(folder, "deep"));
    writeFileSync(join(folder, "deep", "m.yaml"), "format: 1\nimages:\n- {path: one.bin, index: 0}\n");
    expect(await run(...SIGN, "--manifest", "deep/m.yaml", "app.bin", "m.bin")).toMatchObject({ exit: 0, err: "" });
  });

  test.each(KEY_NAMES)("getpubhash and getpub of a %s key put the suffix where imgtool 2.5.0 does", async (type) => {
    await run("keygen", "-k", `suffix-${type}.pem`, "-t", type);
    const hash = (await run("getpubhash", "-k", `suffix-${type}.pem`, "--name-suffix", "_dev")).out;
    const name = /unsigned char (\w+)_pub_key_hash_dev\[\]/.exec(hash)?.[1];
    expect(name).toMatch(/^(rsa|ecdsa|ecdsap384|ed25519|x25519)$/);
    expect(hash).toContain(`const unsigned int ${name}_pub_key_hash_dev_len = 32;`);
    const whole = (await run("getpub", "-k", `suffix-${type}.pem`, "--name-suffix", "_dev")).out;
    expect(whole).toContain(`${name}_pub_key_dev[]`);
  });

  test.each([
    ["0xFFFFFE00", 2],
    ["0x100000000", 2],
    ["-0x200", 2],
    ["0xFFFF0000", 0],
  ])("a HEX file at %s ends with exit %i: addresses have 32 bits", async (address, exit) => {
    const ran = await run(...SIGN, "-x", address, "app.bin", "far.hex");
    expect(ran.exit).toBe(exit);
    if (exit === 2) expect(ran.err).toMatch(/32 bits/);
    else expect(readFileSync(join(folder, "far.hex"), "latin1")).toMatch(/^:02000004FFFFFC$/m);
  });

  test.each(["payload", "digest"])("--vector-to-sign %s to a .hex is Intel HEX at its address", async (vector) => {
    await run(...SIGN, "--vector-to-sign", vector, "app.bin", "v.bin");
    expect((await run(...SIGN, "--vector-to-sign", vector, "-x", "0x1000", "app.bin", "v.hex")).exit).toBe(0);
    const [segment, ...more] = parseIntelHex(readFileSync(join(folder, "v.hex"), "latin1"));
    expect(more).toEqual([]);
    expect(segment?.address).toBe(0x1000);
    expect(readFileSync(join(folder, "v.bin")).equals(segment?.bytes ?? new Uint8Array())).toBe(true);
  });

  test("without -H, and with auto, the header has its own 32 bytes", async () => {
    const bare = SIGN.filter((word) => word !== "-H" && word !== "0x200");
    await run(...bare, "app.bin", "bare.bin");
    await run(...bare, "-H", "auto", "app.bin", "auto.bin");
    const image = readFileSync(join(folder, "bare.bin"));
    expect(image.readUInt16LE(8)).toBe(32);
    expect(image.equals(readFileSync(join(folder, "auto.bin")))).toBe(true);
  });

  test("keyinfo says the kind, then fails what --require does not allow; it never asks for a passphrase", async () => {
    const wrong = await run("keyinfo", "-k", "sign.pub.pem", "--require", "private");
    expect(wrong).toMatchObject({
      exit: 2,
      out: "public\n",
      err: expect.stringContaining("is public, but private was required"),
    });
    expect(await run("keyinfo", "-k", "sign.pem", "--require", "private")).toEqual({
      exit: 0,
      out: "private\n",
      err: "",
    });
  });

  test("without a command, or with an unknown one, is exit 2 and says what there is", async () => {
    expect((await run()).exit).toBe(2);
    expect((await run("--help")).out).toContain("dumpinfo");
    expect((await run("verfy", "x")).err).toContain("No such command 'verfy'. Did you mean 'verify'?");
    expect((await run("sign", "--help")).out).toContain("--encrypt-keylen [128|256]");
    expect(await run("version")).toEqual({ exit: 0, out: "2.5.0\n", err: "" });
  });

  test("a swap mode refuses what only the device would refuse", async () => {
    const size = (bytes: string): readonly string[] => [
      ...SIGN,
      "--swap-mode",
      "move",
      "-S",
      bytes,
      "app.bin",
      "s.bin",
    ];
    expect((await run(...size("0x4000"))).exit).toBe(0);
    const small = await run(...size("0x2000"));
    expect(small.exit).toBe(2);
    expect(small.err).toMatch(/smaller than its trailer/);
    writeFileSync(join(folder, "large.bin"), Buffer.alloc(0x2000 - 0x200));
    const large = [...SIGN, "-S", "0x4000", "large.bin", "s.bin"];
    expect((await run(...large)).exit).toBe(0);
    expect((await run(...large, "--swap-mode", "move")).err).toMatch(/swaps by move takes in this slot: 0x2000/);
  });

  test("keyinfo tells the kind of a key, and fails when another was required", async () => {
    expect((await run("keyinfo", "-k", "sign.pub.pem")).out).toBe("public\n");
    expect((await run("keyinfo", "-k", "sign.pub.pem", "--require", "private")).exit).toBe(2);
  });

  test("raw bytes go to a file, or to an output that can take them, and nowhere else", async () => {
    expect((await run("getpub", "-k", "sign.pem", "-e", "raw")).exit).toBe(2);
    await run("getpub", "-k", "sign.pem", "-e", "raw", "-o", "pub.raw");
    expect(readFileSync(join(folder, "pub.raw"))).toHaveLength(91);
  });
});
