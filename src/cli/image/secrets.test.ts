import { createPrivateKey } from "node:crypto";
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { loadEncryptionKey, loadPrivateKey, openImageKey, PASSPHRASE_VARIABLE, parseImage } from "../../image/index.ts";

import { ImageFolder } from "../testing/image-folder.ts";

const SIGN = ["sign", "-H", "0x200", "--pad-header", "-S", "0x10000", "-v", "1.0.0"];
const PASSPHRASE = "correct horse battery";
const folder = new ImageFolder();
afterAll(() => folder[Symbol.dispose]());

describe("the passphrase of a protected key", () => {
  beforeAll(async () => {
    folder.write("app.bin", Buffer.alloc(1000, 0x42));
    folder.write("pass.txt", `${PASSPHRASE}\n`);
    folder.write("empty.txt", "\n");
    await folder.runWith({ typed: [PASSPHRASE, PASSPHRASE] }, "keygen", "-p", "-k", "pw.pem", "-t", "ecdsa-p256");
  });

  test("is asked for on the terminal, twice for a new key", async () => {
    expect(folder.questions).toEqual(["Passphrase for pw.pem: ", "The same again: "]);
    expect(folder.read("pw.pem").toString()).toContain("BEGIN ENCRYPTED PRIVATE KEY");
    const ran = await folder.runWith({ typed: [PASSPHRASE] }, "getpub", "-e", "pem", "-k", "pw.pem");
    expect(ran).toMatchObject({ exit: 0, out: expect.stringContaining("PUBLIC KEY"), err: "" });
    expect(folder.questions.at(-1)).toBe("Passphrase of pw.pem: ");
  });

  test("comes from a file or the environment before anybody is asked", async () => {
    const asked = folder.questions.length;
    expect((await folder.run("keyinfo", "-k", "pw.pem", "--password-file", "pass.txt")).exit).toBe(0);
    expect((await folder.runWith({ env: { [PASSPHRASE_VARIABLE]: PASSPHRASE } }, "keyinfo", "-k", "pw.pem")).exit).toBe(
      0,
    );
    expect(folder.questions).toHaveLength(asked);
  });

  test.each([
    ["a private key", "ed25519"],
    ["a wrapping key", "aes-kw-256"],
  ])("%s is not overwritten without --force", async (_, type) => {
    const argv = ["keygen", "-k", `kept-${type}`, "-t", type];
    await folder.run(...argv);
    const before = folder.read(`kept-${type}`);
    const refused = await folder.run(...argv);
    expect(refused).toMatchObject({ exit: 2, err: expect.stringContaining("--force") });
    expect(folder.read(`kept-${type}`).equals(before)).toBe(true);
    expect((await folder.run(...argv, "--force")).exit).toBe(0);
    expect(folder.read(`kept-${type}`).equals(before)).toBe(false);
  });

  test("a protected key is not overwritten either; what is no key, and an empty file, are", async () => {
    expect((await folder.run("keygen", "-k", "pw.pem", "-t", "ed25519")).exit).toBe(2);
    folder.write("note.txt", Buffer.from("not a key"));
    folder.write("blank.pem", Buffer.alloc(0));
    for (const name of ["note.txt", "blank.pem"]) {
      expect((await folder.run("keygen", "-k", name, "-t", "ed25519")).exit).toBe(0);
    }
  });

  test("is not asked for by keyinfo, which build scripts call", async () => {
    const asked = folder.questions.length;
    const ran = await folder.runWith({ typed: [PASSPHRASE] }, "keyinfo", "-k", "pw.pem");
    expect(ran).toMatchObject({ exit: 2, out: "", err: expect.stringContaining("password-protected") });
    expect(folder.questions).toHaveLength(asked);
  });

  test("is not asked for where no key is protected", async () => {
    const asked = folder.questions.length;
    await folder.run("keygen", "-k", "open.pem", "-t", "ed25519");
    expect((await folder.run(...SIGN, "-k", "open.pem", "app.bin", "out.bin")).exit).toBe(0);
    expect(folder.questions).toHaveLength(asked);
  });

  test.each([
    ["typed wrongly", ["nonsense"], [], /the passphrase of key file pw.pem is wrong/],
    ["not typed at all", [], [], /pw.pem is password-protected.*--password-file/],
    ["in a file that is empty", [], ["--password-file", "empty.txt"], /begins with an empty line/],
    ["in a file that is missing", [], ["--password-file", "nope.txt"], /passphrase file nope.txt does not exist/],
  ])("%s is exit 2 with a reason", async (_, typed, options, reason) => {
    const ran = await folder.runWith({ typed }, "getpub", "-k", "pw.pem", ...options);
    expect(ran).toMatchObject({ exit: 2, out: "" });
    expect(ran.err).toMatch(reason);
  });

  test("that differs the second time makes no key", async () => {
    const ran = await folder.runWith({ typed: ["one", "two"] }, "keygen", "-p", "-k", "never.pem", "-t", "ed25519");
    expect(ran).toMatchObject({ exit: 2, out: "" });
    expect(ran.err).toMatch(/the two passphrases differ/);
    expect(readdirSync(folder.path)).not.toContain("never.pem");
  });
});

/** A secret in every form in which it could be printed. */
function formsOf(secret: Uint8Array): readonly string[] {
  const bytes = Buffer.from(secret);
  const hexText = bytes.toString("hex");
  const listed = [...bytes].map((byte) => `0x${byte.toString(16).padStart(2, "0")}`);
  return [
    bytes.toString("latin1"),
    bytes.toString("utf8"),
    hexText,
    hexText.toUpperCase(),
    hexText.replaceAll(/../g, "$& ").trim(),
    listed.join(", "),
    listed.join(" "),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    [...bytes].join(","),
  ];
}

/** Parts of a key that give it away: whole DER, PEM lines, the private number. */
function secretsOf(pem: string): readonly string[] {
  const key = createPrivateKey(pem);
  const numbers = Object.entries(key.export({ format: "jwk" }))
    .filter(([name, value]) => ["d", "p", "q", "dp", "dq", "qi"].includes(name) && typeof value === "string")
    .map(([, value]) => Buffer.from(String(value), "base64url"));
  const der = key.export({ format: "der", type: "pkcs8" });
  const lines = pem.split("\n").filter((line) => line.length > 20 && !line.startsWith("-----"));
  return [...lines, ...[der, ...numbers].flatMap((secret) => formsOf(secret))];
}

describe("no secret is ever printed", () => {
  const places = new ImageFolder();
  const secrets: string[] = [];
  afterAll(() => places[Symbol.dispose]());

  /** The AES key of an image, in all forms. */
  function imageSecrets(image: string, key: string): readonly string[] {
    const opener = loadEncryptionKey(places.read(key).toString("latin1"));
    if (opener.role === "public") throw new Error("a public key opens nothing");
    const opened = openImageKey(parseImage(places.read(image)), opener);
    return "imageKey" in opened ? formsOf(opened.imageKey) : [];
  }

  beforeAll(async () => {
    places.write("app.bin", Buffer.from(Array.from({ length: 1000 }, (_, at) => (at * 7) & 0xff)));
    for (const type of ["ecdsa-p256", "x25519", "rsa-2048", "ed25519", "aes-kw-128"]) {
      await places.run("keygen", "-k", `${type}.pem`, "-t", type);
      await places.run("keygen", "-k", `${type}.pem`, "-t", type, "--force", "--json");
      const text = places.read(`${type}.pem`).toString("latin1");
      if (type === "aes-kw-128") secrets.push(...formsOf(Buffer.from(text, "base64")));
      else secrets.push(...secretsOf(text));
    }
    for (const mode of [[], ["--json"], ["--debug"]]) {
      await signAndRead("ecdsa-p256", "ecdsa-p256", mode);
      await signAndRead("rsa-2048", "rsa-2048", mode);
      await signAndRead("ed25519", "x25519", mode);
      await signAndRead("ed25519", "aes-kw-128", mode);
    }
  });

  async function signAndRead(signer: string, device: string, mode: readonly string[]): Promise<void> {
    const [key, open] = [`${signer}.pem`, `${device}.pem`];
    await places.run(...SIGN, "-k", key, "-E", open, "app.bin", "enc.bin", ...mode);
    secrets.push(...imageSecrets("enc.bin", open));
    await places.run("verify", "-k", key, "--decrypt-key", open, "--payload", "app.bin", "enc.bin", ...mode);
    await places.run("verify", "--strict", "--decrypt-key", open, "enc.bin", "enc.bin", ...mode);
    await places.run("dumpinfo", "enc.bin", ...mode);
    await places.run("decrypt", "--decrypt-key", open, "enc.bin", "plain.bin", ...mode);
    await places.run("rekey", "--decrypt-key", open, "-E", open, "enc.bin", "other.bin", ...mode);
    secrets.push(...imageSecrets("other.bin", open));
    await places.run("diff", "--decrypt-key", open, "enc.bin", "other.bin", ...mode);
    await places.run("getpub", "-k", key, ...mode);
    await places.run("getpubhash", "-k", key, ...mode);
    await places.run("keyinfo", "-k", open, ...mode);
    // What goes wrong: wrong keys, damaged keys, damaged images.
    const wrong = device === "x25519" ? "ecdsa-p256.pem" : "x25519.pem";
    await places.run("decrypt", "--decrypt-key", wrong, "enc.bin", "no.bin", ...mode);
    await places.run(...SIGN, "-k", "x25519.pem", "app.bin", "no.bin", ...mode);
    places.write("broken.pem", places.read(open).subarray(0, -40));
    await places.run(...SIGN, "-k", key, "-E", "broken.pem", "app.bin", "no.bin", ...mode);
    await places.run("keyinfo", "-k", "broken.pem", ...mode);
    const damaged = Uint8Array.from(places.read("enc.bin"));
    damaged[damaged.length - 20] = (damaged[damaged.length - 20] ?? 0) ^ 1;
    places.write("damaged.bin", damaged);
    await places.run("verify", "--decrypt-key", open, "damaged.bin", ...mode);
    await places.run("decrypt", "--decrypt-key", open, "damaged.bin", "no.bin", ...mode);
  }

  test("by signing, encrypting, verifying, dumping, comparing, or by any error on the way", () => {
    expect(places.printed.length).toBeGreaterThan(20_000);
    expect(secrets.length).toBeGreaterThan(100);
    const shown = secrets.filter((secret) => places.printed.includes(secret));
    expect(shown).toEqual([]);
  });

  test("nor written into an image", () => {
    for (const name of ["enc.bin", "other.bin", "damaged.bin"]) {
      const contents = places.read(name).toString("latin1");
      expect(secrets.filter((secret) => contents.includes(secret))).toEqual([]);
    }
  });

  test("and the search finds a key where one is printed: getpriv is made for it", async () => {
    const { out } = await places.run("getpriv", "-k", "ecdsa-p256.pem");
    const array = out.replaceAll(/\s+/g, "").replaceAll(",", ", ");
    const secret = loadPrivateKey(places.read("ecdsa-p256.pem").toString("latin1")).keyObject.export({ format: "jwk" });
    const listed = formsOf(Buffer.from(secret.d ?? "", "base64url"));
    expect(listed.some((form) => array.includes(form))).toBe(true);
  });
});
