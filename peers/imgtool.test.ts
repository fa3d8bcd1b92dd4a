import { spawnSync } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { imageCommand } from "../src/cli/image/image.ts";
import { parseImage, parseIntelHex, tlvsOf } from "../src/image/index.ts";

/**
 * Images of ours under the real imgtool, and its images under ours. It is looked for where HIL_IMGTOOL says, in
 * the peers' virtual environment (HIL_PEERS_VENV), then on PATH
 * (pip install imgtool). Without it the suite is skipped, aloud; where peers are required it fails.
 */
const IN_VENV = join(process.env["HIL_PEERS_VENV"] ?? ".cache/peers", "bin/imgtool");
const IMGTOOL = process.env["HIL_IMGTOOL"] ?? (existsSync(IN_VENV) ? resolve(IN_VENV) : "imgtool");
const found = spawnSync(IMGTOOL, ["version"], { encoding: "utf8" });
const isThere = found.status === 0;
const isRequired = process.env["CI"] === "true" || process.env["HIL_PEERS"] === "required";

const COMMON = ["-H", "0x200", "--pad-header", "--align", "4", "-S", "0x40000", "-v", "1.2.3+4"];
const SIGNING = ["rsa-2048", "rsa-3072", "ecdsa-p256", "ecdsa-p384", "ed25519"] as const;
/** Signing key, encryption key, further options. */
const ENCRYPTED = [
  ["ecdsa-p256", "ecdsa-p256", ["--encrypt-keylen", "128"]],
  ["ecdsa-p256", "ecdsa-p256", ["--encrypt-keylen", "256"]],
  ["rsa-2048", "rsa-2048", []],
  ["ed25519", "x25519", ["--hmac-sha", "256"]],
  ["ed25519", "x25519", ["--hmac-sha", "512", "--sha", "512"]],
  ["ed25519", "ecdsa-p256", ["--pure"]],
] as const;
/** Images without chance in them: both must write the same bytes. */
const EQUAL = [
  ["no signature", []],
  ["Ed25519", ["-k", "sign-ed25519.pem"]],
  ["Ed25519, pure", ["-k", "sign-ed25519.pem", "--pure"]],
  ["SHA-512", ["-k", "sign-ed25519.pem", "--sha", "512"]],
  ["protected TLVs", ["-s", "auto", "-d", "(1,2.0.0)", "--boot-record", "APP", "--custom-tlv", "0xa0", "0x0102"]],
  ["identifiers", ["--vid", "nordicsemi.com", "--cid", "nRF5340_app"]],
  ["a confirmed slot", ["--confirm", "-M", "16"]],
  ["a slot for tests, alignment 16", ["--pad", "--max-align", "16"]],
  ["overwrite-only", ["--pad", "--overwrite-only"]],
  ["a fixed address", ["--rom-fixed", "0x10000"]],
  ["big-endian", ["-e", "big", "-s", "5"]],
  ["a whole public key", ["-k", "sign-ed25519.pem", "--public-key-format", "full"]],
] as const;

let folder = "";

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

function theirs(...argv: readonly string[]): Ran {
  const ran = spawnSync(IMGTOOL, [...argv], { cwd: folder, encoding: "utf8" });
  return { exit: ran.status ?? -1, out: ran.stdout, err: ran.stderr };
}

async function ours(...argv: readonly string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const exit = await imageCommand(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: {},
    cwd: folder,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  });
  return { exit, out, err };
}

const suite = isThere ? describe : describe.skip;

suite(`imgtool ${found.stdout?.trim() ?? ""}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hil-imgtool-"));
    const body = Uint8Array.from({ length: 5001 }, (_, index) => (index * 131) & 0xff);
    writeFileSync(join(folder, "app.bin"), body);
    for (const type of [...SIGNING, "x25519"] as const) {
      // Keys of both makers take part: theirs sign, ours encrypt.
      expect(theirs("keygen", "-k", `sign-${type}.pem`, "-t", type).exit).toBe(0);
      expect((await ours("keygen", "-k", `device-${type}.pem`, "-t", type)).exit).toBe(0);
    }
    // RSA-3072 keys may take seconds.
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(SIGNING)("an image that we sign with %s is good for imgtool, and dumped alike", async (type) => {
    const key = `sign-${type}.pem`;
    expect((await ours("sign", ...COMMON, "-k", key, "app.bin", "ours.bin")).exit).toBe(0);
    const [their, our] = [theirs("verify", "-k", key, "ours.bin"), await ours("verify", "-k", key, "ours.bin")];
    expect(their).toMatchObject({ exit: 0, out: our.out });
    expect(theirs("dumpinfo", "-f", "json", "ours.bin").out).toBe(
      (await ours("dumpinfo", "-f", "json", "ours.bin")).out,
    );
  });

  test.each(SIGNING)("an image that imgtool signs with %s is good for us", async (type) => {
    expect(theirs("sign", ...COMMON, "-k", `sign-${type}.pem`, "app.bin", "theirs.bin").exit).toBe(0);
    expect(await ours("verify", "-k", `sign-${type}.pem`, "theirs.bin")).toMatchObject({ exit: 0, err: "" });
  });

  test.each(ENCRYPTED)(
    "an image that imgtool signs with %s and encrypts for %s (%j) opens here",
    async (sign, device, more) => {
      const keys = ["-k", `sign-${sign}.pem`, "-E", `device-${device}.pem`];
      expect(theirs("sign", ...COMMON, ...keys, ...more, "app.bin", "theirs.bin")).toMatchObject({ exit: 0 });
      const ran = await ours("verify", "-k", `sign-${sign}.pem`, "--decrypt-key", `device-${device}.pem`, "theirs.bin");
      expect(ran).toMatchObject({ exit: 0, err: "" });
    },
  );

  test.each(ENCRYPTED)(
    "an image that we sign with %s and mark for %s (%j) is, left clear, good for imgtool",
    async (sign, device, more) => {
      const keys = ["-k", `sign-${sign}.pem`, "-E", `device-${device}.pem`, "--clear"];
      expect((await ours("sign", ...COMMON, ...keys, ...more, "app.bin", "ours.bin")).exit).toBe(0);
      expect(theirs("verify", "-k", `sign-${sign}.pem`, "ours.bin")).toMatchObject({ exit: 0 });
    },
  );

  test.each(EQUAL)("both write the same bytes: %s", async (_, options) => {
    expect(theirs("sign", ...COMMON, ...options, "app.bin", "theirs.bin")).toMatchObject({ exit: 0 });
    expect(await ours("sign", ...COMMON, ...options, "app.bin", "ours.bin")).toMatchObject({ exit: 0 });
    const [their, our] = ["theirs.bin", "ours.bin"].map((name) => readFileSync(join(folder, name)));
    expect(our?.equals(their ?? Buffer.alloc(0))).toBe(true);
  });

  test.each(["human", "yaml"])("both dump a padded, encrypted image alike as %s", async (format) => {
    const options = ["-E", "device-ecdsa-p256.pem", "--confirm", "-s", "3"];
    expect((await ours("sign", ...COMMON, ...options, "app.bin", "ours.bin")).exit).toBe(0);
    expect(theirs("dumpinfo", "-f", format, "ours.bin").out).toBe(
      (await ours("dumpinfo", "-f", format, "ours.bin")).out,
    );
  });

  test.each([
    ["getpub", "-k", "device-ecdsa-p256.pem"],
    ["getpub", "-k", "sign-rsa-3072.pem", "-e", "lang-rust"],
    ["getpubhash", "-k", "device-ed25519.pem"],
    ["getpriv", "-k", "device-ecdsa-p256.pem", "--minimal"],
    ["getpriv", "-k", "device-rsa-2048.pem"],
    ["getpriv", "-k", "device-x25519.pem"],
    ...[...SIGNING, "x25519"].flatMap((type) => [
      ["getpubhash", "-k", `sign-${type}.pem`, "--name-suffix", "_dev"],
      ["getpub", "-k", `sign-${type}.pem`, "--name-suffix", "_2"],
      ["keyinfo", "-k", `sign-${type}.pem`, "--require", "private"],
    ]),
    ["version"],
  ])("both export alike: %s %s %s", async (...argv) => {
    expect((await ours(...argv)).out).toBe(theirs(...argv).out);
  });

  test.each([
    ["--vid", "{12345678-1234-5678-1234-567812345678}"],
    ["--vid", "12345678-12345678-1234-567812345678"],
    ["--vid", "12345678123456781234567812345678"],
    ["--vid", "12345678-1234-5678-1234-567812345678 and more"],
    ["--vid", "a", "--cid", "{00000000-0000-0000-0000-000000000000}"],
  ])("both read the same identifiers: %s %s", async (...options) => {
    expect(theirs("sign", ...COMMON, ...options, "app.bin", "theirs.bin").exit).toBe(0);
    expect((await ours("sign", ...COMMON, ...options, "app.bin", "ours.bin")).exit).toBe(0);
    const [their, our] = ["theirs.bin", "ours.bin"].map((name) => readFileSync(join(folder, name)));
    expect(our?.equals(their ?? Buffer.alloc(0))).toBe(true);
  });

  test.each(["payload", "digest"])("both write the %s to sign as the same Intel HEX", async (vector) => {
    const options = ["--vector-to-sign", vector, "-x", "0x1fff8", "app.bin"];
    expect(theirs("sign", ...COMMON, ...options, "theirs.hex").exit).toBe(0);
    expect((await ours("sign", ...COMMON, ...options, "ours.hex")).exit).toBe(0);
    const [their = "", our = ""] = ["theirs.hex", "ours.hex"].map((name) => readFileSync(join(folder, name), "latin1"));
    expect(parseIntelHex(our)).toEqual(parseIntelHex(their));
  });

  test("both take a key marked for PSS alone, and a file with the public half first, and sign with it", async () => {
    const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048 });
    writeFileSync(join(folder, "pss.pem"), pss.privateKey.export({ format: "pem", type: "pkcs8" }));
    const half = theirs("getpub", "-k", "sign-ecdsa-p256.pem", "-e", "pem").out;
    const whole = readFileSync(join(folder, "sign-ecdsa-p256.pem"), "latin1");
    writeFileSync(join(folder, "both.pem"), half + whole);
    for (const key of ["pss.pem", "both.pem"]) {
      expect((await ours("getpub", "-k", key)).out).toBe(theirs("getpub", "-k", key).out);
      expect((await ours("sign", ...COMMON, "-k", key, "app.bin", "ours.bin")).exit).toBe(0);
      expect(theirs("verify", "-k", key, "ours.bin").exit).toBe(0);
    }
  });

  test.each([
    ["public", "private", 2],
    ["public", "public", 0],
    ["private", "public", 2],
  ])("both answer keyinfo of a %s key with --require %s alike", async (kind, wanted, exit) => {
    const half = theirs("getpub", "-k", "sign-ed25519.pem", "-e", "pem").out;
    writeFileSync(join(folder, "half.pem"), half);
    const argv = ["keyinfo", "-k", kind === "public" ? "half.pem" : "sign-ed25519.pem", "--require", wanted];
    const [their, our] = [theirs(...argv), await ours(...argv)];
    expect([their.exit, our.exit, our.out]).toEqual([exit, exit, their.out]);
  });

  test.each([
    ["no-key-tlv", ["-E", "device-ecdsa-p384.pem"]],
    ["no-key-tlv", ["-E", "device-ed25519.pem", "-k", "sign-ed25519.pem"]],
    ["rsa-3072", ["-E", "device-rsa-3072.pem"]],
    ["plain-fallback", ["-E", "device-ecdsa-p256.pem", "--compression", "lzma2"]],
  ])("imgtool's trap %s %j is refused without a file, and made alike when it is asked for", async (trap, more) => {
    writeFileSync(join(folder, "chance.bin"), randomBytes(3000));
    const argv = [...COMMON, ...more, "chance.bin"];
    expect(theirs("sign", ...argv, "theirs.bin").exit).toBe(0);
    expect((await ours("sign", ...argv, "refused.bin")).exit).toBe(2);
    expect(existsSync(join(folder, "refused.bin"))).toBe(false);
    const made = await ours("sign", "--imgtool-trap", trap, ...argv, "ours.bin");
    expect(made).toMatchObject({ exit: 0, err: expect.stringContaining(`warning: --imgtool-trap ${trap}: `) });
    const [their, our] = ["theirs", "ours"].map((name) => readFileSync(join(folder, `${name}.bin`)));
    if (trap === "plain-fallback") {
      expect(our?.equals(their ?? Buffer.alloc(0))).toBe(true);
      return;
    }
    // The body's key is drawn anew: all but the body and that key is equal.
    const shape = (bytes: Buffer | undefined) => {
      const image = parseImage(bytes ?? Buffer.alloc(0));
      return { header: image.header, tlvs: tlvsOf(image).map((tlv) => [tlv.type, tlv.data.length]) };
    };
    expect(shape(our)).toEqual(shape(their));
  });

  test("both refuse an image one byte too large with the same words", async () => {
    const small = ["-H", "0x200", "--pad-header", "--align", "4", "-S", "0x1000", "-v", "1", "app.bin", "never.bin"];
    const [their, our] = [theirs("sign", ...small), await ours("sign", ...small)];
    expect([their.exit, our.exit]).toEqual([2, 2]);
    expect(their.err.split("Error:")[1]?.trim()).toBe(our.err.split("Error:")[1]?.trim());
  });
});

if (!isThere && isRequired) {
  test("imgtool is installed: pip install imgtool, or set HIL_IMGTOOL", () => {
    expect(isThere).toBe(true);
  });
} else if (!isThere) {
  test.skip("imgtool: needs the real one; pip install imgtool, or set HIL_IMGTOOL=/path/to/imgtool", () => {
    expect(isThere).toBe(true);
  });
}
