/** What a server of images needs of a board: its slots. The twin is one, a test's array another. */
export interface ImageStore {
  /** Image pairs: 1, or 2 on a board whose network core is upgraded too. */
  readonly images: number;
  /**
   * How the next boot is asked for: by a swap; where images run in place, by marking either slot; or not at all, as the
   * newest runs. Default: by a swap.
   */
  readonly requests?: "swap" | "in place" | "none";
  /** Write unit of the flash in bytes; default: 1. */
  readonly writeBytes?: number;
  /**
   * Every slot now, in absolute order (0 and 1 of image 0, 2 and 3 of image 1). May take the time of reading headers.
   */
  slots(): Promise<readonly StoredSlot[]>;
  /** No byte of the slot is programmed. */
  isBlank(slot: number): Promise<boolean>;
  /**
   * Makes the slot ready for an image of `imageBytes` bytes, in the time that flash takes: of a slot that is not blank it
   * erases every page that the image and the trailer need. More bytes than the slot has are taken as all of it.
   */
  prepare(slot: number, imageBytes: number): Promise<void>;
  /** Takes bytes of an upload, in order from 0. They need not be in the flash yet. */
  write(slot: number, offset: number, bytes: Uint8Array): Promise<void>;
  /** All bytes of an upload were written: what is still held goes to the flash. */
  finish?(slot: number): Promise<void>;
  /** Erases every page of the slot, unless the slot is blank: that costs no time. */
  erase(slot: number): Promise<void>;
  /** The next boot swaps `slot` in: to try it, or for good. */
  setPending(slot: number, permanent: boolean): Promise<void>;
  /** The image that runs in `slot` stays: its trailer says image ok. */
  confirm(slot: number): Promise<void>;
  /** SHA-256 of the first `bytes` bytes of a slot, on a server built with CONFIG_IMG_ENABLE_IMAGE_CHECK. */
  sha256?(slot: number, bytes: number): Promise<Uint8Array>;
}

/** A slot as MCUboot's trailers and the image header say; flags as of the next boot. */
export interface StoredSlot {
  /** Absolute. */
  readonly slot: number;
  /** Space for an image, in bytes. */
  readonly slotBytes: number;
  /** Undefined when no readable image (header, TLVs, exactly one hash) is there: such a slot is not listed. */
  readonly image:
    | {
        /** "1.2.3", with ".4" only when the build number is not 0. */
        readonly version: string;
        readonly hash: Uint8Array;
        readonly bootable: boolean;
      }
    | undefined;
  /** The one that runs now. */
  readonly active: boolean;
  readonly confirmed: boolean;
  readonly pending: boolean;
  readonly permanent: boolean;
}

/** What the next boot of an image pair does. */
export type SwapPlan = "none" | "test" | "permanent" | "revert";

/** The plan of one pair, from the flags of its slots. */
export function planOf(slots: readonly StoredSlot[], image: number): SwapPlan {
  const pair = slots.filter((slot) => slot.slot >> 1 === image);
  const other = otherSlot(pair);
  if (other?.pending) return other.permanent ? "permanent" : "test";
  return other?.confirmed ? "revert" : "none";
}

/** The slot of a pair that does not run: the secondary one, unless that does. */
export function otherSlot(pair: readonly StoredSlot[]): StoredSlot | undefined {
  const runsSecond = pair.some((slot) => slot.active && slot.slot % 2 === 1);
  return pair.find((slot) => slot.slot % 2 === (runsSecond ? 0 : 1));
}
