import { ConfigurationError, defined, isKind, UsageError } from "../../../core/index.ts";
import {
  type AnyKey,
  flatten,
  isProtectedKey,
  loadEncryptionKey,
  loadKey,
  type PrivateKey,
  parseIntelHex,
  type Randomness,
  type WrappingKey,
} from "../../../image/index.ts";
import { readNamed } from "./files.ts";
import { type PassphraseSources, passphraseOf } from "./passphrase.ts";

/** What a command found out or did, for `--json`. Byte arrays are shown as hex. */
export type ToolFacts = Readonly<Record<string, unknown>>;

/** What every image command works with. */
export interface ImageTool extends PassphraseSources {
  readonly randomness: Randomness;
  /** Takes facts for `--json`; absent without it. */
  readonly tell?: (facts: ToolFacts) => void;
}

/** The key in a PEM file. @throws ConfigurationError naming the file; see loadKey. */
export function keyFrom(tool: ImageTool, path: string): AnyKey {
  const text = keyText(tool, path);
  return loadKey(text, keyContext(tool, path, text));
}

/** A private key from a PEM file. @throws ConfigurationError also when the file holds only a public key. */
export function privateKeyFrom(tool: ImageTool, path: string, orElse: string): PrivateKey {
  const key = keyFrom(tool, path);
  if (key.role === "private") return key;
  throw new ConfigurationError(orElse);
}

/** A PEM key, or a base64 wrapping key. */
export function encryptionKeyFrom(tool: ImageTool, path: string): AnyKey | WrappingKey {
  const text = keyText(tool, path);
  return loadEncryptionKey(text, keyContext(tool, path, text));
}

/** A key that opens images. @throws ConfigurationError when the file holds only a public one. */
export function decryptionKeyFrom(tool: ImageTool, path: string): PrivateKey | WrappingKey {
  const key = encryptionKeyFrom(tool, path);
  if (key.role !== "public") return key;
  throw new ConfigurationError(`key file ${path} is a public key.`, "Decrypting takes the private one.");
}

/** Files are told apart by their name, as imgtool does. */
export function isHexFile(path: string): boolean {
  return path.toLowerCase().endsWith(".hex");
}

/** A firmware or image file: binary, or Intel HEX by its name, holes filled with 0xff. */
interface Firmware {
  readonly bytes: Uint8Array;
  /** Lowest address of a HEX file. */
  readonly address: number | undefined;
}

/** @throws UsageError with the text `missing` when there is no such file; ConfigurationError for a bad HEX file. */
export function firmwareFrom(tool: ImageTool, path: string, missing: string): Firmware {
  let bytes: Uint8Array;
  try {
    bytes = tool.files.read(path);
  } catch (cause) {
    throw new UsageError(missing, "", { cause });
  }
  if (!isHexFile(path)) return { bytes, address: undefined };
  return flatten(parseIntelHex(Buffer.from(bytes).toString("latin1")));
}

function keyText(tool: ImageTool, path: string): string {
  return Buffer.from(readNamed(tool.files, path, "key file")).toString("latin1");
}

function keyContext(tool: ImageTool, path: string, text: string): { what: string; passphrase?: string } {
  const passphrase = isProtectedKey(text) ? passphraseOf(tool, path) : undefined;
  return { what: `key file ${path}`, ...defined({ passphrase }) };
}

/** What the image room refuses for its options is, on a command line, a wrong use of options. */
export function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isKind(error, "configuration")) throw new UsageError(error.message, error.hint, { cause: error });
    throw error;
  }
}
