import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { loadProfile, parseProfile } from "../../board/index.ts";
import { generateKey, type KeyTypeName } from "../../image/index.ts";
import { parseScenario, run } from "../index.ts";

const SUITE_MS = 600_000;
const folder = mkdtempSync(join(tmpdir(), "hil-keys-"));
let keyFiles = 0;
const { text } = await loadProfile("small/move", { cwd: process.cwd() });

/** A profile like `small` whose bootloader was built with other kinds of keys. */
function profileWith(name: string, keys: string, encrypt: boolean) {
  const changed = text.replace(/^keys:.*$/m, `keys: ${keys}`).replace("optional", encrypt ? "required" : "none");
  expect(changed).not.toBe(text);
  return parseProfile(changed, join(folder, `${name}.yaml`));
}

function keyFile(type: KeyTypeName): string {
  const name = `${type}-${keyFiles++}.pem`;
  writeFileSync(join(folder, name), generateKey(type));
  return name;
}

writeFileSync(join(folder, "kw128.b64"), Buffer.alloc(16, 3).toString("base64"));
writeFileSync(join(folder, "kw256.b64"), Buffer.alloc(32, 4).toString("base64"));

/** What MCUboot can be built with on this chip, and what the run says of it. Source: boot/zephyr/Kconfig. */
const KINDS: readonly (readonly [title: string, keys: string, encrypt: boolean, says: readonly string[]])[] = [
  ["hash only", "{ signing: none }", false, ["hash only", "not encrypted"]],
  ["RSA-2048", `{ signing: ${keyFile("rsa-2048")} }`, false, ["RSA-2048", "not encrypted"]],
  ["RSA-3072", `{ signing: ${keyFile("rsa-3072")} }`, false, ["RSA-3072", "not encrypted"]],
  ["P-384", `{ signing: ${keyFile("ecdsa-p384")} }`, false, ["ECDSA P-384", "not encrypted"]],
  ["Ed25519 over SHA-512", `{ signing: ${keyFile("ed25519")}, hash: sha512 }`, false, ["Ed25519", "not encrypted"]],
  [
    "RSA and RSA-OAEP",
    `{ signing: ${keyFile("rsa-2048")}, encryption: ${keyFile("rsa-2048")} }`,
    true,
    ["RSA-2048", "RSA-2048 OAEP / AES-128"],
  ],
  [
    "Ed25519 and X25519, AES-256",
    `{ signing: ${keyFile("ed25519")}, encryption: ${keyFile("x25519")}, aes_bits: 256 }`,
    true,
    ["Ed25519", "ECIES X25519 / AES-256"],
  ],
  [
    "Ed25519 and X25519 with HMAC-SHA-512",
    `{ signing: ${keyFile("ed25519")}, hash: sha512, encryption: ${keyFile("x25519")}, hmac: sha512 }`,
    true,
    ["Ed25519", "ECIES X25519 (SHA-512) / AES-128"],
  ],
  [
    "P-256, AES-256",
    `{ signing: ${keyFile("ecdsa-p256")}, encryption: ${keyFile("ecdsa-p256")}, aes_bits: 256 }`,
    true,
    ["ECDSA P-256", "ECIES P-256 / AES-256"],
  ],
  [
    "AES key wrap, 128 bits",
    `{ signing: ${keyFile("ecdsa-p256")}, encryption: kw128.b64 }`,
    true,
    ["ECDSA P-256", "AES key wrap / AES-128"],
  ],
  [
    "AES key wrap, 256 bits",
    `{ signing: ${keyFile("ecdsa-p256")}, encryption: kw256.b64, aes_bits: 256 }`,
    true,
    ["ECDSA P-256", "AES key wrap / AES-256"],
  ],
];

describe("a whole campaign, cuts and revert, with a bootloader built for", () => {
  test.each(KINDS)(
    "%s",
    async (title, keys, encrypt, says) => {
      const board = profileWith(title.replaceAll(/\W+/g, "-"), keys, encrypt);
      const scenario = parseScenario(
        `schema: 1
name: keys
images:
  old: { version: "1.0.0", payload: { generate_bytes: 9000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 12000 } }
  encrypt: ${encrypt}
cuts: { count: 4 }
`,
        join(folder, "keys.yaml"),
      );
      const outcome = await run({
        board,
        scenario,
        seed: 1,
        failFast: false,
        runsRoot: folder,
        version: "0",
        signal: new AbortController().signal,
      });
      expect(outcome.error).toBeUndefined();
      expect(outcome.result).toMatchObject({ outcome: "pass", cutsJudged: 4, failed: 0 });
      const built = outcome.events.find((event) => event.event === "images-built");
      expect(built).toMatchObject({ crypto: says });
    },
    SUITE_MS,
  );
});
