import { BenchError } from "../../core/index.ts";
import { formatIntelHex } from "../../image/index.ts";

interface Area {
  readonly offset: number;
  readonly bytes: number;
  readonly device: "internal" | "qspi";
}

const ERASED = 0xff;

/**
 * An Intel HEX file that puts an image at the start of the primary slot and erased bytes everywhere else in both slots.
 * A tool that erases the pages a file touches thereby erases secondary slot and trailers, too. A secondary slot in
 * external flash is left out: its tool erases that flash.
 * @param image header first; at most as long as the primary slot.
 * @throws BenchError when it does not fit.
 */
export function baselineHex(image: Uint8Array, slots: { readonly primary: Area; readonly secondary: Area }): string {
  const { primary, secondary } = slots;
  if (image.length > primary.bytes) {
    const text = `the image of ${image.length} bytes does not fit the primary slot of ${primary.bytes}.`;
    throw new BenchError(text, "Build a smaller image, or correct the slots in the profile.");
  }
  const first = new Uint8Array(primary.bytes).fill(ERASED);
  first.set(image);
  const second = { address: secondary.offset, bytes: new Uint8Array(secondary.bytes).fill(ERASED) };
  return formatIntelHex([
    { address: primary.offset, bytes: first },
    ...(secondary.device === "internal" && secondary.bytes > 0 ? [second] : []),
  ]);
}
