import { hexOf, isHilError } from "../../core/index.ts";
import type { ChipNote } from "../../emulator/index.ts";
import { verifyImage } from "../../image/index.ts";
import { type Area, type FlashContent, type FlashOperation, modeRow } from "../../mcuboot/index.ts";
import { deviceArea } from "../profile/flash-timing.ts";
import type { BoardProfile } from "../profile/schema.ts";

/** So many resets in a row, each so soon after the one before, are a loop. */
const [RESETS_MAX, SOON_US] = [5, 5_000_000];
const FINDINGS_MAX = 20;
/** Bits of RESETREAS that a watchdog sets. Source: nRF5340 Product Specification v1.5, RESET; nRF51 Reference Manual. */
const WATCHDOG: Readonly<Record<"nrf51" | "nrf5340", number>> = { nrf51: 1 << 1, nrf5340: (1 << 1) | (1 << 25) };

/** What the watch asks of a chip. */
interface WatchedChip {
  /** Address of the next instruction of the application core; undefined without power. */
  pc(): number | undefined;
  content(): FlashContent;
  /** Those since it was asked last. */
  takeNotes(): readonly ChipNote[];
}

/** Names an address of code: "boot_go + 0x12", or the address alone. */
export type NameAddress = (address: number) => string;

/**
 * Looks at a chip that runs for what only a running processor shows: faults, watchdogs, reset loops, stores to flash
 * that nobody should make, and code that runs from where no whole image is. One for each time that power comes.
 */
export class CpuWatch {
  readonly #chip: WatchedChip;
  readonly #slots: readonly Area[];
  readonly #runnable: readonly Area[];
  readonly #bootloaderBytes: number;
  readonly #watchdog: number;
  readonly #name: NameAddress;
  readonly #found = new Set<string>();
  /** The slot whose image was looked at since power came, and where it ends. */
  #image: { readonly slot: Area; readonly end: number } | undefined;
  #resets = 0;
  #resetAtUs = Number.NEGATIVE_INFINITY;

  constructor(chip: WatchedChip, { slots, bootloader, emulated }: BoardProfile, name: NameAddress = hexOf) {
    this.#chip = chip;
    const { newestRuns } = modeRow(bootloader.mode);
    const [primary, secondary] = [deviceArea(slots.primary), deviceArea(slots.secondary)];
    this.#runnable = newestRuns ? [primary, secondary] : [primary];
    this.#slots = [primary, secondary, ...(slots.scratch ? [deviceArea(slots.scratch)] : [])];
    this.#bootloaderBytes = slots.primary.offset;
    this.#watchdog = WATCHDOG[emulated?.chip ?? "nrf5340"];
    this.#name = name;
    // What another watch was for.
    chip.takeNotes();
  }

  /** It resets again and again: nothing else will come. */
  get isLooping(): boolean {
    return this.#resets >= RESETS_MAX;
  }

  /** Power comes: what was found stays. */
  restart(): void {
    this.#image = undefined;
    this.#resets = 0;
    this.#resetAtUs = Number.NEGATIVE_INFINITY;
  }

  /** Before each flash operation. */
  before(operation: FlashOperation): void {
    const { offset, kind } = operation;
    const pc = this.#chip.pc() ?? 0;
    const what = this.#strayAt(offset, pc);
    // Most operations are none, and a name is looked for in a long table.
    if (what !== undefined) this.#find(`${what}: ${kind} at ${hexOf(offset)}, by ${this.#name(pc)}`);
  }

  /** What a store to flash does that nobody should do. */
  #strayAt(offset: number, pc: number): string | undefined {
    if (offset < this.#bootloaderBytes) return "the firmware changed the bootloader's flash";
    if (pc < this.#bootloaderBytes && !this.#slots.some((slot) => holds(slot, offset))) {
      return "the bootloader changed flash outside of its slots";
    }
    const isOwn = this.#image && holds(this.#image.slot, pc) && isWithin(this.#image, offset);
    return isOwn ? "the application changed the image that it runs from" : undefined;
  }

  /** Now and then while the chip runs. */
  look(): void {
    this.#readNotes();
    const pc = this.#chip.pc();
    if (pc === undefined || pc < this.#bootloaderBytes) return;
    const slot = this.#runnable.find((area) => holds(area, pc));
    if (slot === undefined) {
      if (pc < this.#chip.content().bytes)
        this.#find(`code runs at ${this.#name(pc)}, outside of bootloader and image`);
      return;
    }
    if (this.#image?.slot !== slot) this.#image = { slot, end: this.#checkImage(slot, pc) };
    if (pc >= this.#image.end) this.#find(`code runs at ${this.#name(pc)}, behind the end of the image in its slot`);
  }

  /** What was found so far, as sentences. */
  findings(): readonly string[] {
    this.#readNotes();
    return [...this.#found];
  }

  /** @returns where the image ends; the end of the slot for one that is not whole, which is a finding */
  #checkImage(slot: Area, pc: number): number {
    const end = slot.offset + slot.bytes;
    const what = `code runs at ${this.#name(pc)} from an image that is not whole`;
    try {
      const { hash, image } = verifyImage(this.#chip.content().read(slot.offset, slot.bytes));
      if (hash.result === "valid") return slot.offset + image.imageBytes;
      this.#find(`${what}: its hash is not that of its content`);
    } catch (error) {
      if (!isHilError(error)) throw error;
      this.#find(`${what}: ${error.message}`);
    }
    return end;
  }

  #readNotes(): void {
    for (const note of this.#chip.takeNotes()) this.#readNote(note);
  }

  #readNote({ what, core, atUs, detail, fault, address }: ChipNote): void {
    if (core === "network") return;
    if (what === "lockup") this.#find(`the processor locked up at ${this.#name(detail)}`);
    if (what === "fault") {
      const access = address === undefined || address === 0 ? "" : ` (address ${hexOf(address)})`;
      this.#find(`the processor faulted at ${this.#name(detail)}: ${fault}${access}`);
    }
    if (what !== "reset") return;
    // Whoever runs after a reset is looked at anew.
    this.#image = undefined;
    this.#resets = atUs - this.#resetAtUs < SOON_US ? this.#resets + 1 : 1;
    this.#resetAtUs = atUs;
    if ((detail & this.#watchdog) !== 0) this.#find("the watchdog reset the processor: nobody fed it");
    if (this.isLooping) {
      this.#find(`the processor is in a reset loop: ${RESETS_MAX} resets, each within ${SOON_US / 1e6} s of the last`);
    }
  }

  #find(what: string): void {
    if (this.#found.size < FINDINGS_MAX) this.#found.add(what);
  }
}

function holds({ offset, bytes }: Area, address: number): boolean {
  return address >= offset && address < offset + bytes;
}

function isWithin({ slot, end }: { readonly slot: Area; readonly end: number }, offset: number): boolean {
  return offset >= slot.offset && offset < end;
}
