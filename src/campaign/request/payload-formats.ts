import { type FileKind, fileKindOf } from "../../image/index.ts";

/** What to do with a file that people take for a raw firmware binary, and that is none. */
const HINTS: Readonly<Record<FileKind["kind"], string>> = {
  elf: "Give the .bin or .hex that the build makes of it.",
  hex: "Name it .hex: then it is read as one.",
  srec: "Make a .bin or .hex of it.",
  zip: "A DFU package is named by payload.dfu_zip.",
  image: "It is signed already: name it by payload.image, or by payload.body_of to sign its body anew.",
  picture: "Correct the path.",
  empty: "Build it again.",
};

/** Source: Zephyr CONFIG_ROM_START_OFFSET; imgtool without --pad-header. */
const WITH_ROOM = {
  name: "a binary with room for a header",
  hint: "Its head is zeros where the header goes, and hil makes that room: cut it off.",
};

/** What a file is that should be a raw firmware binary; undefined when it may be one. */
export function foreignFormat(
  bytes: Uint8Array,
  headerBytes: number,
): { readonly name: string; readonly hint: string } | undefined {
  const found = fileKindOf(bytes);
  if (found !== undefined) return { name: found.name, hint: HINTS[found.kind] };
  const hasRoom = bytes.length > headerBytes && bytes.subarray(0, headerBytes).every((byte) => byte === 0);
  return hasRoom ? WITH_ROOM : undefined;
}
