/** The whole flash of a board as the bootloader sees it: synchronous reads; changes come only from a boot's driver. */
export interface Flash {
  /** A copy of `bytes` bytes from `offset` (device offset, in bytes). */
  read(offset: number, bytes: number): Uint8Array;
  /**
   * A name for the content of a range: equal names, equal bytes. Optional; with it, what is known about a content
   * (validity of an image) need not be worked out again. Undefined: it may read differently the next time.
   */
  identity?(offset: number, bytes: number): string | undefined;
  /**
   * What a look at a range comes to, for a reader to whom nothing else of it matters. Optional: `lookAt` does the same
   * with any flash. `sees` goes by the bytes alone.
   */
  look?(offset: number, bytes: number, sees: (bytes: Uint8Array) => number): number;
}

/** Reads a range for one fact about it: who remembers what a boot was told need not remember the bytes. */
export function lookAt(flash: Flash, offset: number, bytes: number, sees: (bytes: Uint8Array) => number): number {
  return flash.look?.(offset, bytes, sees) ?? sees(flash.read(offset, bytes));
}

/**
 * One call to the flash driver: what a power cut falls between, or into. Offsets are device offsets in bytes. Nobody
 * changes `data` once it is part of an operation.
 */
export type FlashOperation =
  | { readonly kind: "erase"; readonly offset: number; readonly bytes: number }
  | { readonly kind: "write"; readonly offset: number; readonly data: Uint8Array };

/** Bytes that an operation covers. */
export function operationBytes(operation: FlashOperation): number {
  return operation.kind === "erase" ? operation.bytes : operation.data.length;
}
