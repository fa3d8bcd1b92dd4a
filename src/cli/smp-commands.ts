import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigurationError, fromHex, hasCode, UsageError } from "../core/index.ts";
import { parseImage, tlvsOf } from "../image/index.ts";
import { BITS_A_BYTE } from "../serial/index.ts";
import { dataRoom, isRefusal, type SmpClient } from "../smp/index.ts";
import type { CliIo } from "./io.ts";
import { lineBaudRate, packetLimit } from "./smp-connection.ts";
import { progressPrinter, uploadSummary } from "./smp-progress.ts";
import type { SmpCall, SmpSubcommand } from "./smp-subcommand.ts";
import { imageListText } from "./smp-text.ts";

const done = (json: unknown = {}) => ({ json, text: "Done\n" });

/** The commands of the OS and image groups. */
export const SMP_SUBCOMMANDS: readonly SmpSubcommand[] = [
  {
    usage: "echo <text...>",
    known: ["os echo"],
    about: "send a text, print what comes back",
    run: async ({ client, args: [text = ""], io }) => {
      const answer = await client.echo(text, { signal: io.signal });
      return { json: { r: answer }, text: `${answer}\n` };
    },
  },
  {
    usage: "params",
    about: "size and number of the board's SMP buffers",
    run: async ({ client, io }) => {
      const { bufferBytes, bufferCount, known } = await client.params({ signal: io.signal });
      const assumed = known ? "" : " (assumed: the board does not tell)";
      const text = `buf_size: ${bufferBytes}${assumed}\nbuf_count: ${bufferCount}${assumed}\n`;
      return { json: { buf_size: bufferBytes, buf_count: bufferCount, known }, text };
    },
  },
  {
    usage: "info [letters]",
    about: "what runs on the board: s kernel, n node, r release, v version, b build, m p i board, o OS, a all",
    run: async ({ client, args: [letters], io }) => {
      const output = await client.osInfo(letters, { signal: io.signal });
      return { json: { output }, text: `${output}\n` };
    },
  },
  {
    usage: "bootloader",
    about: "the bootloader, and how it upgrades",
    run: async ({ client, io }) => {
      const info = await bootloader(client, io.signal);
      const mode = info.mode === undefined ? "" : `, ${info.mode}${info.noDowngrade ? ", no downgrade" : ""}`;
      return { json: info, text: `${info.name}${mode}\n` };
    },
  },
  {
    usage: "reset",
    known: ["os reset"],
    about: "reset the board (--force, --boot-mode)",
    run: async ({ client, options, io }) => {
      const bootMode = options.number("boot-mode");
      const mode = bootMode === undefined ? {} : { bootMode };
      await client.reset({ ...(options.flag("force") ? { force: true } : {}), ...mode, signal: io.signal });
      return done();
    },
  },
  {
    usage: "image list",
    known: ["image state-read"],
    about: "the images in the board's slots",
    run: async ({ client, io }) => {
      const state = await client.imageState({ signal: io.signal });
      return { json: state, text: imageListText(state) };
    },
  },
  {
    usage: "image upload <file>",
    about: "upload an image (--image, --upgrade, --packet, --window)",
    check: async ([file = ""], io) => void (await readImage(file, io)),
    run: upload,
  },
  {
    usage: "image test <hash>",
    about: "boot this image once on the next reset",
    check: async ([hash = ""]) => void hashOf(hash),
    run: async ({ client, args: [hash = ""], io }) => {
      const state = await client.setImageState({ hash: hashOf(hash), confirm: false }, { signal: io.signal });
      return { json: state, text: imageListText(state) };
    },
  },
  {
    usage: "image confirm [hash]",
    about: "keep the running image (or, with a hash, that one) for good",
    // mcumgr wants an empty text for the running image.
    check: async ([hash = ""]) => void (hash === "" || hashOf(hash)),
    run: async ({ client, args: [hash = ""], io }) => {
      const named = hash === "" ? {} : { hash: hashOf(hash) };
      const state = await client.setImageState({ ...named, confirm: true }, { signal: io.signal });
      return { json: state, text: imageListText(state) };
    },
  },
  {
    usage: "image erase [slot]",
    about: "erase the slot that does not run, or the one that is named (also --slot)",
    check: async ([slot]) => void slotOf(slot),
    run: async ({ client, args: [slot], options, io }) => {
      await client.imageErase({ slot: slotOf(slot) ?? options.number("slot"), signal: io.signal });
      return done();
    },
  },
  {
    usage: "slots",
    about: "sizes of the slots",
    run: async ({ client, io }) => {
      const images = await client.slotInfo({ signal: io.signal });
      const text = images.flatMap(({ image, slots }) =>
        slots.map(({ slot, sizeBytes }) => ` image=${image} slot=${slot} size: ${sizeBytes ?? "unknown"}\n`),
      );
      return { json: { images }, text: text.join("") };
    },
  },
];

async function upload({ client, args: [file = ""], options, io }: SmpCall): Promise<{ json: unknown; text: string }> {
  const bytes = await readImage(file, io);
  const packetBytesMax = options.number("packet") ?? packetLimit(options, io);
  const baudRate = options.flag("json") ? undefined : lineBaudRate(options, io);
  const lineBytesASecond = baudRate && (await lineLimit(client, baudRate, packetBytesMax, io.signal));
  const result = await client.upload(bytes, {
    image: options.number("image"),
    upgrade: options.flag("upgrade") ? true : undefined,
    packetBytesMax,
    window: options.number("window"),
    imageHash: hashTlv(bytes),
    onProgress: options.flag("json") ? undefined : progressPrinter(io, lineBytesASecond),
    signal: io.signal,
  });
  return { json: result, text: uploadSummary(result) };
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

/** The bootloader that the application names, or the one that answers itself. */
async function bootloader(client: SmpClient, signal: AbortSignal) {
  try {
    return await client.bootloaderInfo({ signal });
  } catch (error) {
    if (!isRefusal(error, "ENOTSUP") || (await client.dialect({ signal })) === "application") throw error;
    return { name: "MCUboot", mode: "serial recovery" };
  }
}

async function readImage(file: string, io: CliIo): Promise<Uint8Array> {
  try {
    return Uint8Array.from(await readFile(resolve(io.cwd, file)));
  } catch (error) {
    const why = hasCode(error, "ENOENT") ? "There is no such file." : "It cannot be read.";
    throw new ConfigurationError(`cannot upload ${file}.`, why, { cause: error });
  }
}

/** The hash by which the board's list will name the image; undefined for a file that the board must judge. */
function hashTlv(bytes: Uint8Array): Uint8Array | undefined {
  try {
    const tlv = tlvsOf(parseImage(bytes)).find((entry) => [0x10, 0x11, 0x12].includes(entry.type));
    return tlv?.data;
  } catch {
    return undefined;
  }
}

/** @throws UsageError for what is no slot's number. */
function slotOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,2}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new UsageError(`"${text}" is no slot.`, "A slot is a number: 1 is the other slot of the application.");
}

/** @throws UsageError when the text is not the 64 hex digits of a SHA-256. */
function hashOf(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(text)) return fromHex(text);
  throw new UsageError(`"${text}" is no image hash.`, "A hash is 64 hex digits: copy it from `hil smp image list`.");
}
