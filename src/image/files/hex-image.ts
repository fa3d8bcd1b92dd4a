import { ConfigurationError } from "../../core/index.ts";
import type { BuiltImage } from "../build/build.ts";
import { trailerLayout } from "../format/trailer.ts";
import { joinSegments, type Segment } from "./intel-hex.ts";

/** What of a trailer goes into a hex file; "test" is "pad" with the image_ok field spelled out as erased. */
export type HexTrailer = "none" | "pad" | "confirm" | "test";

/**
 * Segments of an image's hex file: the image, and of the trailer only the fields that hold something. Padding is left
 * out, as imgtool does, so that a programmer does not write a whole slot.
 * @param baseAddress address of the header.
 * @throws ConfigurationError when a trailer is wanted and the slot's size is not known.
 */
export function imageSegments(
  built: BuiltImage,
  place: {
    readonly baseAddress: number;
    readonly slotBytes: number;
    readonly trailer: HexTrailer;
    readonly overwriteOnly: boolean;
  },
): Segment[] {
  const { baseAddress, slotBytes, trailer } = place;
  const image = { address: baseAddress, bytes: built.image };
  if (trailer === "none") return [image];
  if (slotBytes <= 0) {
    throw new ConfigurationError("a trailer in a hex file needs the slot's size.", "Give --slot-size.");
  }
  const { fields } = trailerLayout({
    maxAlign: built.maxAlign,
    writeBytes: 1,
    maxSectors: 0,
    statesPerSector: 3,
    keySlotBytes: 0,
    hasTlvSizes: false,
  });
  const piece = ({ fromEnd, bytes }: { readonly fromEnd: number; readonly bytes: number }): Segment => {
    const start = built.trailer.length - fromEnd;
    return { address: baseAddress + slotBytes - fromEnd, bytes: built.trailer.subarray(start, start + bytes) };
  };
  const withFlag = trailer !== "pad" && !place.overwriteOnly;
  return joinSegments([image, piece(fields.magic), ...(withFlag ? [piece(fields.imageOk)] : [])]);
}
