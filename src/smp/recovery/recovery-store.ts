import type { StoredSlot } from "../server/image-store.ts";

/** What serial recovery needs of a board: its slots, without any image management between. */
export interface RecoveryStore {
  /** CONFIG_UPDATEABLE_IMAGE_NUMBER. */
  readonly images: number;
  /** Erase unit in bytes. */
  readonly sectorBytes: number;
  /** Write unit in bytes. */
  readonly writeBytes: number;
  /**
   * Every slot, in absolute order; `image` only where it passes the bootloader's full check, in the time that takes.
   * Flags as of the next boot.
   */
  slots(): Promise<readonly StoredSlot[]>;
  /** Size of a slot by its absolute number; undefined where there is none. */
  slotBytes(slot: number): number | undefined;
  /** Erases whole sectors, blank ones too. */
  eraseRange(slot: number, offset: number, bytes: number): Promise<void>;
  /** A range of whole write units. @throws SmpFault when the flash does not take it. */
  write(slot: number, offset: number, bytes: Uint8Array): Promise<void>;
  /** Offset in the slot where the trailer's status begins, in bytes; undefined of a build whose images have none. */
  trailerOffset(slot: number): number | undefined;
  /** Where an update begins in the slot, in bytes: swap using offset wants a secondary one sector up. */
  startOffset(slot: number): number;
  /** boot_set_pending of an image pair. Returns the code that the call would: 0 is success. */
  setPending(image: number, permanent: boolean): Promise<number>;
  /** The last byte of an upload is in its slot, and its answer on its way: an encrypted image is decrypted in place. */
  uploaded?(slot: number): Promise<void>;
}
