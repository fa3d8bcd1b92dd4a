import { ConfigurationError, isKind, UsageError } from "../core/index.ts";
import {
  type AnyKey,
  flatten,
  loadEncryptionKey,
  loadKey,
  type PrivateKey,
  parseIntelHex,
  type Randomness,
  type WrappingKey,
} from "../image/index.ts";
import { type ImageFiles, readNamed } from "./image-files.ts";
import type { CliIo } from "./io.ts";

/** What every image command works with. */
export interface ImageTool {
  readonly io: CliIo;
  readonly files: ImageFiles;
  readonly randomness: Randomness;
}

/** Environment variable with the passphrase of protected keys. No option: it would show in process lists. */
export const PASSPHRASE_VARIABLE = "HIL_KEY_PASSPHRASE";

/** The key in a PEM file. @throws ConfigurationError naming the file; see loadKey. */
export function keyFrom(tool: ImageTool, path: string): AnyKey {
  return loadKey(keyText(tool, path), keyContext(tool, path));
}

/** A private key from a PEM file. @throws ConfigurationError also when the file holds only a public key. */
export function privateKeyFrom(tool: ImageTool, path: string, orElse: string): PrivateKey {
  const key = keyFrom(tool, path);
  if (key.role === "private") return key;
  throw new ConfigurationError(orElse);
}

/** A PEM key, or a base64 wrapping key. */
export function encryptionKeyFrom(tool: ImageTool, path: string): AnyKey | WrappingKey {
  return loadEncryptionKey(keyText(tool, path), keyContext(tool, path));
}

export function isHexFile(path: string): boolean {
  return path.toLowerCase().endsWith(".hex");
}

/** A firmware or image file: binary, or Intel HEX by its name, holes filled with 0xff. */
export interface Firmware {
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

function keyContext(tool: ImageTool, path: string): { what: string; passphrase?: string } {
  const passphrase = tool.io.env[PASSPHRASE_VARIABLE];
  return { what: `key file ${path}`, ...(passphrase === undefined ? {} : { passphrase }) };
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
