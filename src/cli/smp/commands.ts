import { defined, fromHex, UsageError } from "../../core/index.ts";
import { HASHES } from "../../image/index.ts";
import { isRefusal, type SmpClient } from "../../smp/index.ts";
import type { Parsed } from "../terminal/arguments.ts";
import { uploadSummary } from "./progress.ts";
import type { SmpSubcommand } from "./subcommand.ts";
import { imageListText } from "./text.ts";
import { checkUpload, requireListed, UPLOAD_OPTIONS, uploadImageFile } from "./upload.ts";

const done = (json: unknown = {}) => ({ json, text: "Done\n" });

/** The commands of the OS and image groups. */
export const SMP_SUBCOMMANDS: readonly SmpSubcommand[] = [
  {
    usage: "echo <text...>",
    sends: ["echo"],
    known: ["os echo"],
    about: "send a text, print what comes back",
    run: async ({ client, args: [text = ""], io }) => {
      const answer = await client.echo(text, { signal: io.signal });
      return { json: { r: answer }, text: `${answer}\n` };
    },
  },
  {
    usage: "params",
    sends: ["params"],
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
    sends: ["osInfo"],
    about: "what runs on the board: s kernel, n node, r release, v version, b build, m p i board, o OS, a all",
    run: async ({ client, args: [letters], io }) => {
      const output = await client.osInfo(letters, { signal: io.signal });
      return { json: { output }, text: `${output}\n` };
    },
  },
  {
    usage: "bootloader",
    sends: ["bootloaderInfo"],
    about: "the bootloader, and how it upgrades",
    run: async ({ client, io }) => {
      const info = await bootloader(client, io.signal);
      const mode = info.mode === undefined ? "" : `, ${info.mode}${info.noDowngrade ? ", no downgrade" : ""}`;
      return { json: info, text: `${info.name}${mode}\n` };
    },
  },
  {
    usage: "reset",
    sends: ["osReset"],
    known: ["os reset"],
    about: "reset the board",
    options: ["force", "boot-mode"],
    check: async (_, __, options) => void options.whole("boot-mode"),
    run: async ({ client, options, io }) => {
      const bootMode = options.whole("boot-mode");
      const mode = defined({ bootMode });
      await client.reset({ ...(options.flag("force") ? { force: true } : {}), ...mode, signal: io.signal });
      return done();
    },
  },
  {
    usage: "image list",
    sends: ["imageState"],
    known: ["image state-read"],
    about: "the images in the board's slots",
    run: async ({ client, io }) => {
      const state = await client.imageState({ signal: io.signal });
      return { json: state, text: imageListText(state) };
    },
  },
  {
    usage: "image upload <file>",
    sends: ["imageUpload"],
    about: "upload a signed image: .bin, .hex, or the one of a DFU package",
    options: UPLOAD_OPTIONS,
    instead: { slot: "What smpmgr calls --slot is the image pair: --image here." },
    check: checkUpload,
    run: async (call) => {
      const uploaded = await uploadImageFile(call);
      await requireListed(call, uploaded);
      return { json: uploaded.result, text: uploadSummary(uploaded.result) };
    },
  },
  {
    usage: "image test <hash>",
    sends: ["setImageState"],
    about: "boot this image once on the next reset",
    check: async ([hash = ""]) => void hashOf(hash),
    run: async ({ client, args: [hash = ""], io }) => {
      const state = await client.setImageState({ hash: hashOf(hash), confirm: false }, { signal: io.signal });
      return { json: state, text: imageListText(state) };
    },
  },
  {
    usage: "image confirm [hash]",
    sends: ["setImageState"],
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
    sends: ["imageErase"],
    about: "erase the slot that does not run, or the one that is named",
    options: ["slot"],
    instead: { image: "An erase names its slot: those of image 1 (the network core) are 2 and 3." },
    check: async ([slot], _, options) => void namedSlot(slot, options),
    run: async ({ client, args: [slot], options, io }) => {
      await client.imageErase({ slot: namedSlot(slot, options), signal: io.signal });
      return done();
    },
  },
  {
    usage: "slots",
    sends: ["slotInfo"],
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

/** The bootloader that the application names, or the one that answers itself. */
async function bootloader(client: SmpClient, signal: AbortSignal) {
  try {
    return await client.bootloaderInfo({ signal });
  } catch (error) {
    if (!isRefusal(error, "ENOTSUP") || (await client.dialect({ signal })) === "application") throw error;
    return { name: "MCUboot", mode: "serial recovery" };
  }
}

/** @throws UsageError for what is no slot's number. */
function slotOf(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,2}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new UsageError(`"${text}" is no slot.`, "A slot is a number: 1 is the other slot of the application.");
}

/** The slot that an erase names, as an argument or with --slot. @throws UsageError when both do, and differently. */
function namedSlot(argument: string | undefined, options: Parsed): number | undefined {
  const [slot, option] = [slotOf(argument), slotOf(options.text("slot"))];
  if (slot === undefined || option === undefined || slot === option) return slot ?? option;
  throw new UsageError(`image erase ${slot} --slot ${option} names two slots.`, "Name one.");
}

/** Hex digits of the hashes that an image may have. */
const HASH_DIGITS = HASHES.map(({ bytes }) => 2 * bytes);

/** @throws UsageError when the text is no image hash: SHA-256, SHA-384 or SHA-512 in hex digits. */
function hashOf(text: string): Uint8Array {
  if (/^[0-9a-f]+$/i.test(text) && HASH_DIGITS.includes(text.length)) return fromHex(text);
  const lengths = `${HASH_DIGITS.slice(0, -1).join(", ")} or ${HASH_DIGITS.at(-1)}`;
  throw new UsageError(
    `"${text}" is no image hash.`,
    `A hash has ${lengths} hex digits: copy it from \`hil smp image list\`.`,
  );
}
