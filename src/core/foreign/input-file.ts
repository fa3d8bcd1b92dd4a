import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { ConfigurationError, hasCode } from "../errors.ts";

/** Longer than any file that this program is for: a flash of 16 MiB as HEX text. */
export const INPUT_BYTES_MAX = 64 * 1024 * 1024;
/** A line of a file that is read line by line, in characters: what stands behind is passed over. */
const LINE_CHARS_MAX = 1_048_576;
const CHUNK_BYTES = 65_536;
/** What a shell makes of `<(a program)`, and standard input: only whoever types the command can mean these. */
const OWN_PIPE = /^\/(?:dev\/(?:stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/;

/**
 * Reads a file that somebody named. Never waits for good and never fills the memory, whatever the name stands for.
 * @param bytesMax a longer file is refused.
 * @throws ConfigurationError for a pipe, a device and a file that is too long; else what the system says.
 */
export function readInput(path: string, bytesMax = INPUT_BYTES_MAX): Uint8Array<ArrayBuffer> {
  using file = opened(path);
  const { found } = file;
  if (found.size > bytesMax) throw tooLong(found.size, bytesMax);
  // The size is a promise only: /proc says 0, and a file may grow while it is read.
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    // Beyond it: a pipe, /proc, a file that grows.
    const expected = bytes > found.size ? CHUNK_BYTES : found.size + 1 - bytes;
    const part = new Uint8Array(Math.min(expected, bytesMax + 1 - bytes, CHUNK_BYTES * 16));
    const count = readSync(file.number, part);
    if (count === 0) break;
    // A pipe may give a few bytes at a time: what they leave empty is not kept.
    parts.push(part.slice(0, count));
    bytes += count;
    // The end of a file was met: one question less, of thousands of small ones.
    if (count < part.length && bytes === found.size) break;
    if (bytes > bytesMax) throw tooLong(bytes, bytesMax);
  }
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** How a file begins, up to so many bytes. @throws as readInput, but for the length. */
export function readHead(path: string, bytes: number): Uint8Array {
  using file = opened(path);
  const head = new Uint8Array(bytes);
  return head.subarray(0, readSync(file.number, head));
}

/** A whole file as text of UTF-8. @throws as readInput. */
export function readInputText(path: string, bytesMax = INPUT_BYTES_MAX): string {
  return Buffer.from(readInput(path, bytesMax).buffer).toString("utf8");
}

/**
 * Hands the lines of a file to `take`, without their ends, however long the file is.
 * @param take returns false when it wants no more.
 * @param charsMax what of a line stands behind so many characters is passed over.
 * @throws as readInput, but for the length.
 */
export function eachLine(path: string, take: (line: string) => unknown, charsMax = LINE_CHARS_MAX): void {
  for (const lines of linePieces(path, charsMax)) {
    for (const line of lines) if (take(line) === false) return;
  }
}

/** A line of a run's record: the plan of a campaign of many cuts is one line. */
export const EVENT_CHARS_MAX = 8 * LINE_CHARS_MAX;

/** The same one by one, for a reader of two files at once. The file is open until the last line, or `return`. */
export function* linesOf(path: string, charsMax = LINE_CHARS_MAX): Generator<string, void, undefined> {
  for (const lines of linePieces(path, charsMax)) yield* lines;
}

/** The lines that end in each piece of a file that is read. */
function* linePieces(path: string, charsMax: number): Generator<readonly string[], void, undefined> {
  using file = opened(path);
  const decoder = new StringDecoder("utf8");
  // A folder of records has thousands of small files.
  const chunk = Buffer.allocUnsafe(file.found.isFile() ? Math.min(CHUNK_BYTES, file.found.size + 1) : CHUNK_BYTES);
  let rest = "";
  for (;;) {
    const count = readSync(file.number, chunk);
    const lines = (count > 0 ? decoder.write(chunk.subarray(0, count)) : decoder.end()).split("\n");
    const [first = ""] = lines;
    if (rest !== "") lines[0] = rest.length < charsMax ? rest + first.slice(0, charsMax - rest.length) : rest;
    for (const [index, line] of lines.entries()) if (line.length > charsMax) lines[index] = line.slice(0, charsMax);
    if (count > 0) rest = lines.pop() ?? "";
    yield lines;
    if (count === 0) break;
  }
}

interface OpenFile extends Disposable {
  readonly number: number;
  readonly found: Stats;
}

function opened(path: string): OpenFile {
  const isOwn = OWN_PIPE.test(path);
  const number = openedNumber(path, isOwn);
  const file = { number, found: fstatSync(number), [Symbol.dispose]: () => closeSync(number) };
  const { found } = file;
  if (found.isFile() || (isOwn && !found.isDirectory())) return file;
  file[Symbol.dispose]();
  if (found.isDirectory()) throw Object.assign(new Error("EISDIR: this is a folder"), { code: "EISDIR" });
  const kind = found.isFIFO() ? "a pipe" : found.isSocket() ? "a socket" : "a device";
  throw new ConfigurationError(`${path} is ${kind}, not a file.`, "Copy what comes from it into a file first.");
}

/** To open a pipe that nobody writes to would wait for good. */
function openedNumber(path: string, isOwn: boolean): number {
  try {
    return openSync(path, constants.O_RDONLY | (isOwn ? 0 : constants.O_NONBLOCK));
  } catch (error) {
    // Linux: a socket cannot be opened.
    if (hasCode(error, "ENXIO")) throw new ConfigurationError(`${path} is not a file.`, "", { cause: error });
    throw error;
  }
}

function tooLong(bytes: number, bytesMax: number): ConfigurationError {
  return new ConfigurationError(
    `the file has ${bytes} bytes or more; at most ${bytesMax} are read.`,
    "Check the path.",
  );
}
