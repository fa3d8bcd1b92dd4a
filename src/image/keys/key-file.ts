import { ConfigurationError, hasCode, isKind, messageOf, readInput } from "../../core/index.ts";
import { type AnyKey, loadKey } from "./keys.ts";

const KEY_FILE_BYTES_MAX = 64 * 1024;

/**
 * The key in a PEM file, private when the file holds one.
 * @throws ConfigurationError naming the file and what is wrong with it; never anything of its contents.
 */
export function loadKeyFile(path: string, options: { readonly passphrase?: string } = {}): AnyKey {
  return loadKey(readKeyText(path), { ...options, what: `key file ${path}` });
}

/** Text of a key file. @throws ConfigurationError when it cannot be read or is no key file by its size. */
export function readKeyText(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readInput(path, KEY_FILE_BYTES_MAX);
  } catch (cause) {
    throw new ConfigurationError(`key file ${shown(path)} ${reasonOf(cause)}.`, "Check the path.", { cause });
  }
  return Buffer.from(bytes).toString("latin1");
}

function reasonOf(cause: unknown): string {
  if (hasCode(cause, "ENOENT")) return "does not exist";
  if (hasCode(cause, "EACCES")) return "may not be read by this user";
  if (hasCode(cause, "EISDIR")) return "is a folder";
  return isKind(cause, "configuration") ? `cannot be read: ${messageOf(cause).replace(/\.$/, "")}` : "cannot be read";
}

/** `-k "$(cat key.pem)"` is a key in place of its file: it must not stand in an error, which logs keep. */
function shown(path: string): string {
  return /PRIVATE KEY|\n/.test(path) ? "(a key's text; name the file that it is in)" : path;
}
