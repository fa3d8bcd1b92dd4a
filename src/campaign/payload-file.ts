import { readFile } from "node:fs/promises";
import { cachedFile, FETCH_HINT } from "../board/index.ts";
import { concat, messageOf, type Random } from "../core/index.ts";
import { parseImage } from "../image/index.ts";
import type { ScenarioFile } from "./scenario.ts";

/** The fields of a payload that name a file to be signed anew. */
const FILE_FIELDS = ["file", "body_of"] as const;

/** True for a payload that comes from a file, and is not an image yet. */
export function isPayloadFile(scenario: ScenarioFile, role: "old" | "new"): boolean {
  const { payload } = scenario.value.images[role];
  return FILE_FIELDS.some((field) => payload[field] !== undefined);
}

/**
 * Reads the payload that a scenario names: a raw binary, or the body of an image that is signed already.
 * @param random what is appended to it, where the scenario wants it longer.
 * @throws ConfigurationError with the scenario's line and field.
 */
export async function readPayload(scenario: ScenarioFile, role: "old" | "new", random: Random): Promise<Uint8Array> {
  const { payload } = scenario.value.images[role];
  const field = FILE_FIELDS.find((name) => payload[name] !== undefined) ?? "file";
  const named = payload[field] ?? "";
  const path = cachedFile(scenario.file, named);
  try {
    const bytes = Uint8Array.from(await readFile(path));
    const body = field === "file" ? bytes : bodyOf(bytes);
    return concat(body, random.fork(`appended ${role}`).bytes(payload.append_bytes ?? 0));
  } catch (error) {
    const hint = named.startsWith("cache:")
      ? FETCH_HINT
      : "Build the firmware first, or correct the path: it is relative to the scenario's file.";
    const text = `names ${path}, which cannot be read (${messageOf(error)})`;
    throw scenario.wrong(["images", role, "payload", field], text, hint, { cause: error });
  }
}

function bodyOf(image: Uint8Array): Uint8Array {
  const { header } = parseImage(image);
  return image.slice(header.headerBytes, header.headerBytes + header.bodyBytes);
}
