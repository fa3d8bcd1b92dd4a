import { readFileSync } from "node:fs";
import { ConfigurationError, hasCode } from "../../core/index.ts";
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
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new ConfigurationError(`key file ${path} ${reasonOf(cause)}.`, "Check the path.", { cause });
  }
  if (bytes.length > KEY_FILE_BYTES_MAX) {
    throw new ConfigurationError(
      `key file ${path} has ${bytes.length} bytes; no key is that large.`,
      "Check the path.",
    );
  }
  return bytes.toString("latin1");
}

function reasonOf(cause: unknown): string {
  if (hasCode(cause, "ENOENT")) return "does not exist";
  if (hasCode(cause, "EACCES")) return "may not be read by this user";
  if (hasCode(cause, "EISDIR")) return "is a folder";
  return "cannot be read";
}
