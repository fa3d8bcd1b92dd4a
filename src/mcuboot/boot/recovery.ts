import { hex } from "../../core/index.ts";
import { FLAG, HASHES, type ImageHeader } from "../../image/index.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { Flash } from "../flash/operation.ts";
import { applyKeyStream, isEncrypted, loadImageKey } from "../loader/body-keys.ts";
import {
  hasMagic,
  headerAt,
  type ImagePair,
  type LoaderState,
  newLoaderState,
  PRIMARY,
  SECONDARY,
  type Slot,
  tlvOffset,
} from "../loader/loader-state.ts";
import { tlvEntries, tlvRange } from "../loader/tlv-walk.ts";
import type { Steps } from "../steps/steps.ts";
import { statusOffset } from "../trailer/trailer.ts";
import { uploadWrite } from "./app-api.ts";
import { checkImage } from "./image-check.ts";
import { nextSwapType, type SlotFlags, slotFlags, versionText } from "./image-state.ts";

/** A slot of the list that serial recovery shows. */
export interface RecoveryEntry extends SlotFlags {
  readonly image: number;
  readonly slot: Slot;
  /** Undefined where no image passes the full check. */
  readonly found: { readonly version: string; readonly hash: string; readonly bootable: boolean } | undefined;
}

/**
 * The slots as serial recovery lists them: an image shows only when it passes hash and signature, whether or not it
 * could be booted from there. Yields the time that each check takes.
 * Source: MCUboot boot_serial.c bs_list.
 */
export function* recoveryList(flash: Flash, build: BootloaderBuild): Steps<readonly RecoveryEntry[]> {
  const loader = newLoaderState(flash, build);
  const entries: RecoveryEntry[] = [];
  for (const image of loader.images) {
    const flags = slotFlags(flash, build, image.index);
    for (const slot of [PRIMARY, SECONDARY] as const) {
      if (image.areas[slot].bytes === 0) continue;
      const found = yield* listed(loader, image, slot);
      entries.push({ image: image.index, slot, found, ...flags[slot] });
    }
  }
  return entries;
}

function* listed(loader: LoaderState, image: ImagePair, slot: Slot): Steps<RecoveryEntry["found"]> {
  const { flash, build } = loader;
  const updates = slot === SECONDARY && build.mode === "offset" && nextSwapType(flash, build, image.index) !== "revert";
  if (slot === SECONDARY) image.secondaryOffset = updates ? build.sectorBytes : 0;
  const header = headerAt(loader, image.areas[slot], updates ? build.sectorBytes : 0);
  if (!hasMagic(header)) return undefined;
  image.headers[slot] = header;
  if ((yield* checkImage(loader, image, slot)) !== undefined) return undefined;
  const entries = tlvEntries(loader, image, slot);
  const hash = entries?.find((entry) => HASHES.some((row) => row.tlv === entry.type));
  if (hash === undefined) return undefined;
  return {
    version: versionText(header.version),
    hash: hex(hash.data),
    bootable: (header.flags & FLAG.NON_BOOTABLE) === 0,
  };
}

/**
 * What serial recovery does once an encrypted image is whole in the primary slot: decrypts it where it lies, sector by
 * sector. A cut in it leaves neither image.
 * Source: MCUboot boot_serial_encryption.c boot_handle_enc_fw, decrypt_image_inplace.
 */
export function* decryptInPlace(flash: Flash, build: BootloaderBuild, index: number): Steps {
  const loader = newLoaderState(flash, build);
  const image = loader.images[index];
  if (image === undefined || build.encryption === undefined) return;
  const area = image.areas[PRIMARY];
  const header = headerAt(loader, area, 0);
  if (!hasMagic(header) || !isEncrypted(header)) return;
  image.headers[PRIMARY] = header;
  const range = tlvRange(loader, image, PRIMARY);
  const key = loadImageKey(loader, image, PRIMARY) ? image.keys[PRIMARY] : undefined;
  if (range === undefined || key === undefined) return;
  for (let at = 0; at < range.end; at += build.sectorBytes) {
    const data = flash.read(area.offset + at, build.sectorBytes).slice();
    const cipherBytes = decryptPart(key, header, at, data);
    yield { kind: "work", what: "copy", bytes: data.length, cipherBytes, crypto: build.crypto };
    yield { kind: "erase", offset: area.offset + at, bytes: build.sectorBytes };
    yield { kind: "write", offset: area.offset + at, data };
  }
}

/** Images of such a build have a trailer that serial recovery erases at the end. Source: boot_serial.c. */
export function hasStatusFields({ mode }: BootloaderBuild): boolean {
  return mode !== "single";
}

/**
 * Everything that an upload into the primary slot does to the flash where it is erased as chunks come
 * (CONFIG_BOOT_ERASE_PROGRESSIVELY, the default on Nordic's chips), in order: of each chunk the sectors it reaches,
 * then its words; at the end the sector in which the trailer begins, and the decryption of an encrypted image.
 * @param chunkEnds offsets at which chunks end, rising; the last is the image's length. Default: whole sectors.
 * Source: MCUboot boot_serial.c bs_upload.
 */
export function* recoveryUploadSteps(
  flash: Flash,
  build: BootloaderBuild,
  file: Uint8Array,
  chunkEnds: readonly number[] = sectorEnds(file.length, build.sectorBytes),
): Steps {
  const area = build.images[0]?.primary;
  if (area === undefined) throw new RangeError("a bootloader build without images");
  const { sectorBytes } = build;
  let erasedTo = 0;
  let at = 0;
  for (const end of chunkEnds) {
    for (; erasedTo < end; erasedTo += sectorBytes) {
      yield { kind: "erase", offset: area.offset + erasedTo, bytes: sectorBytes };
    }
    yield uploadWrite(build, area.offset + at, file.subarray(at, end));
    at = end;
  }
  if (hasStatusFields(build)) {
    const trailer = statusOffset(build, area);
    yield { kind: "erase", offset: area.offset + trailer - (trailer % sectorBytes), bytes: sectorBytes };
  }
  yield* decryptInPlace(flash, build, 0);
}

function sectorEnds(bytes: number, sectorBytes: number): readonly number[] {
  const count = Math.ceil(bytes / sectorBytes);
  return Array.from({ length: count }, (_, index) => Math.min(bytes, (index + 1) * sectorBytes));
}

/** The part of the body that lies in these bytes of the image from `at` on; header and TLVs stay. @returns its bytes. */
function decryptPart(key: Uint8Array, header: ImageHeader, at: number, data: Uint8Array): number {
  const from = Math.max(at, header.headerBytes);
  const to = Math.min(at + data.length, tlvOffset(header));
  if (from >= to) return 0;
  applyKeyStream(key, data.subarray(from - at, to - at), from - header.headerBytes);
  return to - from;
}
