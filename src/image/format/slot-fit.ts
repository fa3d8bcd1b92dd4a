import { ConfigurationError, roundUp } from "../../core/index.ts";
import { type MaxAlign, trailerLayout } from "./trailer.ts";

interface SwapModeRow {
  readonly name: string;
  /** Status writes a sector; 0 when the mode keeps no status. */
  readonly statesPerSector: 0 | 2 | 3;
  readonly hasTlvSizes: boolean;
  /** The trailer takes whole sectors, and in this slot one more sector stays free: it may be that much longer. */
  readonly freeSectorIn?: "primary" | "secondary";
  readonly source: string;
}

/** How bootloaders swap, as far as it decides how large an image may be. */
export const SWAP_MODES = [
  {
    name: "scratch",
    statesPerSector: 3,
    hasTlvSizes: false,
    source: "MCUboot swap_misc.c, swap_scratch.c app_max_size",
  },
  {
    name: "move",
    statesPerSector: 3,
    hasTlvSizes: false,
    freeSectorIn: "primary",
    source: "MCUboot swap_move.c app_max_size",
  },
  {
    name: "offset",
    statesPerSector: 2,
    hasTlvSizes: true,
    freeSectorIn: "secondary",
    source: "MCUboot swap_offset.c app_max_size",
  },
  {
    name: "overwrite",
    statesPerSector: 0,
    hasTlvSizes: false,
    source: "MCUboot loader.c app_max_size (MCUBOOT_OVERWRITE_ONLY); also direct-XIP, RAM-load",
  },
] as const satisfies readonly SwapModeRow[];

export type SwapModeName = (typeof SWAP_MODES)[number]["name"];

export interface SlotPair {
  readonly mode: SwapModeName;
  /** Size of the primary slot, a multiple of the sector. */
  readonly slotBytes: number;
  /** Size of the secondary slot; default: as the primary. */
  readonly secondarySlotBytes?: number;
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
 * @throws ConfigurationError when a slot is not whole sectors, has too many of them, or is smaller than its trailer,
 *   and when the two do not go together.
 */
export function slotImageBytesMax(pair: SlotPair): number {
  const { slotBytes, sectorBytes, secondarySlotBytes = slotBytes } = pair;
  const row: SwapModeRow | undefined = SWAP_MODES.find((candidate) => candidate.name === pair.mode);
  if (row === undefined) throw new RangeError(`no swap mode is named ${pair.mode}`);
  for (const bytes of [slotBytes, secondarySlotBytes]) checkSlot(bytes, pair);
  checkPair(slotBytes, secondarySlotBytes, row, sectorBytes);
  const room = (bytes: number, slot: "primary" | "secondary") => bytes - reservedBytes(pair, row, slot);
  const bytes = Math.min(room(slotBytes, "primary"), room(secondarySlotBytes, "secondary"));
  if (bytes <= 0) throw new ConfigurationError(`a slot of ${slotBytes} bytes is smaller than its trailer.`);
  return bytes;
}

function checkSlot(bytes: number, { sectorBytes, maxSectors }: SlotPair): void {
  if (sectorBytes <= 0 || bytes <= 0 || bytes % sectorBytes !== 0) {
    throw new ConfigurationError(
      `a slot of ${bytes} bytes is not whole sectors of ${sectorBytes} bytes.`,
      "Give slot and sector size as the bootloader was built with.",
    );
  }
  if (bytes / sectorBytes > maxSectors) {
    throw new ConfigurationError(
      `a slot of ${bytes / sectorBytes} sectors exceeds the bootloader's ${maxSectors}.`,
      "Build it with more (CONFIG_BOOT_MAX_IMG_SECTORS), or correct --max-sectors.",
    );
  }
}

/** Slots must be equal; where a mode keeps a sector free in one of them, that one may be a sector longer. */
function checkPair(primary: number, secondary: number, { name, freeSectorIn }: SwapModeRow, sectorBytes: number): void {
  const longer = primary > secondary ? "primary" : "secondary";
  const difference = Math.abs(primary - secondary);
  if (difference === 0 || (difference === sectorBytes && longer === freeSectorIn)) return;
  const wants = freeSectorIn === undefined ? "equal slots" : `equal slots, or a ${freeSectorIn} one sector longer`;
  throw new ConfigurationError(
    `slots of 0x${primary.toString(16)} and 0x${secondary.toString(16)} bytes do not go together in mode ${name}.`,
    `It wants ${wants}.`,
  );
}

function reservedBytes(pair: SlotPair, row: SwapModeRow, slot: "primary" | "secondary"): number {
  const { fields, totalBytes } = trailerLayout({
    maxAlign: pair.maxAlign,
    writeBytes: pair.writeBytes,
    maxSectors: pair.maxSectors,
    statesPerSector: row.statesPerSector === 2 ? 2 : 3,
    keySlotBytes: pair.keySlotBytes,
    hasTlvSizes: row.hasTlvSizes,
  });
  if (row.statesPerSector === 0) return fields.swapInfo.fromEnd;
  if (row.freeSectorIn === undefined) return totalBytes;
  return roundUp(totalBytes, pair.sectorBytes) + (row.freeSectorIn === slot ? pair.sectorBytes : 0);
}
