import { resolve } from "node:path";
import { ConfigurationError, isHilError, readInput, whyUnreadable } from "../../core/index.ts";
import {
  checkDfuPackage,
  type DfuPackage,
  formatVersion,
  hashOfTlv,
  parseSigned,
  readFirmwareFile,
  tlvsOf,
} from "../../image/index.ts";
import type { CliIo } from "../terminal/io.ts";

/** An image to upload, and what the board's list will call it. */
export interface UploadFile {
  readonly bytes: Uint8Array;
  /** As the board lists it: `1.2.3+4`. */
  readonly version: string;
  /** Hash TLV; undefined for an image without one. */
  readonly hash: Uint8Array | undefined;
  /** What in the package that it came of does not fit it: a manifest that names another version, say. */
  readonly problems: readonly string[];
}

/**
 * The image that a file holds: a signed binary, an Intel HEX file of one, or a DFU package, of which the file for this
 * image number is taken. Nothing else is sent to a board.
 * @param imageNumber image pair: 0 the application core, 1 the network core.
 * @throws ConfigurationError for a file that cannot be read or holds no such image.
 */
export async function readUploadFile(file: string, imageNumber: number, io: CliIo): Promise<UploadFile> {
  const wrong = (what: string, hint = "", cause?: unknown) =>
    new ConfigurationError(`cannot upload ${file}: ${what}.`, hint, { cause });
  let content: Uint8Array;
  try {
    content = readInput(resolve(io.cwd, file));
  } catch (error) {
    throw wrong(whyUnreadable(error), "", error);
  }
  try {
    const { bytes, problems } = await imageIn(content, imageNumber);
    const image = parseSigned(bytes);
    const hash = tlvsOf(image).find(({ type }) => hashOfTlv(type) !== undefined)?.data;
    return { bytes, version: formatVersion(image.header.version), hash, problems };
  } catch (error) {
    if (!isHilError(error)) throw error;
    throw wrong(error.message.replace(/\.$/, ""), error.hint, error);
  }
}

type Found = Pick<UploadFile, "bytes" | "problems">;

async function imageIn(content: Uint8Array, imageNumber: number): Promise<Found> {
  const found = await readFirmwareFile(content);
  return found.kind === "image" ? { bytes: found.bytes, problems: [] } : ofPackage(found, imageNumber);
}

function ofPackage(held: DfuPackage, imageNumber: number): Found {
  const { files } = held;
  const fitting = files.filter(({ imageIndex }) => imageIndex === imageNumber);
  const names = files.map(({ name, imageIndex }) => `${name} (image ${imageIndex})`).join(", ");
  const [found, second] = fitting;
  if (found !== undefined && second === undefined) {
    const { findings, problems } = checkDfuPackage(held);
    const ofFile = findings.find(({ file }) => file === found)?.problems ?? [];
    return { bytes: found.bytes, problems: [...problems, ...ofFile.map((text) => `${found.name}: ${text}`)] };
  }
  const what = found === undefined ? `no file for image ${imageNumber}` : `${fitting.length} for image ${imageNumber}`;
  const numbers = [...new Set(files.map(({ imageIndex }) => imageIndex))].join(" or ");
  throw new ConfigurationError(
    `the package holds ${what}: ${names === "" ? "nothing" : names}.`,
    numbers === "" ? "" : `Choose with --image ${numbers}, or unpack it and name a file.`,
  );
}
