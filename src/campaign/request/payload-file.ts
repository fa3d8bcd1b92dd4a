import { cachedFile, FETCH_HINT } from "../../board/index.ts";
import { concat, isHilError, messageOf, type Random, readInput } from "../../core/index.ts";
import { flatten, parseImage, parseIntelHex } from "../../image/index.ts";
import { type ImagePart, namedParts, partName } from "./image-part.ts";
import { foreignFormat } from "./payload-formats.ts";
import type { ScenarioFile } from "./scenario.ts";

/** The fields of a payload that name a file to be signed anew. */
const FILE_FIELDS = ["file", "body_of"] as const;

/** Where a payload will lie. */
interface PayloadPlace {
  readonly headerBytes: number;
  /** Device address that payloads are linked for: behind the header, or where the network core's application begins. */
  readonly bodyAddress: number;
}

/** True for a payload that comes from a file, and is not an image yet. */
export function isPayloadFile({ source: { payload } }: ImagePart): boolean {
  return FILE_FIELDS.some((field) => payload[field] !== undefined);
}

/** Every file that a scenario names, with its folders: what a run of it reads, and copies into its record. */
export function namedFiles(scenario: ScenarioFile): readonly string[] {
  const files = namedParts(scenario).flatMap(({ source: { payload } }) => {
    const { file, body_of, image: signed, dfu_zip } = payload;
    const named = [file, body_of, signed, dfu_zip].filter((name) => name !== undefined);
    return named.map((name) => cachedFile(scenario.file, name));
  });
  return [...new Set(files)];
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
  part: ImagePart,
  random: Random,
  place: PayloadPlace,
): Promise<Uint8Array> {
  const { payload } = part.source;
  const field = FILE_FIELDS.find((name) => payload[name] !== undefined) ?? "file";
  const named = payload[field] ?? "";
  const path = cachedFile(scenario.file, named);
  const wrong = (text: string, hint: string, cause?: unknown) =>
    scenario.wrong([...part.path, "payload", field], `names ${path}, which ${text}`, hint, { cause });
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
  const wanted = place.bodyAddress;
  if (read.address !== undefined && read.address !== wanted) {
    const [is, must] = [read.address, wanted].map((value) => `0x${value.toString(16)}`);
    if (part.core === "network") {
      throw wrong(`begins at ${is}; the network core's application lies at ${must}`, "Take the network core's build.");
    }
    throw wrong(`begins at ${is}; behind its header it will lie at ${must}`, "Link it for this board's primary slot.");
  }
  return concat(read.bytes, random.fork(`appended ${partName(part)}`).bytes(payload.append_bytes ?? 0));
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
