import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { isHilError, readInputText } from "../../core/index.ts";
import { type AnyKey, loadKeyFile } from "../../image/index.ts";
import { type BuildDomain, symbolOf } from "./build-folder.ts";
import { type BuildKey, cached } from "./build-keys.ts";

const SOURCE_BYTES_MAX = 256 * 1024;
/** Files looked at for a key: MCUboot's own folder holds a dozen. */
const KEY_FILES_MAX = 64;
/** What a build decrypts with, and the kind of key that is for. Source: MCUboot boot/zephyr/Kconfig. */
const KINDS = [
  { symbol: "BOOT_ENCRYPT_RSA", type: "rsa-2048" },
  { symbol: "BOOT_ENCRYPT_EC256", type: "ecdsa-p256" },
  { symbol: "BOOT_ENCRYPT_X25519", type: "x25519" },
] as const;

/**
 * The private key that stands in MCUboot's own keys.c, where the build names no file for it: the key file beside
 * MCUboot whose secret these bytes hold. Undefined where there is no such source here, or no file that fits.
 * Source: MCUboot boot/zephyr/keys.c (enc_priv_key, before 2.1 also enc_key), CMakeLists.txt
 * (BOOT_ENCRYPTION_KEY_FILE).
 */
export function compiledKeyOf(bootloader: BuildDomain): BuildKey | undefined {
  const source = cached(bootloader, "APPLICATION_SOURCE_DIR");
  const kind = KINDS.find(({ symbol }) => symbolOf(bootloader, symbol)?.value === "y");
  const file = source === undefined ? undefined : join(source, "keys.c");
  if (source === undefined || kind === undefined || file === undefined || !existsSync(file)) return undefined;
  const arrays = byteArrays(readInputText(file, SOURCE_BYTES_MAX));
  // boot/zephyr of MCUboot: its keys lie in the folder of the project.
  for (const path of keyFiles(resolve(source, "..", ".."))) {
    const secret = secretOf(path, kind.type);
    const held = secret && arrays.find(({ bytes }) => bytes.includes(secret));
    if (held) return { value: path, isHere: true, others: [], from: `${file}:${held.line} ${held.name}` };
  }
  return undefined;
}

interface ByteArray {
  readonly name: string;
  readonly line: number;
  readonly bytes: Buffer;
}

/** Arrays of bytes that C source writes out as hex numbers. */
function byteArrays(text: string): readonly ByteArray[] {
  return [...text.matchAll(/\bchar\s+(\w+)\[\]\s*=\s*\{([^}]*)\}/g)].map(({ 1: name = "", 2: inner = "", index }) => ({
    name,
    line: text.slice(0, index).split("\n").length,
    bytes: Buffer.from(
      [...inner.matchAll(/0x([0-9a-f]{1,2})\b/gi)].map(({ 1: digits = "" }) => Number.parseInt(digits, 16)),
    ),
  }));
}

function keyFiles(folder: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".pem"));
  return names
    .toSorted()
    .slice(0, KEY_FILES_MAX)
    .map((name) => join(folder, name));
}

/** What only the private half has: a scalar, or a prime of RSA. Undefined for another kind of key, and for no key. */
function secretOf(path: string, type: (typeof KINDS)[number]["type"]): Buffer | undefined {
  let key: AnyKey;
  try {
    key = loadKeyFile(path);
  } catch (error) {
    if (isHilError(error)) return undefined;
    throw error;
  }
  if (key.role !== "private" || key.type !== type) return undefined;
  const { d, p = d } = key.keyObject.export({ format: "jwk" });
  return p === undefined ? undefined : Buffer.from(p, "base64url");
}
