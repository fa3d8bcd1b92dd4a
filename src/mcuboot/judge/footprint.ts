import type { FlashContent } from "../flash/flash-content.ts";
import type { Flash, FlashOperation } from "../flash/operation.ts";

/** A part of a flash; device offsets in bytes, `to` not included. */
export interface FootprintSpan {
  readonly from: number;
  readonly to: number;
}

/**
 * A flash that notes which bytes of one span a boot looks at before it erases them. Contents that differ in that span
 * only, and not in those bytes, must boot alike.
 */
export class WatchedFlash implements Flash {
  readonly #flash: FlashContent;
  readonly #view: Flash;
  readonly #span: FootprintSpan;
  readonly #erased = new Set<number>();
  readonly #seen: FootprintSpan[] = [];

  /** @param view what is read of the flash, where that is not plain. */
  constructor(flash: FlashContent, span: FootprintSpan, view: Flash = flash) {
    this.#flash = flash;
    this.#view = view;
    this.#span = span;
  }

  read(offset: number, bytes: number): Uint8Array {
    this.#note(offset, bytes);
    return this.#view.read(offset, bytes);
  }

  identity(offset: number, bytes: number): string | undefined {
    const { sectorBytes } = this.#flash;
    const from = Math.floor(offset / sectorBytes) * sectorBytes;
    this.#note(from, Math.ceil((offset + bytes - from) / sectorBytes) * sectorBytes);
    return this.#flash.identity(offset, bytes);
  }

  apply(operation: FlashOperation): void {
    this.#flash.apply(operation);
    if (operation.kind === "write") return;
    for (const sector of sectorsIn({ from: operation.offset, to: operation.offset + operation.bytes }, this.#flash)) {
      this.#erased.add(sector);
    }
  }

  /** Parts of the span that the boot looked at. */
  get seen(): readonly FootprintSpan[] {
    return this.#seen;
  }

  /** True when nothing of the span as it was is left: the boot erased all of it. */
  get gone(): boolean {
    return sectorsIn(this.#span, this.#flash).every((sector) => this.#erased.has(sector));
  }

  #note(offset: number, bytes: number): void {
    const { sectorBytes } = this.#flash;
    const from = Math.max(offset, this.#span.from);
    const to = Math.min(offset + bytes, this.#span.to);
    for (let at = from; at < to; ) {
      const sector = Math.floor(at / sectorBytes);
      const end = Math.min(to, (sector + 1) * sectorBytes);
      if (!this.#erased.has(sector) && !this.#seen.some((span) => span.from <= at && span.to >= end)) {
        this.#seen.push({ from: at, to: end });
      }
      at = end;
    }
  }
}

function sectorsIn({ from, to }: FootprintSpan, { sectorBytes }: FlashContent): number[] {
  const first = Math.floor(from / sectorBytes);
  const last = Math.ceil(to / sectorBytes);
  return Array.from({ length: last - first }, (_, index) => first + index);
}
