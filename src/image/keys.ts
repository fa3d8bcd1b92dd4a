import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { ConfigurationError, hasCode } from "../core/index.ts";
import { digest, type HashName } from "./hashes.ts";
import { KEY_TYPES, type KeyTypeName } from "./key-types.ts";

/** A public key. The key itself is inside `keyObject`; `publicBytes` is what KEYHASH hashes and PUBKEY holds. */
export interface PublicKey {
  readonly role: "public";
  readonly type: KeyTypeName;
  readonly keyObject: KeyObject;
  /** RSA: PKCS#1 RSAPublicKey DER; EC, Ed25519 and X25519: SubjectPublicKeyInfo DER, points uncompressed. */
  readonly publicBytes: Uint8Array;
}

/** A private key; its public half is `public`. Nothing of it prints: `keyObject` is opaque. */
export interface PrivateKey {
  readonly role: "private";
  readonly type: KeyTypeName;
  readonly keyObject: KeyObject;
  readonly publicBytes: Uint8Array;
  readonly public: PublicKey;
}

export type AnyKey = PublicKey | PrivateKey;

/** The KEYHASH data of a key: hash of its public bytes, with the image's hash algorithm. */
export function keyHash(key: AnyKey, hash: HashName): Uint8Array {
  return digest(hash, key.publicBytes);
}

const PASSPHRASE_HINT =
  "Give its passphrase (hil image: --password-file, HIL_KEY_PASSPHRASE or the terminal), " +
  "or decrypt the file: openssl pkcs8 -topk8 -nocrypt.";

/** True when a PEM text needs a passphrase: encrypted PKCS#8, or the older `Proc-Type` form. */
export function isProtectedKey(pem: string): boolean {
  return pem.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----") || pem.includes("Proc-Type: 4,ENCRYPTED");
}

/**
 * A private key from PEM text: PKCS#8 (also encrypted), SEC1 `EC PRIVATE KEY`, PKCS#1 `RSA PRIVATE KEY`.
 * @param what how to call it in an error, e.g. the file's name.
 * @throws ConfigurationError when the text is no such key, its kind is not usable, or the passphrase is missing or
 *   wrong; the text never holds anything of the key.
 */
export function loadPrivateKey(pem: string, options: { readonly passphrase?: string; what?: string } = {}): PrivateKey {
  const { passphrase, what = "key" } = options;
  const label = pemLabel(pem, what);
  if (!label.endsWith("PRIVATE KEY")) {
    throw new ConfigurationError(`${what} is a public key; the private key is needed here.`);
  }
  const encrypted = isProtectedKey(pem);
  if (encrypted && passphrase === undefined) {
    throw new ConfigurationError(`${what} is password-protected.`, PASSPHRASE_HINT);
  }
  const keyObject = opened(what, encrypted, () =>
    createPrivateKey({ key: pem, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) }),
  );
  const type = typeOf(keyObject, what);
  const half = publicKeyOf(createPublicKey(keyObject), type);
  return { role: "private", type, keyObject, publicBytes: half.publicBytes, public: half };
}

/**
 * A public key from PEM text: `PUBLIC KEY` (also with a compressed point), `RSA PUBLIC KEY`, or the public half of an
 * unencrypted private key.
 * @throws ConfigurationError as loadPrivateKey.
 */
export function loadPublicKey(pem: string, options: { readonly passphrase?: string; what?: string } = {}): PublicKey {
  const { what = "key" } = options;
  const label = pemLabel(pem, what);
  if (label.endsWith("PRIVATE KEY")) return loadPrivateKey(pem, options).public;
  const keyObject = opened(what, false, () => createPublicKey({ key: pem, format: "pem" }));
  return publicKeyOf(keyObject, typeOf(keyObject, what));
}

/** The public half of a key. */
export function publicHalf(key: AnyKey): PublicKey {
  return key.role === "private" ? key.public : key;
}

/** The key of a PEM text, private when the text holds one. */
export function loadKey(pem: string, options: { readonly passphrase?: string; what?: string } = {}): AnyKey {
  const isPrivate = pemLabel(pem, options.what ?? "key").endsWith("PRIVATE KEY");
  return isPrivate ? loadPrivateKey(pem, options) : loadPublicKey(pem, options);
}

function publicKeyOf(keyObject: KeyObject, type: KeyTypeName): PublicKey {
  // Through JWK an EC point loses its compressed form, which node would otherwise export as it came.
  const normal = type.startsWith("ecdsa")
    ? createPublicKey({ key: keyObject.export({ format: "jwk" }), format: "jwk" })
    : keyObject;
  const der = normal.export({ format: "der", type: type.startsWith("rsa") ? "pkcs1" : "spki" });
  return { role: "public", type, keyObject: normal, publicBytes: new Uint8Array(der) };
}

function typeOf(keyObject: KeyObject, what: string): KeyTypeName {
  const { asymmetricKeyType: algorithm, asymmetricKeyDetails: details = {} } = keyObject;
  const row = KEY_TYPES.find(
    (candidate) =>
      candidate.algorithm === algorithm &&
      candidate.modulusBits === details.modulusLength &&
      candidate.curve === details.namedCurve,
  );
  if (row !== undefined) return row.name;
  const found = [algorithm, details.namedCurve, details.modulusLength].filter((part) => part !== undefined).join(" ");
  throw new ConfigurationError(
    `${what} is of kind ${found}, which MCUboot does not know.`,
    `Use one of ${KEY_TYPES.map((candidate) => candidate.name).join(", ")}.`,
  );
}

function pemLabel(pem: string, what: string): string {
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map((match) => match[1] ?? "");
  const label = labels.find((candidate) => candidate.endsWith("PRIVATE KEY") || candidate.endsWith("PUBLIC KEY"));
  if (label !== undefined) return label;
  const found = labels.length === 0 ? "is not a PEM file" : `holds a ${labels[0]}, not a key`;
  throw new ConfigurationError(`${what} ${found}.`, "Give a PEM file that begins with -----BEGIN … KEY-----.");
}

function opened(what: string, encrypted: boolean, open: () => KeyObject): KeyObject {
  try {
    return open();
  } catch (cause) {
    if (encrypted && (hasCode(cause, "ERR_OSSL_BAD_DECRYPT") || hasCode(cause, "ERR_MISSING_PASSPHRASE"))) {
      throw new ConfigurationError(`the passphrase of ${what} is wrong.`, "", { cause });
    }
    throw new ConfigurationError(
      `${what} cannot be read as a key: the PEM frame is there, but its contents are damaged or of an unknown kind.`,
      "Make the file again, or check it with: openssl pkey -in KEY -noout.",
      { cause },
    );
  }
}
