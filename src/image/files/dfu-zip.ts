import { ConfigurationError, defined, isHilError, parseJson, utf8 } from "../../core/index.ts";
import { readZip, type ZipEntry } from "./zip.ts";
import { writeZip } from "./zip-write.ts";

/** A firmware file of a DFU package, with what its manifest says of it. */
export interface DfuFile {
  /** Name in the package. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Image number: 0 the application core, 1 the network core of an nRF5340. */
  readonly imageIndex: number;
  /** The manifest's entry, as it stands. */
  readonly entry: Readonly<Record<string, unknown>>;
}

export interface DfuPackage {
  readonly formatVersion: number;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly files: readonly DfuFile[];
}

/** What goes into a package's manifest for one file. Values are text, as the SDK writes them, or numbers. */
export interface DfuFileRequest {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly type: string;
  readonly board: string;
  readonly soc: string;
  readonly modifiedUnixS: number;
  /** Further keys in order: load_address, image_index, slot_index_primary, version_MCUBOOT … */
  readonly details: Readonly<Record<string, string | number>>;
}

const MANIFEST_NAME = "manifest.json";
/** Keys of an image number, newest first. Source: nRF Connect SDK dfu_multi_image; Nordic's iOS DFU library. */
const IMAGE_INDEX_KEYS = ["image_index", "image", "partition"] as const;
/** Old manifests hold numbers as bare hex, which is no JSON. */
const BARE_HEX = /("load_address"\s*:\s*)(0[xX][0-9a-fA-F]+)/g;

/**
 * The files of a DFU package (`dfu_application.zip`) with their manifest entries.
 * @throws ConfigurationError for a damaged archive or manifest, a missing file, or a size that differs.
 * Source: nRF Connect SDK scripts/bootloader/generate_zip.py.
 */
export async function readDfuZip(archive: Uint8Array): Promise<DfuPackage> {
  const entries = new Map((await readZip(archive)).map((entry) => [entry.name, entry.bytes]));
  const manifest = readManifest(entries.get(MANIFEST_NAME));
  const list: unknown = manifest["files"];
  if (!Array.isArray(list)) throw broken("its manifest lists no files");
  const files = list.map((item: unknown) => fileOf(asRecord(item, "a file of the manifest"), entries));
  return { formatVersion: Number(manifest["format-version"] ?? 0), manifest, files };
}

/**
 * A DFU package: firmware files first, stored, then the manifest, as the SDK builds it (format version 1).
 * @param options.timeUnixS time of the build, seconds since 1970.
 */
export function writeDfuZip(
  files: readonly DfuFileRequest[],
  options: { readonly timeUnixS: number; readonly name?: string },
): Uint8Array {
  const manifest = {
    "format-version": 1,
    time: options.timeUnixS,
    files: files.map(({ type, board, soc, details, bytes, name, modifiedUnixS }) => ({
      type,
      board,
      soc,
      ...details,
      size: bytes.length,
      file: name,
      modtime: modifiedUnixS,
    })),
    ...defined({ name: options.name }),
  };
  const entries: ZipEntry[] = files.map(({ name, bytes }) => ({ name, bytes }));
  const text = utf8(JSON.stringify(manifest, null, 4));
  return writeZip([...entries, { name: MANIFEST_NAME, bytes: text }], options.timeUnixS);
}

function readManifest(bytes: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  if (bytes === undefined) throw broken(`it has no ${MANIFEST_NAME}`);
  try {
    const text = Buffer.from(bytes)
      .toString("utf8")
      .replaceAll(BARE_HEX, (_, head: string, value: string) => {
        return `${head}${Number(value)}`;
      });
    return asRecord(parseJson(text), "its manifest");
  } catch (cause) {
    throw isHilError(cause) ? cause : broken("its manifest is no JSON", cause);
  }
}

function fileOf(entry: Readonly<Record<string, unknown>>, entries: ReadonlyMap<string, Uint8Array>): DfuFile {
  const name = String(entry["file"]);
  const bytes = entries.get(name);
  if (bytes === undefined) throw broken(`${name} is in the manifest, but not in the archive`);
  const size = Number(entry["size"] ?? bytes.length);
  if (size !== bytes.length) throw broken(`${name} has ${bytes.length} bytes, the manifest says ${size}`);
  const indexKey = IMAGE_INDEX_KEYS.find((key) => entry[key] !== undefined);
  const imageIndex = indexKey === undefined ? 0 : Number(entry[indexKey]);
  if (!Number.isInteger(imageIndex) || imageIndex < 0)
    throw broken(`${name} has image number ${String(entry[indexKey ?? ""])}`);
  return { name, bytes, imageIndex, entry };
}

function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value));
  }
  throw broken(`${what} is no JSON object`);
}

function broken(why: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError(`the DFU package cannot be used: ${why}.`, "Build it again.", { cause });
}
