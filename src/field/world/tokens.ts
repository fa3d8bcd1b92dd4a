import { recogniseBootLine } from "../../mcuboot/index.ts";

/** Told of a line: its release, its sizes and addresses, and whatever else differs between two boards that do the same. */
const NOT_COMPARED = new Set([
  "version",
  "hexBytes",
  "offset",
  "bytes",
  "available",
  "sectors",
  "value",
  "count",
  "rest",
]);
/** Frame of a boot, read apart. */
const FRAME = new Set([
  ...["banner", "sdk banner", "os banner", "starting bootloader", "life cycle"],
  ...["chainload", "image version", "jumping", "no bootable image", "net core transfer done"],
]);
const KNOWN = new Map<string, string | undefined>();
const KNOWN_MAX = 20_000;

/**
 * A line of the bootloader in the words that two boots are compared by: the same for every release that prints it.
 * Undefined for lines that no table knows, and for those that frame a boot.
 */
export function tokenOf(text: string): string | undefined {
  const key = text.length > 300 ? undefined : text;
  if (key !== undefined && KNOWN.has(key)) return KNOWN.get(key);
  const token = read(text);
  if (key !== undefined && KNOWN.size < KNOWN_MAX) KNOWN.set(key, token);
  return token;
}

function read(text: string): string | undefined {
  const line = recogniseBootLine(text);
  if (line === undefined || FRAME.has(line.event)) return undefined;
  const fields = Object.entries(line.fields)
    // The number of the first image came later than the line itself.
    .filter(([name, value]) => !NOT_COMPARED.has(name) && !(name === "image" && value === "0"))
    .map(([name, value]) => `${name}=${value}`);
  return [line.event, ...fields].join(" ");
}
