import { type Clock, ConfigurationError, hex, messageOf, type Random } from "../../core/index.ts";
import {
  type AnyKey,
  allowedHashes,
  chooseKeyWrap,
  type EncryptionOptions,
  type HashName,
  type ImageOptions,
  keyHash,
  keyTypeRow,
  keyWrapRow,
  loadEncryptionKey,
  loadKeyFile,
  namedKey,
  namesKey,
  PASSPHRASE_VARIABLE,
  type PrivateKey,
  type PublicKey,
  type Randomness,
  readKeyText,
  type Signer,
  seededRandomness,
  systemRandomness,
  type WrappingKey,
} from "../../image/index.ts";
import type { BuildEncryption, BuildSignature } from "../../mcuboot/index.ts";
import { isKeyEverywhere, type LoadedProfile } from "./profile.ts";

/** Keys of a profile, as a campaign uses them, and the algorithms that its bootloader was built with. */
export interface ProfileKeys {
  /** Undefined: the bootloader checks hashes only (no CONFIG_BOOT_SIGNATURE_TYPE). */
  readonly signing: SigningKey | undefined;
  /** Further keys that it takes, by the names that the profile has for them. */
  readonly others: readonly NamedKey[];
  readonly hash: HashName;
  /** Whom image keys are wrapped for, and how; undefined: nothing is encrypted. */
  readonly encryption: ProfileEncryption | undefined;
}

/** Signs, or (of a profile out of a record) only checks what was signed. */
type SigningKey = PrivateKey | (PublicKey & { readonly public: PublicKey });

/** A key that a bootloader checks signatures with. */
interface NamedKey {
  readonly name: string;
  readonly key: PublicKey;
}

interface ProfileEncryption {
  readonly key: AnyKey | WrappingKey;
  readonly keyBits: 128 | 256;
  /** HKDF and HMAC of ECIES-X25519. */
  readonly hmac: "sha256" | "sha512";
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the keys that a profile names. A protected one is opened with the passphrase in HIL_KEY_PASSPHRASE.
 * @param env default: the process's own.
 * @throws ConfigurationError when one cannot be used: unreadable, of a kind that cannot do this, public where the
 *   private key is needed, or keys and hash that no bootloader has together.
 * Source: MCUboot docs/imgtool.md and docs/encrypted_images.md; boot/zephyr/Kconfig, "Signature type".
 */
export function profileKeys(loaded: LoadedProfile, env: Environment = process.env): ProfileKeys {
  const { signingFile, encryptionFile, hash } = loaded.profile.keys;
  const signing = signingFile === undefined ? undefined : signingKey(loaded, signingFile, env);
  return {
    signing,
    others: otherKeys(loaded, signing, env),
    hash: hashOf(loaded, signing, hash),
    encryption: encryptionFile === undefined ? undefined : encryptionOf(loaded, encryptionFile, signerOf(signing), env),
  };
}

/** How an image for this board is hashed, signed and (unless told otherwise) encrypted. */
export function imageCrypto(
  { signing, hash, encryption }: ProfileKeys,
  encrypt = true,
): Pick<ImageOptions, "hash" | "signer" | "encryption"> {
  if (signing?.role === "public") {
    throw new ConfigurationError("the record holds the public signing key only: no image can be signed with it.");
  }
  const signer = signerOf(signing);
  return { hash, ...(signer && { signer }), ...(encryption && encrypt && { encryption }) };
}

/** The signature check of the profile's bootloader. */
export function signatureCheckOf({ signing, others, hash }: ProfileKeys): BuildSignature {
  return { key: signing?.public, others: others.map(({ key }) => key), hash };
}

/**
 * The key that an image says it was signed with, of those that the bootloader takes; the first one where it says none
 * of them, and undefined where no signature is checked.
 */
export function signatureKeyOf({ signing, others }: ProfileKeys, image: Uint8Array): PublicKey | undefined {
  if (signing === undefined) return undefined;
  return namedKey(image, [signing.public, ...others.map(({ key }) => key)]);
}

/** Who signed an image, by the profile's name for the key; undefined where the bootloader takes one key only, or none of its. */
export function signerNameOf(loaded: LoadedProfile, keys: ProfileKeys, image: Uint8Array): string | undefined {
  if (keys.signing === undefined || keys.others.length === 0) return undefined;
  const all = [{ name: loaded.keyNames.signing, key: keys.signing.public }, ...keys.others];
  const found = all.map(({ key }) => namesKey(image, key)).indexOf(true);
  return all[found]?.name;
}

/** What the keys of a profile are, for people: ["ECDSA P-256", "ECIES P-256 / AES-128"]. */
export function keyTitles({
  signing,
  others,
  encryption,
}: ProfileKeys): readonly [signature: string, encryption: string] {
  const several = others.length === 0 ? "" : `, one of ${others.length + 1} keys`;
  const signature = signing === undefined ? "hash only" : `${keyTypeRow(signing.type).title}${several}`;
  if (encryption === undefined) return [signature, "not encrypted"];
  const wrap = keyWrapRow(chooseKeyWrap(encryption, signerOf(signing)))?.title;
  return [signature, `${wrap} / AES-${encryption.keyBits}`];
}

/**
 * The decryption of the profile's bootloader.
 * @throws ConfigurationError for a public key: the judge decrypts what the bootloader decrypts.
 */
export function decryptionOf(
  { profile, wrong }: LoadedProfile,
  { signing, encryption }: ProfileKeys,
): BuildEncryption | undefined {
  if (encryption === undefined) return undefined;
  const { key, keyBits } = encryption;
  if (key.role === "public") {
    throw wrong(
      ["keys", "encryption"],
      "is a public key",
      "The judge decrypts what the bootloader decrypts: name the private key that your bootloader was built with.",
    );
  }
  return {
    key,
    tlvType: chooseKeyWrap(encryption, signerOf(signing)),
    aesKeyBytes: keyBits === 256 ? 32 : 16,
    saveTlv: profile.bootloader.saveEnctlv,
  };
}

function signerOf(key: SigningKey | undefined): Signer | undefined {
  if (key === undefined) return undefined;
  // Of a public key only its type matters: it says how image keys are wrapped.
  return key.role === "private" ? { kind: "key", key } : { kind: "fixed", key, signature: new Uint8Array(0) };
}

function passphraseIn(env: Environment): { readonly passphrase?: string } {
  const passphrase = env[PASSPHRASE_VARIABLE];
  return passphrase === undefined || passphrase === "" ? {} : { passphrase };
}

function signingKey({ wrong, onlyVerifies }: LoadedProfile, file: string, env: Environment): SigningKey {
  const key = loadKeyFile(file, passphraseIn(env));
  if (key.role === "public" && onlyVerifies) return { ...key, public: key };
  if (key.role !== "private") {
    throw wrong(["keys", "signing"], "is a public key", "Images are signed here: name the private key.");
  }
  if (allowedHashes(key).length === 0) {
    throw wrong(["keys", "signing"], `is a key of type ${key.type}, which cannot sign`, "It only encrypts.");
  }
  return key;
}

/** A public half will do: nothing is signed with these. Source: MCUboot bootutil_find_key.c; boot/zephyr/keys.c. */
function otherKeys(
  { profile, keyNames, wrong }: LoadedProfile,
  signing: SigningKey | undefined,
  env: Environment,
): readonly NamedKey[] {
  const first = signing === undefined ? [] : [keyHash(signing.public, "sha256")];
  const hashes = first.map(hex);
  return profile.keys.verifyingFiles.map((file, index) => {
    const name = keyNames.verifying[index] ?? file;
    const loaded = loadKeyFile(file, passphraseIn(env));
    const key = loaded.role === "private" ? loaded.public : loaded;
    if (key.type !== signing?.type) {
      const hint = "A bootloader is built for one kind of signature: all its keys are of that kind.";
      throw wrong(
        ["keys", "signing", index + 1],
        `is a key of type ${key.type}, the first one of ${signing?.type}`,
        hint,
      );
    }
    const hash = hex(keyHash(key, "sha256"));
    if (hashes.includes(hash)) throw wrong(["keys", "signing", index + 1], "is a key that the list has before");
    hashes.push(hash);
    return { name, key };
  });
}

function hashOf({ wrong }: LoadedProfile, signing: SigningKey | undefined, wanted: HashName | undefined): HashName {
  const allowed = signing === undefined ? undefined : allowedHashes(signing);
  const hash = wanted ?? allowed?.[0] ?? "sha256";
  if (allowed === undefined || allowed.includes(hash)) return hash;
  throw wrong(["keys", "hash"], `is ${hash}, and a key of type ${signing?.type} signs ${allowed.join(" or ")}`);
}

function encryptionOf(
  { profile, wrong }: LoadedProfile,
  file: string,
  signer: Signer | undefined,
  env: Environment,
): ProfileEncryption {
  const field = ["keys", "encryption"];
  const { aesBits: keyBits, hmac } = profile.keys;
  const encryption = { key: loadEncryptionKey(readKeyText(file), { what: file, ...passphraseIn(env) }), keyBits, hmac };
  checkWrap(encryption, signer, (text, cause) => wrong(field, `cannot be used: ${text}`, "", { cause }));
  const { key } = encryption;
  if (key.role === "wrapping" && key.keyObject.symmetricKeySize !== keyBits / 8) {
    const hint = "A key that wraps has the length of what it wraps.";
    throw wrong(
      field,
      `wraps with ${(key.keyObject.symmetricKeySize ?? 0) * 8} bits, and aes_bits is ${keyBits}`,
      hint,
    );
  }
  return encryption;
}

function checkWrap(
  encryption: EncryptionOptions,
  signer: Signer | undefined,
  wrong: (text: string, cause: unknown) => Error,
): void {
  try {
    chooseKeyWrap(encryption, signer);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw wrong(messageOf(error).replace(/\.?$/, ""), error);
  }
}

/**
 * Where the random parts of a board's images come from: from the seed only where time is virtual, all keys are on every
 * machine and the firmware is generated, so that two runs of one seed make the same bytes. Else from the system:
 * whoever knows the seed could open an image of somebody's keys, or of somebody's firmware. Signatures are as long in every run.
 * @param isGenerated no firmware of a user is in the images.
 */
export function imageRandomness(
  { keyNames }: Pick<LoadedProfile, "keyNames">,
  {
    clock,
    random,
    isGenerated,
  }: { readonly clock: Pick<Clock, "kind">; readonly random: Random; readonly isGenerated: boolean },
): Randomness {
  if (clock.kind !== "virtual") return systemRandomness;
  const { signing, encryption } = keyNames;
  const isTest = isKeyEverywhere(signing) && (encryption === undefined || isKeyEverywhere(encryption));
  return isTest && isGenerated ? seededRandomness(random) : { ...systemRandomness, ecdsaNonce: "rfc6979" };
}
