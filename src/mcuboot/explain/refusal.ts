import { defined, isHilError } from "../../core/index.ts";
import { decodeHeader, FLAG, HEADER_BYTES, type ImageHeader, namedKey, verifyImage } from "../../image/index.ts";
import { imageBytesIn } from "../boot/image-state.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { Flash } from "../flash/operation.ts";
import { isEncrypted } from "../loader/body-keys.ts";
import { hasMagic, isErasedHeader, PRIMARY, type Slot } from "../loader/loader-state.ts";
import { imageBytesMax } from "../swap/strategies.ts";

const hexBytes = (bytes: number): string => `0x${bytes.toString(16)} bytes`;

/** What is wrong with a slot: it is empty, or its image is not what the bootloader takes. */
interface SlotFault {
  readonly empty: boolean;
  /** After "slot 1 " where it is empty, else after "its image ". */
  readonly text: string;
}

/** A fault as a sentence of its own. */
export function faultText(slot: Slot, { empty, text }: SlotFault): string {
  return empty ? `slot ${slot} ${text}` : `the image in slot ${slot} ${text}`;
}

/**
 * Why the bootloader does not take what stands in a slot, as far as the image itself is the reason; undefined when
 * nothing is wrong with it. The bootloader only prints that it is not valid.
 */
export function faultIn(flash: Flash, build: BootloaderBuild, index: number, slot: Slot): SlotFault | undefined {
  const areas = build.images[index];
  if (areas === undefined || (slot === PRIMARY && areas.primary.inRam === true)) return undefined;
  const area = slot === PRIMARY ? areas.primary : areas.secondary;
  const bytes = imageBytesIn(flash, build, index, slot);
  if (bytes === undefined) return emptiness(decodeHeader(flash.read(area.offset, HEADER_BYTES)));
  const header = decodeHeader(bytes.subarray(0, HEADER_BYTES));
  const max = imageBytesMax(build, [areas.primary, areas.secondary], slot);
  const text =
    bytes.length > max
      ? `takes ${hexBytes(bytes.length)}, and this bootloader takes ${hexBytes(max)} here`
      : (flagFault(header, build) ?? contentFault(bytes, header, build, slot));
  return text === undefined ? undefined : { empty: false, text };
}

function emptiness(header: ImageHeader): SlotFault {
  if (isErasedHeader(header)) return { empty: true, text: "holds no image: its start is erased" };
  if (!hasMagic(header)) return { empty: true, text: "holds no image: no image magic stands at its start" };
  return { empty: false, text: "cannot be read: header or TLVs are damaged, or it is longer than the slot" };
}

function flagFault({ flags }: ImageHeader, { encryption, generation }: BootloaderBuild): string | undefined {
  if ((flags & FLAG.NON_BOOTABLE) !== 0) return "has the flag NON_BOOTABLE in its header";
  const compressed = FLAG.COMPRESSED_LZMA1 | FLAG.COMPRESSED_LZMA2 | FLAG.COMPRESSED_ARM_THUMB;
  if (generation.refusesForeignFlags && (flags & compressed) !== 0) {
    return "is compressed, and this bootloader decompresses nothing";
  }
  if ((flags & (FLAG.ENCRYPTED_AES128 | FLAG.ENCRYPTED_AES256)) === 0) return undefined;
  if (encryption === undefined) return "is encrypted, and this bootloader has no key to decrypt with";
  const keyBits = (flags & FLAG.ENCRYPTED_AES256) === 0 ? 128 : 256;
  const ownBits = 8 * encryption.aesKeyBytes;
  if (keyBits !== ownBits) return `is encrypted with AES-${keyBits}, and this bootloader decrypts AES-${ownBits}`;
  return undefined;
}

function contentFault(
  bytes: Uint8Array,
  header: ImageHeader,
  { signature, encryption }: BootloaderBuild,
  slot: Slot,
): string | undefined {
  const decrypts = slot !== PRIMARY && isEncrypted(header) && encryption !== undefined;
  try {
    const verdict = verifyImage(bytes, {
      ...defined({ publicKey: signature.key && namedKey(bytes, [signature.key, ...(signature.others ?? [])]) }),
      ...(decrypts ? { decryptKey: encryption.key } : {}),
    });
    const { decryption, hash, keyHash, signature: signed, keyFitsHash } = verdict;
    const wrong = [...(decrypts ? [decryption] : []), hash, keyHash, signed].find(({ result }) => result === "invalid");
    if (wrong !== undefined) return `is not valid: ${wrong.reason}`;
    return keyFitsHash ? undefined : "has a hash that does not go with the type of its signing key";
  } catch (error) {
    if (isHilError(error)) return `is not valid: ${error.message}`;
    throw error;
  }
}
