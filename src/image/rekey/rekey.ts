import { ConfigurationError, concat, ImageError } from "../../core/index.ts";
import { chooseKeyWrap } from "../build/build-options.ts";
import { aesCtr } from "../crypto/body-cipher.ts";
import { type Randomness, systemRandomness } from "../crypto/randomness.ts";
import { FLAG } from "../format/header.ts";
import { isMarkedEncrypted } from "../format/parse.ts";
import { encodeTlvArea } from "../format/tlv-area.ts";
import { keyTlvOf, verifyImage } from "../inspect/verify.ts";
import { type WrappingKey, wrapImageKey } from "../keys/image-key.ts";
import type { AnyKey, PrivateKey } from "../keys/keys.ts";

export interface RekeyOptions {
  /** Opens the image as it is. */
  readonly decryptKey: PrivateKey | WrappingKey;
  /** Whom the new image key is wrapped for. */
  readonly encryptFor: AnyKey | WrappingKey;
  /** Hash of ECIES-X25519. */
  readonly hmac?: "sha256" | "sha512";
  readonly randomness?: Randomness;
}

/**
 * The same image for another device's key: header, plain body, hash and signature stay, the body is encrypted with a
 * new AES key of the same length (the signature covers the flag that names the length). The key TLV keeps its place.
 * A body that was left plain (--clear) stays plain. What followed the image is not part of the result.
 * @throws ImageError when the image is not encrypted, cannot be opened, or its hash does not fit; ConfigurationError
 *   when no TLV can carry a key for `encryptFor`.
 */
export function rekeyImage(bytes: Uint8Array, options: RekeyOptions): Uint8Array {
  const { encryptFor, hmac = "sha256", randomness = systemRandomness } = options;
  const verdict = verifyImage(bytes, { decryptKey: options.decryptKey });
  const { image, plainBody } = verdict;
  if (!isMarkedEncrypted(image.header)) throw new ImageError("the image is not encrypted: there is no key to change.");
  const wrong = [verdict.decryption, verdict.hash].find((answer) => answer.result !== "valid");
  if (wrong !== undefined || plainBody === undefined) {
    throw new ImageError(`the image cannot be opened: ${wrong?.reason ?? "its body stays closed"}.`);
  }
  const keyBytes = (image.header.flags & FLAG.ENCRYPTED_AES256) === 0 ? 16 : 32;
  if (encryptFor.role === "wrapping" && encryptFor.keyObject.symmetricKeySize !== keyBytes) {
    throw new ConfigurationError(
      `the image's key has ${keyBytes} bytes, and so must the wrapping key: its length is part of what is signed.`,
    );
  }
  const type = chooseKeyWrap({ key: encryptFor, hmac }, undefined);
  const imageKey = randomness.draw("image key", keyBytes);
  const data = wrapImageKey(type, imageKey, encryptFor, randomness);
  const old = keyTlvOf(image);
  const entries = image.area.entries.map((entry) => (entry === old ? { type, data } : entry));
  const isStoredPlain = plainBody === image.body;
  const body = isStoredPlain ? plainBody : aesCtr(imageKey, plainBody, 0);
  return concat(image.headerRoom, body, image.protectedTlvs, encodeTlvArea(entries, false, image.endian));
}
