import { equalBytes, hex, isKind, ProtocolError, UsageError } from "../../core/index.ts";
import { BITS_A_BYTE } from "../../serial/index.ts";
import { dataRoom, type SmpClient, type UploadResult } from "../../smp/index.ts";
import type { Parsed } from "../terminal/arguments.ts";
import { durationMs } from "../terminal/duration.ts";
import type { CliIo } from "../terminal/io.ts";
import { lineBaudRate, packetLimit } from "./connection.ts";
import { readUploadFile, type UploadFile } from "./image-file.ts";
import { progressPrinter } from "./progress.ts";
import type { CommandOption, SmpCall } from "./subcommand.ts";

/** The options of whatever uploads an image. */
export const UPLOAD_OPTIONS = [
  "image",
  "upgrade",
  "packet",
  "window",
  "first-chunk",
] as const satisfies readonly CommandOption[];

/** The image pair that `--image` names. @throws UsageError */
export function imageNumber(options: Parsed): number {
  return options.whole("image") ?? 0;
}

/** What is wrong with an upload before a port is opened. @throws UsageError; ProtocolError */
export async function checkUpload([file = ""]: readonly string[], io: CliIo, options: Parsed): Promise<void> {
  await readUploadFile(file, imageNumber(options), io);
  eraseLimitMs(options);
}

/** What `--first-chunk` says, in milliseconds. @throws UsageError */
function eraseLimitMs(options: Parsed): number | undefined {
  const text = options.text("first-chunk");
  const ms = text === undefined ? undefined : durationMs("first-chunk", text);
  if (ms === 0) throw new UsageError(`--first-chunk ${text} leaves a board no time to erase.`, "Write 90s or 4m.");
  return ms;
}

/** Uploads the image that the first argument names, with progress unless the answer is JSON. */
export async function uploadImageFile({ client, args: [name = ""], options, io, board }: SmpCall): Promise<{
  readonly result: UploadResult;
  readonly file: UploadFile;
}> {
  const file = await readUploadFile(name, imageNumber(options), io);
  for (const text of file.problems) io.err(`warning: ${name}, ${text}.\n`);
  const packetBytesMax = options.whole("packet") ?? packetLimit(options, io, board);
  const baudRate = options.flag("json") ? undefined : lineBaudRate(options, io, board);
  const lineBytesASecond = baudRate && (await lineLimit(client, baudRate, packetBytesMax, io.signal));
  const result = await client.upload(file.bytes, {
    image: options.whole("image"),
    upgrade: options.flag("upgrade") ? true : undefined,
    packetBytesMax,
    window: options.whole("window"),
    imageHash: file.hash,
    firstChunkMs: eraseLimitMs(options) ?? board?.firstChunkMs,
    onProgress: options.flag("json") ? undefined : progressPrinter(io, lineBytesASecond),
    signal: io.signal,
  });
  return { result, file };
}

/**
 * A server may say that it has every byte and hold no image all the same: the one that took up an upload in a slot that
 * was erased since. Its list is the proof; a server that does not tell (serial recovery without it) is believed. One
 * that took every byte from the first on and lists another image in the slot is warned of.
 * @throws ProtocolError when the list has no such image. Source: zephyr #51798.
 */
export async function requireListed(
  { client, options, io }: SmpCall,
  { result, file: { hash, version } }: { readonly result: UploadResult; readonly file: UploadFile },
): Promise<void> {
  if (hash === undefined) return;
  const state = await client.imageState({ signal: io.signal }).catch((error: unknown) => {
    if (isKind(error, "protocol")) return undefined;
    throw error;
  });
  if (state === undefined) return;
  // In whichever pair: to serial recovery with direct uploads `--image` is a slot.
  const listed = state.images.filter((entry) => entry.hash === undefined || equalBytes(entry.hash, hash));
  const [first] = listed;
  if (first !== undefined) {
    const pair = imageNumber(options);
    if (listed.some(({ image }) => image === pair) || (await client.dialect({ signal: io.signal })) !== "application")
      return;
    const place = `image ${first.image}, slot ${first.slot}`;
    io.err(`warning: the board lists it as ${place}, and it was sent as --image ${pair}: it may have no such pair.\n`);
    return;
  }
  const what = `lists none with its hash (${hex(hash).slice(0, 16)}…, ${version})`;
  const hint = "What it holds is broken: erase the slot (`hil smp image erase`), then upload again.";
  const isWhole = !result.alreadyPresent && result.resumedAtBytes === 0;
  if (isWhole && state.images.some((entry) => !entry.active))
    io.err(`warning: the board took the image, and ${what}.\n`);
  else throw new ProtocolError(`image upload: the board says that it has the whole image, and ${what}.`, hint);
}

/** Bytes of image a second that the line allows when it is never idle, at the board's packet size. */
async function lineLimit(
  client: SmpClient,
  baudRate: number,
  packetBytesMax: number | undefined,
  signal: AbortSignal,
): Promise<number> {
  const { transport } = client.session;
  const { bufferBytes } = await client.params({ signal });
  const packetBytes = packetBytesMax ?? bufferBytes - transport.overheadBytes;
  const data = dataRoom({ off: 0x1_0000 }, packetBytes);
  return ((baudRate / BITS_A_BYTE) * data) / transport.wireBytes(packetBytes);
}
