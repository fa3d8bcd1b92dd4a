import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { ConfigurationError, defined, hasCode, LruCache } from "../../core/index.ts";
import { derChildren } from "../crypto/der.ts";
import { digest, type HashName } from "../format/hashes.ts";
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

/** Environment variable with the passphrase of protected keys. No option: it would show in process lists. */
export const PASSPHRASE_VARIABLE = "HIL_KEY_PASSPHRASE";

/**
 * Keys that were read last, by the SHA-256 of their text: a run asks for its two at every turn, and OpenSSL takes
 * milliseconds to read one. Protected ones are opened each time.
 */
const parsedKeys = new LruCache<PrivateKey>(8);

const PASSPHRASE_HINT =
  `Give its passphrase in ${PASSPHRASE_VARIABLE} (hil image also takes --password-file, and asks on the terminal), ` +
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
  const { label, text } = keyBlock(pem, what);
  if (!label.endsWith("PRIVATE KEY")) {
    throw new ConfigurationError(`${what} is a public key; the private key is needed here.`);
  }
  const encrypted = isProtectedKey(text);
  if (encrypted) return parsedKey(text, encrypted, what, passphrase);
  const name = createHash("sha256").update(text).digest("hex");
  return parsedKeys.of(name, () => parsedKey(text, encrypted, what, passphrase));
}

function parsedKey(text: string, encrypted: boolean, what: string, passphrase: string | undefined): PrivateKey {
  if (encrypted && passphrase === undefined) {
    throw new ConfigurationError(`${what} is password-protected.`, PASSPHRASE_HINT);
  }
  const keyObject = opened(what, encrypted, () =>
    plainRsa(createPrivateKey({ key: text, format: "pem", ...defined({ passphrase }) })),
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
  const { label, text } = keyBlock(pem, what);
  if (label.endsWith("PRIVATE KEY")) return loadPrivateKey(pem, options).public;
  const keyObject = opened(what, false, () => plainRsa(createPublicKey({ key: text, format: "pem" })));
  return publicKeyOf(keyObject, typeOf(keyObject, what));
}

/** The public half of a key. */
export function publicHalf(key: AnyKey): PublicKey {
  return key.role === "private" ? key.public : key;
}

/** The key of a PEM text, private when the text holds one. */
export function loadKey(pem: string, options: { readonly passphrase?: string; what?: string } = {}): AnyKey {
  const isPrivate = keyBlock(pem, options.what ?? "key").label.endsWith("PRIVATE KEY");
  return isPrivate ? loadPrivateKey(pem, options) : loadPublicKey(pem, options);
}

function publicKeyOf(keyObject: KeyObject, type: KeyTypeName): PublicKey {
  // Through JWK an EC point loses its compressed form, which node would otherwise export as it came. Node 24.21 cannot
  // export an RSA key as PKCS #1 that it has read from PKCS #1 ("Failed to encode public key"); 20, 22 and 26 can.
  const normal = /^(?:ecdsa|rsa)/.test(type)
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

/** One block of a PEM text; its label does not lead across another block's end. */
const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----(?:(?!-----BEGIN )[^])*?-----END \1-----/g;

/** The key in a PEM text: the private one if there is any, wherever it stands; public halves and parameters may too. */
function keyBlock(pem: string, what: string): { readonly label: string; readonly text: string } {
  const blocks = [...pem.matchAll(PEM_BLOCK)].map(([text, label = ""]) => ({ label, text }));
  const found =
    blocks.find(({ label }) => label.endsWith("PRIVATE KEY")) ??
    blocks.find(({ label }) => label.endsWith("PUBLIC KEY"));
  if (found !== undefined) return found;
  const begun = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
  // A block without an end is left to the reader of its contents, which says what is wrong.
  if (begun?.endsWith(" KEY") === true) return { label: begun, text: pem };
  const why = begun === undefined ? "is not a PEM file" : `holds a ${begun}, not a key`;
  throw new ConfigurationError(`${what} ${why}.`, "Give a PEM file that begins with -----BEGIN … KEY-----.");
}

/**
 * A key marked for RSASSA-PSS alone as the plain RSA key that it is: MCUboot's signatures are PSS anyway, and imgtool
 * takes both. The marks are taken off by exporting what lies within them: PKCS#8's octets, SubjectPublicKeyInfo's bits.
 * Source: RFC 4055 section 1.2, RFC 5958 section 2, RFC 5280 section 4.1.
 */
function plainRsa(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== "rsa-pss") return key;
  if (key.type === "private") {
    const [, , octets] = derChildren(key.export({ format: "der", type: "pkcs8" }));
    return createPrivateKey({ key: Buffer.from(octets ?? []), format: "der", type: "pkcs1" });
  }
  const [, bits] = derChildren(key.export({ format: "der", type: "spki" }));
  return createPublicKey({ key: Buffer.from(bits?.subarray(1) ?? []), format: "der", type: "pkcs1" });
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
