import { cachedFile, FETCH_HINT } from "../../board/index.ts";
import { concat, isHilError, messageOf, type Random, readInput } from "../../core/index.ts";
import { flatten, parseImage, parseIntelHex } from "../../image/index.ts";
import { foreignFormat } from "./payload-formats.ts";
import type { ScenarioFile } from "./scenario.ts";

/** The fields of a payload that name a file to be signed anew. */
const FILE_FIELDS = ["file", "body_of"] as const;

/** Where a payload will lie. */
interface PayloadPlace {
  readonly headerBytes: number;
  /** Device address of the primary slot: payloads are linked for it, header bytes higher up. */
  readonly primaryAddress: number;
}

/** True for a payload that comes from a file, and is not an image yet. */
export function isPayloadFile(scenario: ScenarioFile, role: "old" | "new"): boolean {
  const { payload } = scenario.value.images[role];
  return FILE_FIELDS.some((field) => payload[field] !== undefined);
}

/** Every file that a scenario names, with its folders: what a run of it reads, and copies into its record. */
export function namedFiles(scenario: ScenarioFile): readonly string[] {
  const { old, new: next, network } = scenario.value.images;
  return [old, next, network?.old, network?.new].flatMap((image) => {
    if (image === undefined) return [];
    const { file, body_of, image: signed, dfu_zip } = image.payload;
    const named = [file, body_of, signed, dfu_zip].filter((name) => name !== undefined);
    return named.map((name) => cachedFile(scenario.file, name));
  });
}

/**
 * Reads the payload that a scenario names: a raw binary, an Intel HEX file (by its name), or the body of an image that
 * is signed already.
 * @param random what is appended to it, where the scenario wants it longer.
 * @throws ConfigurationError with the scenario's line and field: for a file that cannot be read, and for one that is
 *   no raw binary.
 */
export async function readPayload(
  scenario: ScenarioFile,
  role: "old" | "new",
  random: Random,
  place: PayloadPlace,
): Promise<Uint8Array> {
  const { payload } = scenario.value.images[role];
  const field = FILE_FIELDS.find((name) => payload[name] !== undefined) ?? "file";
  const named = payload[field] ?? "";
  const path = cachedFile(scenario.file, named);
  const wrong = (text: string, hint: string, cause?: unknown) =>
    scenario.wrong(["images", role, "payload", field], `names ${path}, which ${text}`, hint, { cause });
  let read: { readonly bytes: Uint8Array; readonly address?: number };
  try {
    const bytes = readInput(path);
    read = field === "body_of" ? { bytes: bodyOf(bytes) } : isHex(path) ? decoded(bytes) : { bytes };
  } catch (error) {
    const build = "Build the firmware first, or correct the path: it is relative to the scenario's file.";
    const hint = named.startsWith("cache:") ? FETCH_HINT : isHilError(error) ? error.hint : build;
    throw wrong(`cannot be read (${messageOf(error)})`, hint, error);
  }
  const foreign = foreignFormat(read.bytes, place.headerBytes);
  if (foreign !== undefined) throw wrong(`is ${foreign.name}, not a raw firmware binary`, foreign.hint);
  const wanted = place.primaryAddress + place.headerBytes;
  if (read.address !== undefined && read.address !== wanted) {
    const [is, must] = [read.address, wanted].map((value) => `0x${value.toString(16)}`);
    throw wrong(`begins at ${is}; behind its header it will lie at ${must}`, "Link it for this board's primary slot.");
  }
  return concat(read.bytes, random.fork(`appended ${role}`).bytes(payload.append_bytes ?? 0));
}

function isHex(path: string): boolean {
  return path.toLowerCase().endsWith(".hex");
}

function decoded(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly address: number } {
  return flatten(parseIntelHex(Buffer.from(bytes).toString("latin1")));
}

function bodyOf(image: Uint8Array): Uint8Array {
  const { header } = parseImage(image);
  return image.slice(header.headerBytes, header.headerBytes + header.bodyBytes);
}
