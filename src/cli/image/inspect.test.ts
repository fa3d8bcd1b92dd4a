import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import { parseSigned, TLV, tlvsOf } from "../../image/index.ts";
import { ImageFolder } from "../testing/image-folder.ts";

const SIGN = ["sign", "-H", "0x200", "--pad-header", "--align", "4", "-S", "0x10000", "-k", "sign.pem"];
const folder = new ImageFolder();
const run = folder.run.bind(folder);

beforeAll(async () => {
  folder.write("app.bin", Random.fromSeed("app").bytes(3000));
  const changed = Random.fromSeed("app").bytes(3000);
  changed.set([1, 2, 3, 4], 0x300);
  folder.write("changed.bin", changed);
  for (const name of ["sign", "device", "other"]) await run("keygen", "-k", `${name}.pem`, "-t", "ecdsa-p256");
  await run("keygen", "-k", "wrap.b64", "-t", "aes-kw-128");
  const encrypted = [...SIGN, "-E", "device.pem"];
  await run(...SIGN, "-v", "1.0.0", "app.bin", "plain.bin");
  await run(...encrypted, "-v", "1.0.0", "app.bin", "enc.bin");
  await run(...encrypted, "-v", "1.0.1", "changed.bin", "enc2.bin");
  await run(...encrypted, "-v", "1.0.0", "--clear", "app.bin", "clear.bin");
});
afterAll(() => folder[Symbol.dispose]());

describe("every command takes --json", () => {
  test.each([
    [
      "sign",
      [...SIGN, "-v", "1.2.3", "-E", "device.pem", "app.bin", "j.bin"],
      { output: "j.bin", bodyIsEncrypted: true },
    ],
    ["verify", ["verify", "-k", "sign.pem", "plain.bin"], { images: [{ path: "plain.bin", valid: true }] }],
    ["dumpinfo", ["dumpinfo", "enc.bin"], { dump: { header: { version: "1.0.0+0" } } }],
    ["decrypt", ["decrypt", "--decrypt-key", "device.pem", "enc.bin", "d.bin"], { decrypted: true, output: "d.bin" }],
    ["rekey", ["rekey", "--decrypt-key", "device.pem", "-E", "other.pem", "enc.bin", "r.bin"], { output: "r.bin" }],
    ["diff", ["diff", "enc.bin", "enc.bin"], { same: true }],
    ["keygen", ["keygen", "-k", "k.pem", "-t", "x25519"], { type: "x25519", protected: false }],
    ["getpub", ["getpub", "-k", "sign.pem", "-e", "raw"], { publicKey: expect.stringMatching(/^[0-9a-f]{182}$/) }],
    ["getpubhash", ["getpubhash", "-k", "sign.pem"], { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    ["getpriv", ["getpriv", "-k", "sign.pem"], { type: "ecdsa-p256" }],
    ["keyinfo", ["keyinfo", "-k", "wrap.b64"], { role: "wrapping", type: "aes-kw" }],
    ["version", ["version"], { imgtool: "2.5.0" }],
  ])("%s", async (command, argv, facts) => {
    expect(await folder.json(...argv)).toMatchObject({ schema: 1, command, exit: 0, ...facts });
  });

  test("an error is JSON, too, with its exit code and what to do", async () => {
    expect(await folder.json("keyinfo", "-k", "nope.pem")).toMatchObject({
      exit: 2,
      error: { kind: "configuration", text: expect.stringContaining("nope.pem does not exist") },
    });
    expect(await folder.json("diff", "app.bin", "enc.bin")).toMatchObject({
      exit: 1,
      error: { kind: "image", where: { offset: 0, field: "magic" } },
    });
  });
});

describe("hil image diff", () => {
  test("names header fields, TLVs and runs of the body as it runs", async () => {
    const { exit, out } = await run("diff", "--decrypt-key", "device.pem", "enc.bin", "enc2.bin");
    expect(exit).toBe(1);
    expect(out).toContain("header version: 1.0.0+0 | 1.0.1+0\n");
    expect(out).toMatch(/^TLV unprotected SHA256 \(0x10\): [0-9a-f]{64} \| [0-9a-f]{64}$/m);
    expect(out).toMatch(/^body 0x300, 4 bytes: [0-9a-f]{8} \| 01020304$/m);
    expect(out.match(/^body/gm)).toHaveLength(1);
  });

  test("compares bodies as stored without the key, and says so", async () => {
    const { out } = await run("diff", "enc.bin", "enc2.bin");
    expect(out).toContain("as stored");
    expect(out).toContain("--decrypt-key");
  });

  test("of an image and its --clear twin shows only how they are stored and whom the key is for", async () => {
    const { out } = await run("diff", "--decrypt-key", "device.pem", "enc.bin", "clear.bin");
    expect(out).toContain("body stored: encrypted | plain, flagged as encrypted\n");
    expect(out).not.toMatch(/^header|SHA256/m);
  });
});

describe("hil image rekey", () => {
  test("keeps header, plain body, hash and signature, and only the new device opens it", async () => {
    const rekeyed = await run("rekey", "--decrypt-key", "device.pem", "-E", "other.pem", "enc.bin", "new.bin");
    expect(rekeyed).toEqual({ exit: 0, out: "", err: "" });
    expect((await run("verify", "-k", "sign.pem", "--decrypt-key", "other.pem", "new.bin")).exit).toBe(0);
    expect((await run("verify", "--decrypt-key", "device.pem", "new.bin")).exit).toBe(1);
    const keys = ["--decrypt-key", "device.pem", "--decrypt-key-b", "other.pem"];
    const { out } = await run("diff", ...keys, "enc.bin", "new.bin");
    expect(out).toMatch(/^TLV unprotected ENCEC256 \(0x32\): .*\n$/);
  });

  test("changes the kind of key where the new device has another one", async () => {
    await run("rekey", "--decrypt-key", "device.pem", "-E", "wrap.b64", "enc.bin", "kw.bin");
    expect((await run("verify", "-k", "sign.pem", "--decrypt-key", "wrap.b64", "kw.bin")).exit).toBe(0);
  });

  test.each([
    ["an image that is not encrypted", ["--decrypt-key", "device.pem", "-E", "other.pem", "plain.bin"], 1],
    ["with a key that does not open it", ["--decrypt-key", "other.pem", "-E", "other.pem", "enc.bin"], 1],
    ["with a public key to open it", ["--decrypt-key", "device.pub.pem", "-E", "other.pem", "enc.bin"], 2],
  ])("of %s writes nothing", async (_, argv, exit) => {
    await run("getpub", "-k", "device.pem", "-e", "pem", "-o", "device.pub.pem");
    const ran = await run("rekey", ...argv, "never.bin");
    expect(ran.exit).toBe(exit);
    expect(ran.err).toMatch(/^Error: /);
    expect(() => folder.read("never.bin")).toThrow("ENOENT");
  });
});

describe("hil image verify, beyond imgtool", () => {
  test("--payload fails with offsets where the firmware stands in clear, and passes where it does not", async () => {
    const clear = await run("verify", "--payload", "app.bin", "clear.bin");
    expect(clear).toMatchObject({ exit: 1, out: "Payload stands in the image in clear\n" });
    expect(clear.err).toContain("payload block 0x0 stands in clear at 0x200\n");
    expect(clear.err).toContain("Payload: 187 blocks of 16 bytes looked for, 0 of mere repetition not.\n");
    const closed = await run("verify", "--payload", "app.bin", "enc.bin");
    expect(closed.exit).toBe(0);
    expect(closed.err).toContain("Hash and signature were not checked");
    expect((await run("verify", "--payload", "app.bin", "--decrypt-key", "device.pem", "enc.bin")).exit).toBe(0);
  });

  test("--payload finds one block at an odd place behind the image, as a stale trailer would hold it", async () => {
    const block = folder.read("app.bin").subarray(0x400, 0x410);
    folder.write("tail.bin", Buffer.concat([folder.read("enc.bin"), Buffer.from([1, 2, 3]), block]));
    const ran = await run("verify", "--payload", "app.bin", "tail.bin");
    expect(ran.exit).toBe(1);
    expect(ran.err).toMatch(/payload block 0x400 stands in clear at 0x[0-9a-f]+\n/);
  });

  test("--payload does not take the border between zeros and erased flash for the firmware's", async () => {
    // The last words of a version and the pad of a header look like this, and so does a firmware's own padding.
    const border = Buffer.concat([Buffer.alloc(8), Buffer.alloc(8, 0xff)]);
    folder.write("bordered.bin", Buffer.concat([folder.read("app.bin"), border]));
    folder.write("padded.bin", Buffer.concat([folder.read("enc.bin"), border]));
    expect(await run("verify", "--payload", "bordered.bin", "padded.bin")).toMatchObject({ exit: 0 });
  });

  test("--payload of mere repetition is a wrong request: there is nothing to look for", async () => {
    folder.write("blank.bin", new Uint8Array(4096).fill(0xff));
    const ran = await run("verify", "--payload", "blank.bin", "enc.bin");
    expect(ran).toMatchObject({ exit: 2, out: "" });
  });

  test("two images with one AES key are a warning, and a failure with --strict; the key is not shown", async () => {
    const image = folder.read("enc.bin");
    // The same key TLV in another image, as a build with a fixed "random" key makes it.
    const other = folder.read("enc2.bin");
    const keyTlv = (bytes: Buffer): number => bytes.lastIndexOf(Buffer.from([0x32, 0x00, 113, 0x00]));
    image.copy(other, keyTlv(other), keyTlv(image));
    folder.write("shared.bin", other);
    const argv = ["--decrypt-key", "device.pem", "enc.bin", "shared.bin"];
    expect((await run("verify", ...argv)).err).toContain("Warning: enc.bin and shared.bin are encrypted with the same");
    const strict = await run("verify", "--strict", ...argv);
    expect(strict.exit).toBe(1);
    expect(strict.err).toContain("Error: enc.bin and shared.bin are encrypted with the same AES key");
  });

  test("two encrypted files of one firmware tell, without any key, that it is one; their bodies do not", async () => {
    await run(...SIGN, "-E", "device.pem", "-v", "1.0.0", "app.bin", "again.bin");
    const [first, second] = ["enc.bin", "again.bin"].map((name) => {
      const image = parseSigned(folder.read(name));
      const sha = tlvsOf(image).find(({ type }) => type === TLV.SHA256)?.data;
      return { told: { version: image.header.version, bytes: image.body.length, sha }, body: image.body };
    });
    expect(first?.told.sha).toHaveLength(32);
    expect(first?.told).toEqual(second?.told);
    expect(first?.body).not.toEqual(second?.body);
  });

  test("--strict passes images with keys of their own, and an image beside its --clear twin", async () => {
    const argv = ["verify", "--strict", "--decrypt-key", "device.pem", "-k", "sign.pem"];
    expect(await run(...argv, "enc.bin", "enc2.bin", "clear.bin")).toMatchObject({ exit: 0, err: "" });
    const blind = await run("verify", "--strict", "enc.bin", "enc2.bin");
    expect(blind.exit).toBe(2);
    expect(blind.err).toContain("that takes --decrypt-key");
  });

  test.each([
    ["move", "0x4000", 0],
    ["move", "0x3000", 1],
    ["offset", "0x3000", 1],
    ["scratch", "0x3000", 0],
    ["overwrite", "0x2000", 0],
  ])("an image of 4.6 KiB, a bootloader that swaps by %s, slots of %s: exit %i", async (mode, slot, exit) => {
    folder.write("fit.bin", Random.fromSeed("fit").bytes(4000));
    await run(...SIGN, "-v", "1.0.0", "fit.bin", "fit.signed.bin");
    const ran = await run("verify", "-k", "sign.pem", "--swap-mode", mode, "--slot-size", slot, "fit.signed.bin");
    expect(ran.exit).toBe(exit);
    expect(ran.err.includes("takes 0x1000")).toBe(exit === 1);
  });

  test.each([
    ["without one", [], true],
    ["0xffff", ["--rom-fixed", "0xffff"], true],
    ["0x10000", ["--rom-fixed", "0x10000"], false],
    ["0x4ffff", ["--rom-fixed", "0x4ffff"], false],
    ["0x50000", ["--rom-fixed", "0x50000"], true],
  ])(
    "--checks-load-address refuses a header whose address is not in the slot 0x10000 to 0x4ffff: %s",
    async (_, fixed, refused) => {
      const firmware = Buffer.from(Random.fromSeed("vectors").bytes(1024));
      firmware.writeUInt32LE(0x0001_0401, 4);
      folder.write("at.bin", firmware);
      await run(...SIGN, "-v", "1.0.0", ...fixed, "at.bin", "at.signed.bin");
      const asked = ["verify", "--slot-address", "0x10000", "-S", "0x40000", "--swap-mode", "overwrite"];
      expect((await run(...asked, "at.signed.bin")).err).not.toContain("load address is");
      const checked = await run(...asked, "--checks-load-address", "at.signed.bin");
      expect(checked.err.includes("load address is")).toBe(refused);
      if (refused) expect(checked).toMatchObject({ exit: 1, out: "Image would be refused by the bootloader\n" });
    },
  );

  test("--checks-load-address without the slot is refused", async () => {
    expect((await run("verify", "--checks-load-address", "fw.signed.bin")).exit).toBe(2);
  });

  test("the reset vector must point into the slot that --slot-address names", async () => {
    const firmware = Buffer.from(Random.fromSeed("vectors").bytes(1024));
    firmware.writeUInt32LE(0x0001_0401, 4);
    folder.write("fw.bin", firmware);
    await run(...SIGN, "-v", "1.0.0", "fw.bin", "fw.signed.bin");
    expect((await run("verify", "--slot-address", "0x10000", "fw.signed.bin")).exit).toBe(0);
    const net = await run("verify", "--slot-address", "0x1008800", "fw.signed.bin");
    expect(net).toMatchObject({ exit: 1, out: "Image would be refused by the bootloader\n" });
    expect(net.err).toContain("another core's");
  });
});
