import { defined, hexOf, viewOf } from "../../core/index.ts";
import { HEADER_BYTES, IMAGE_MAGIC, type PublicKey, verifyImage } from "../../image/index.ts";
import { profileKeys, signatureKeyOf } from "../profile/keys.ts";
import type { LoadedProfile } from "../profile/profile.ts";

const FIELD = ["emulated", "firmware"] as const;
const ERASED = 0xff;
const RAM_START = 0x2000_0000;
const RAM_END = 0x3000_0000;
/** What a bootloader must hold of a public key to check signatures: its last bytes, the point of a curve. */
const POINT_BYTES: Partial<Record<PublicKey["type"], number>> = { "ecdsa-p256": 64, "ecdsa-p384": 96, ed25519: 32 };

/**
 * Holds the images of an emulated board to its profile: what contradicts it would make every verdict wrong.
 * @param flash internal flash of the application core, from address 0
 * @throws ConfigurationError that says what contradicts what
 */
export function checkFirmware(loaded: LoadedProfile, flash: Uint8Array): void {
  checkBootloader(loaded, flash);
  checkImage(loaded, flash);
}

function checkBootloader(loaded: LoadedProfile, flash: Uint8Array): void {
  const { primary } = loaded.profile.slots;
  const view = viewOf(flash);
  const [stack, start] = [view.getUint32(0, true), view.getUint32(4, true)];
  const isStack = stack > RAM_START && stack <= RAM_END;
  if (!isStack || start >= primary.offset || (start & 1) === 0) {
    const hint = "Give the merged HEX, or the bootloader's HEX as well: --firmware mcuboot.hex --firmware app.hex.";
    throw loaded.wrong(
      FIELD,
      `has no bootloader at 0x0: its vector table reads ${hexOf(stack)}, ${hexOf(start)}.`,
      hint,
    );
  }
  const key = profileKeys(loaded).signing?.public;
  const point = key && pointOf(key);
  if (key === undefined || point === undefined) return;
  if (Buffer.from(flash.buffer, flash.byteOffset, primary.offset).includes(Buffer.from(point))) return;
  const hint = "Name the key that this bootloader was built with (CONFIG_BOOT_SIGNATURE_KEY_FILE) in keys.signing.";
  throw loaded.wrong(["keys", "signing"], "is not the key of the bootloader in the HEX: it does not hold it.", hint);
}

/** The part of a public key that stands in a bootloader however it is wrapped; undefined where none is known. */
function pointOf(key: PublicKey): Uint8Array | undefined {
  const bytes = POINT_BYTES[key.type];
  return bytes === undefined ? undefined : key.publicBytes.subarray(-bytes);
}

/** The image in the primary slot, where there is one: a board may come without. */
function checkImage(loaded: LoadedProfile, flash: Uint8Array): void {
  const { primary, sectorBytes } = loaded.profile.slots;
  const slot = flash.subarray(primary.offset, primary.offset + primary.bytes);
  if (hasMagic(slot, 0)) {
    const { signature, hash } = verdictOf(loaded, slot);
    const wrong = [hash, signature].find(({ result }) => result === "invalid");
    if (wrong === undefined) return;
    const hint = "Sign the image with keys.signing, or name the key that it is signed with.";
    throw loaded.wrong(FIELD, `holds an image that the profile's bootloader would refuse: ${wrong.reason}.`, hint);
  }
  for (let offset = sectorBytes; offset < flash.length; offset += sectorBytes) {
    if (!hasMagic(flash, offset)) continue;
    const text = `holds an image at ${hexOf(offset)}; slots.primary is at ${hexOf(primary.offset)}.`;
    throw loaded.wrong(
      FIELD,
      text,
      "Make slots those of the build: hil board import --build reads them, or edit them.",
    );
  }
  if (slot.every((byte) => byte === ERASED)) return;
  throw loaded.wrong(FIELD, `holds no MCUboot image at ${hexOf(primary.offset)}, where slots.primary begins.`, "");
}

function verdictOf(loaded: LoadedProfile, slot: Uint8Array) {
  const key = signatureKeyOf(profileKeys(loaded), slot);
  return verifyImage(slot, defined({ publicKey: key }));
}

function hasMagic(bytes: Uint8Array, offset: number): boolean {
  return offset + HEADER_BYTES <= bytes.length && viewOf(bytes).getUint32(offset, true) === IMAGE_MAGIC;
}
