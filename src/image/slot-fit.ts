import { ConfigurationError, roundUp } from "../core/index.ts";
import { type MaxAlign, trailerLayout } from "./trailer.ts";

interface SwapModeRow {
  readonly name: string;
  /** Status writes a sector; 0 when the mode keeps no status. */
  readonly statesPerSector: 0 | 2 | 3;
  readonly hasTlvSizes: boolean;
  /** The trailer takes whole sectors, and one more sector stays free for moving. */
  readonly freeSectors: 0 | 1;
  readonly source: string;
}

/** How bootloaders swap, as far as it decides how large an image may be. */
export const SWAP_MODES = [
  {
    name: "scratch",
    statesPerSector: 3,
    hasTlvSizes: false,
    freeSectors: 0,
    source: "MCUboot swap_misc.c, swap_scratch.c app_max_size",
  },
  {
    name: "move",
    statesPerSector: 3,
    hasTlvSizes: false,
    freeSectors: 1,
    source: "MCUboot swap_move.c app_max_size",
  },
  {
    name: "offset",
    statesPerSector: 2,
    hasTlvSizes: true,
    freeSectors: 1,
    source: "MCUboot swap_offset.c app_max_size",
  },
  {
    name: "overwrite",
    statesPerSector: 0,
    hasTlvSizes: false,
    freeSectors: 0,
    source: "MCUboot loader.c app_max_size (MCUBOOT_OVERWRITE_ONLY); also direct-XIP, RAM-load",
  },
] as const satisfies readonly SwapModeRow[];

export type SwapModeName = (typeof SWAP_MODES)[number]["name"];

export interface SlotPair {
  readonly mode: SwapModeName;
  /** Size of each of the two slots, a multiple of the sector. */
  readonly slotBytes: number;
  /** Erase unit (nRF5340 app core: 4096). */
  readonly sectorBytes: number;
  readonly writeBytes: number;
  readonly maxAlign: MaxAlign;
  /** BOOT_MAX_IMG_SECTORS of the build. */
  readonly maxSectors: number;
  /** Saved key of one slot: 0 in a build without encryption, else 16 or 32, or the key TLV's length. */
  readonly keySlotBytes: number;
}

/**
 * The largest image, in bytes up to the end of its TLVs, that a bootloader of this kind swaps. imgtool's own check
 * knows neither sectors nor modes: it passes images that the device then refuses (MCUboot issue 1845).
 * Scratch: exact where the trailer's status lies within its first sector, as it does for 4 KiB sectors and larger.
 * @throws ConfigurationError when a slot is not whole sectors, has too many of them, or is smaller than its trailer.
 */
export function imageBytesMax(pair: SlotPair): number {
  const { slotBytes, sectorBytes } = pair;
  if (sectorBytes <= 0 || slotBytes <= 0 || slotBytes % sectorBytes !== 0) {
    throw new ConfigurationError(
      `a slot of ${slotBytes} bytes is not whole sectors of ${sectorBytes} bytes.`,
      "Give slot and sector size as the bootloader was built with.",
    );
  }
  if (slotBytes / sectorBytes > pair.maxSectors) {
    throw new ConfigurationError(
      `a slot of ${slotBytes / sectorBytes} sectors exceeds the bootloader's ${pair.maxSectors}.`,
      "Build it with more (CONFIG_BOOT_MAX_IMG_SECTORS), or correct --max-sectors.",
    );
  }
  const bytes = slotBytes - reservedBytes(pair);
  if (bytes <= 0) throw new ConfigurationError(`a slot of ${slotBytes} bytes is smaller than its trailer.`);
  return bytes;
}

function reservedBytes(pair: SlotPair): number {
  const row = SWAP_MODES.find((candidate) => candidate.name === pair.mode);
  if (row === undefined) throw new RangeError(`no swap mode is named ${pair.mode}`);
  const { fields, totalBytes } = trailerLayout({
    maxAlign: pair.maxAlign,
    writeBytes: pair.writeBytes,
    maxSectors: pair.maxSectors,
    statesPerSector: row.statesPerSector === 2 ? 2 : 3,
    keySlotBytes: pair.keySlotBytes,
    hasTlvSizes: row.hasTlvSizes,
  });
  if (row.statesPerSector === 0) return fields.swapInfo.fromEnd;
  if (row.freeSectors === 0) return totalBytes;
  return roundUp(totalBytes, pair.sectorBytes) + row.freeSectors * pair.sectorBytes;
}
