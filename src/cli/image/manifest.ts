import { createRequire } from "node:module";
import { ConfigurationError, concat, fromHex, UsageError, viewOf } from "../../core/index.ts";
import { isMarkedEncrypted, verifyImage } from "../../image/index.ts";
import { readNamed } from "./options/files.ts";
import { firmwareFrom, type ImageTool } from "./options/tool.ts";

interface ManifestImage {
  readonly index: number;
  readonly hash: Uint8Array;
}

/**
 * Data of a MANIFEST TLV from its YAML file: format, number of images, their hashes by index. Paths of images are
 * relative to the working folder, not to the file.
 * Source: nRF Connect SDK fork of imgtool, `--manifest`; MCUboot fork, mcuboot_manifest.h.
 */
export function manifestData(tool: ImageTool, path: string): Uint8Array {
  const text = Buffer.from(readNamed(tool.files, path, "manifest")).toString("utf8");
  // Loaded only here: most calls of sign need no YAML, and start faster without.
  const yaml: { parse(text: string, options: object): unknown } = createRequire(import.meta.url)("yaml");
  // As text: an unquoted hash of digits only must not become a number.
  const root = record(yaml.parse(text, { schema: "failsafe" }), "the manifest");
  if (Number(root["format"]) !== 1) throw invalid("Manifest format must be 1");
  const list: unknown = root["images"];
  if (!Array.isArray(list) || list.length === 0) throw invalid("Manifest lists no images");
  const images = list.map((entry: unknown) => imageOf(tool, record(entry, "an image")));
  images.sort((a, b) => a.index - b.index);
  const own = root["manifest_index"] === undefined ? undefined : Number(root["manifest_index"]);
  checkIndexes(images, own);
  if (new Set(images.map((image) => image.hash.length)).size > 1) {
    throw invalid("All image hashes must have the same length");
  }
  const head = new Uint8Array(8);
  viewOf(head).setUint32(0, 1, true);
  viewOf(head).setUint32(4, images.length, true);
  return concat(head, ...images.map((image) => image.hash));
}

function imageOf(tool: ImageTool, entry: Readonly<Record<string, unknown>>): ManifestImage {
  const index = Number(entry["index"] ?? 0);
  if (typeof entry["hash"] === "string") {
    try {
      return { index, hash: fromHex(entry["hash"].replace(/^0x/, "")) };
    } catch (cause) {
      throw new ConfigurationError("an image hash in the manifest is not hex digits.", "", { cause });
    }
  }
  if (typeof entry["path"] !== "string") throw invalid("Each image of a manifest needs a path or a hash");
  const path = entry["path"];
  const { bytes } = firmwareFrom(tool, path, `image ${path} of the manifest not found in the working folder`);
  const verdict = verifyImage(bytes);
  if (isMarkedEncrypted(verdict.image.header)) throw invalid(`Image ${path} of the manifest is encrypted`);
  if (!verdict.ok || verdict.digest === undefined) throw invalid(`Image ${path} of the manifest does not verify`);
  return { index, hash: verdict.digest };
}

/** Indexes, where they are given, count up from 0; the place of the manifest's own image is left out. */
function checkIndexes(images: readonly ManifestImage[], own: number | undefined): void {
  let expected = 0;
  for (const index of new Set(images.map((image) => image.index))) {
    if (expected === own) expected += 1;
    if (index !== expected) throw invalid(`Manifest image indexes must be consecutive. Missing index: ${expected}`);
    expected += 1;
  }
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value));
  }
  throw invalid(`${what} must be a YAML mapping`);
}

function invalid(why: string): UsageError {
  return new UsageError(`Invalid value: ${why}`);
}
