import { createSecretKey } from "node:crypto";
import { Random } from "../../core/index.ts";
import { buildImage, parseVersion, seededRandomness, TLV, type WrappingKey } from "../../image/index.ts";
import {
  type BootloaderBuild,
  type BootMode,
  bootloaderBuild,
  type DefectName,
  FlashContent,
  type GenerationRow,
  netCoreRule,
  withDefects,
} from "../../mcuboot/index.ts";

/** What may be wrong with the image that is uploaded. */
type Damage = "none" | "body";

/** One board and one pair of images, as a search tries them. Sizes in bytes, slots in sectors. */
export interface WorldShape {
  readonly mode: BootMode;
  readonly generation: GenerationRow;
  /** Faults switched on besides what the generation does. */
  readonly defects: readonly DefectName[];
  readonly encrypted: boolean;
  readonly permanent: boolean;
  readonly damage: Damage;
  /** The old image lies there as imgtool's --pad --confirm makes it. */
  readonly padded: boolean;
  readonly downgradePrevention: boolean;
  /** The new image's version is below the old one's. */
  readonly downgrade: boolean;
  /** nRF5340: updates of the network core through the one pair of slots. */
  readonly networkCore: boolean;
  /** The application writes an update to the start of the slot, whatever the mode wants. */
  readonly uploadsToStart: boolean;
  /** After an update the bootloader resets, or starts nothing. */
  readonly afterUpdate: "starts" | "resets" | "hangs";
  readonly bootstrap: boolean;
  readonly slotSectors: number;
  readonly scratchSectors: number;
  readonly maxImgSectors: number;
  readonly oldBytes: number;
  readonly newBytes: number;
  readonly headerBytes: number;
}

/** A small board: what it prints does not depend on how large its slots are. */
export const SMALL: Omit<WorldShape, "mode" | "generation"> = {
  defects: [],
  encrypted: false,
  permanent: false,
  damage: "none",
  padded: false,
  downgradePrevention: false,
  downgrade: false,
  networkCore: false,
  uploadsToStart: false,
  afterUpdate: "starts",
  bootstrap: false,
  slotSectors: 6,
  scratchSectors: 1,
  maxImgSectors: 16,
  oldBytes: 7000,
  newBytes: 9000,
  headerBytes: 512,
};

/** A bootloader, and the images of an upgrade on it. */
export interface World {
  readonly shape: WorldShape;
  readonly build: BootloaderBuild;
  /** As it lies in the primary slot. */
  readonly old: Uint8Array;
  /** As it is uploaded. */
  readonly next: Uint8Array;
  /** The old image in its slot, nothing asked for. */
  readonly start: FlashContent;
}

const SECTOR_BYTES = 4096;
const OLD = "1.0.0";
const NEW = "2.0.0";
const OLDER = "0.9.0";
const wrappingKey: WrappingKey = {
  role: "wrapping",
  type: "aes-kw",
  keyObject: createSecretKey(Random.fromSeed("field: key of no product").bytes(16)),
};

/** Makes a world: hashes instead of signatures, and keys of our own, as no line of a log depends on them. */
export function worldOf(shape: WorldShape): World {
  const build = buildOf(shape);
  const old = imageOf(shape, "old");
  const next = imageOf(shape, "new");
  const [areas] = build.images;
  if (areas === undefined) throw new RangeError("a world without slots");
  const ends = [areas.primary, areas.secondary, build.scratch].map((area) => (area?.offset ?? 0) + (area?.bytes ?? 0));
  const start = FlashContent.erased(Math.max(...ends), SECTOR_BYTES);
  start.load(areas.primary.offset, old);
  return { shape, build, old, next, start };
}

/** The bootloader of a world. */
export function buildOf(shape: WorldShape): BootloaderBuild {
  const { mode, generation, slotSectors, networkCore } = shape;
  const bytes = slotSectors * SECTOR_BYTES;
  const secondaryBytes = mode === "offset" ? bytes + SECTOR_BYTES : bytes;
  const primary = { offset: 0xc000, bytes };
  const secondary = { offset: primary.offset + bytes, bytes: secondaryBytes };
  const scratch = { offset: secondary.offset + secondaryBytes, bytes: shape.scratchSectors * SECTOR_BYTES };
  const build = bootloaderBuild({
    generation,
    mode,
    images: [{ primary, secondary }],
    ...(mode === "scratch" && { scratch }),
    maxImgSectors: shape.maxImgSectors,
    downgradePrevention: shape.downgradePrevention,
    bootstrap: shape.bootstrap,
    signature: { hash: "sha256" },
    ...(shape.encrypted && {
      encryption: { key: wrappingKey, tlvType: TLV.ENCKW, aesKeyBytes: 16, saveTlv: false } as const,
    }),
    ...(networkCore && {
      netCore: { rule: netCoreRule(generation.netCoreRule), upgrades: true, secondStage: false } as const,
    }),
  });
  return withDefects(build, new Set(shape.defects));
}

/** The version that an image of a world carries. */
export function versionIn(shape: Pick<WorldShape, "downgrade">, role: "old" | "new"): string {
  return role === "old" ? OLD : shape.downgrade ? OLDER : NEW;
}

function imageOf(shape: WorldShape, role: "old" | "new"): Uint8Array {
  const bytes = role === "old" ? shape.oldBytes : shape.newBytes;
  const payload = Random.fromSeed(`field ${role}`).bytes(bytes);
  const table = new DataView(payload.buffer, payload.byteOffset);
  if (bytes >= 8) {
    table.setUint32(0, 0x2008_0000, true);
    table.setUint32(4, 0xc301, true);
  }
  const { image, bytes: padded } = buildImage(payload, {
    version: parseVersion(versionIn(shape, role)),
    headerBytes: shape.headerBytes,
    padHeader: true,
    randomness: seededRandomness(Random.fromSeed(`field keys ${role}`)),
    ...(shape.encrypted && { encryption: { key: wrappingKey, clear: role === "old" } }),
    ...(role === "old" &&
      shape.padded && {
        trailer: "confirm",
        slotBytes: shape.slotSectors * SECTOR_BYTES,
        writeBytes: 4,
        maxSectors: shape.maxImgSectors,
      }),
  });
  if (role === "old") return shape.padded ? padded : image;
  if (shape.damage === "none") return image;
  const damaged = image.slice();
  damaged[shape.headerBytes + 16] = (damaged[shape.headerBytes + 16] ?? 0) ^ 1;
  return damaged;
}
