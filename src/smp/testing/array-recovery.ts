import type { RecoveryStore } from "../recovery/recovery-store.ts";
import type { StoredSlot } from "../server/image-store.ts";
import type { ArrayImageStore } from "./array-store.ts";

/** Serial recovery's view of slots in arrays: what looks like an image passes every check. */
export class ArrayRecovery implements RecoveryStore {
  readonly images: number;
  readonly sectorBytes: number;
  readonly writeBytes: number;
  /** What happened, in order: "erase 0 0+4096". */
  readonly log: string[] = [];
  readonly #store: ArrayImageStore;
  readonly #slotBytes: number;
  readonly #trailerBytes: number;
  readonly #erased: number;

  constructor(
    store: ArrayImageStore,
    options: { sectorBytes?: number; writeBytes?: number; trailerBytes?: number; erased?: number } = {},
  ) {
    this.#store = store;
    this.images = store.images;
    this.#slotBytes = store.bytes(0).length;
    this.sectorBytes = options.sectorBytes ?? 4_096;
    this.writeBytes = options.writeBytes ?? 4;
    this.#trailerBytes = options.trailerBytes ?? 4_096;
    this.#erased = options.erased ?? 0xff;
  }

  slots(): Promise<readonly StoredSlot[]> {
    return this.#store.slots();
  }

  slotBytes(slot: number): number | undefined {
    return slot < 2 * this.images ? this.#slotBytes : undefined;
  }

  async eraseRange(slot: number, offset: number, bytes: number): Promise<void> {
    this.log.push(`erase ${slot} ${offset}+${bytes}`);
    this.#store.bytes(slot).fill(this.#erased, offset, offset + bytes);
  }

  async write(slot: number, offset: number, bytes: Uint8Array): Promise<void> {
    await this.#store.write(slot, offset, bytes);
  }

  trailerOffset(): number {
    return this.#slotBytes - this.#trailerBytes;
  }

  startOffset(): number {
    return 0;
  }

  async setPending(image: number, permanent: boolean): Promise<number> {
    await this.#store.setPending(2 * image + 1, permanent);
    return 0;
  }
}
