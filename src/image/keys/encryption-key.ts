import { createSecretKey } from "node:crypto";
import { ConfigurationError } from "../../core/index.ts";
import type { WrappingKey } from "./image-key.ts";
import { type AnyKey, loadKey } from "./keys.ts";

const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/**
 * A key for encryption: a PEM key, or base64 text of 16 or 32 bytes, which is a wrapping key (AES-KW).
 * @throws ConfigurationError saying what is wrong, without anything of the key.
 */
export function loadEncryptionKey(
  text: string,
  options: { readonly passphrase?: string; readonly what?: string } = {},
): AnyKey | WrappingKey {
  if (text.includes("-----BEGIN") || !BASE64.test(text)) return loadKey(text, options);
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== 16 && bytes.length !== 32) {
    throw new ConfigurationError(
      `${options.what ?? "key"} is base64 text of ${bytes.length} bytes; a wrapping key has 16 or 32.`,
      "Give a PEM key, or a wrapping key of the image key's length.",
    );
  }
  return { role: "wrapping", type: "aes-kw", keyObject: createSecretKey(bytes) };
}
