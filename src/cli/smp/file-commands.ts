import { writeFile as writeLocal } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigurationError, hex, isKind, messageOf, readInput, whyUnreadable } from "../../core/index.ts";
import {
  closeFile,
  commitSettings,
  deleteSetting,
  downloadFile,
  fileHash,
  fileHashTypes,
  fileStatus,
  loadSettings,
  readSetting,
  saveSettings,
  uploadFile,
  writeSetting,
} from "../../smp/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { progressPrinter } from "./progress.ts";
import { bytesOf, type SmpCall, type SmpPrinted, type SmpSubcommand } from "./subcommand.ts";

const done = { json: {}, text: "Done\n" };
/** What servers make of a command whose result they do not look at. Source: Zephyr 4.4.0, measured. */
const NO_PROOF = "Done (as far as the board says: it answers so whether or not its storage did anything)\n";

/** The commands of groups 3 and 8: settings and files. */
export const FILE_SUBCOMMANDS: readonly SmpSubcommand[] = [
  {
    usage: "settings read <key>",
    sends: ["readSetting"],
    about: "a setting, as hex digits",
    run: async ({ client, args: [name = ""], io }) => {
      const answer = await client.session.request(readSetting, { name }, { signal: io.signal });
      return { json: answer, text: `${hex(answer.val)}\n` };
    },
  },
  {
    usage: "settings write <key> <hex>",
    sends: ["writeSetting"],
    about: "set it in memory; `settings save` stores it",
    check: async ([, value = ""]) => void bytesOf(value),
    run: async ({ client, args: [name = "", value = ""], io }) => {
      await client.session.request(writeSetting, { name, val: bytesOf(value) }, { signal: io.signal });
      return done;
    },
  },
  {
    usage: "settings delete <key>",
    sends: ["deleteSetting"],
    about: "delete it from storage",
    run: async ({ client, args: [name = ""], io }) => {
      await client.session.request(deleteSetting, { name }, { signal: io.signal });
      return done;
    },
  },
  {
    usage: "settings load",
    sends: ["loadSettings"],
    about: "read all settings from storage again",
    run: async ({ client, io }) => {
      await client.session.request(loadSettings, {}, { signal: io.signal });
      return { json: {}, text: NO_PROOF };
    },
  },
  {
    usage: "settings commit",
    sends: ["commitSettings"],
    about: "let the firmware act on what was written",
    run: async ({ client, io }) => {
      await client.session.request(commitSettings, {}, { signal: io.signal });
      return { json: {}, text: NO_PROOF };
    },
  },
  {
    usage: "settings save [name]",
    sends: ["saveSettings"],
    about: "store the settings: all, or those below a name",
    run: async ({ client, args: [name], io }) => {
      await client.session.request(saveSettings, { name }, { signal: io.signal });
      return done;
    },
  },
  {
    usage: "fs download <from> <to>",
    sends: ["readFile"],
    known: ["file download"],
    about: "a file of the board into a file here",
    run: download,
  },
  {
    usage: "fs upload <from> <to>",
    sends: ["writeFile"],
    known: ["file upload"],
    about: "a file here into a file of the board, compared by its hash afterwards",
    check: async ([file = ""], io) => void localFile(file, io),
    run: upload,
  },
  {
    usage: "fs stat <file>",
    sends: ["fileStatus"],
    known: ["file read-size"],
    about: "the length of a file of the board",
    run: async ({ client, args: [name = ""], io }) => {
      const answer = await client.session.request(fileStatus, { name }, { signal: io.signal });
      return { json: answer, text: `${answer.len}\n` };
    },
  },
  {
    usage: "fs hash <file> [type]",
    sends: ["fileHash"],
    known: ["file get-hash"],
    about: "hash or checksum of a file or a part of it (sha256, crc32: what the firmware has)",
    options: ["offset", "length"],
    check: async (_, __, options) => void [options.whole("offset"), options.whole("length")],
    run: async ({ client, args: [name = "", type], options, io }) => {
      const part = { off: options.whole("offset"), len: options.whole("length") };
      const answer = await client.session.request(fileHash, { name, type, ...part }, { signal: io.signal });
      const output = typeof answer.output === "number" ? String(answer.output) : hex(answer.output);
      return { json: answer, text: `${output}\n` };
    },
  },
  {
    usage: "fs hash-types",
    sends: ["fileHashTypes"],
    known: ["file supported-hash-types"],
    about: "the hashes and checksums that the firmware has",
    run: async ({ client, io }) => {
      const { types } = await client.session.request(fileHashTypes, {}, { signal: io.signal });
      const rows = Object.entries(types).map(
        ([name, { format, size }]) => `${name.padEnd(12)} ${size} bytes${format === 0 ? ", as a number" : ""}\n`,
      );
      return { json: { types }, text: rows.join("") };
    },
  },
  {
    usage: "fs close",
    sends: ["closeFile"],
    known: ["file close"],
    about: "close the file that is open; an upload under way stays as a part",
    run: async ({ client, io }) => {
      await client.session.request(closeFile, {}, { signal: io.signal });
      return done;
    },
  },
];

async function download({ client, args: [from = "", to = ""], options, io }: SmpCall): Promise<SmpPrinted> {
  const onProgress = options.flag("json") ? undefined : progressPrinter(io);
  const bytes = await downloadFile(client.session, from, { signal: io.signal, onProgress });
  await writeLocal(resolve(io.cwd, to), bytes).catch((error: unknown) => {
    throw new ConfigurationError(`cannot write ${to}: ${messageOf(error)}.`, "", { cause: error });
  });
  return { json: { bytes: bytes.length }, text: "Done\n" };
}

async function upload({ client, args: [from = "", to = ""], options, io }: SmpCall): Promise<SmpPrinted> {
  const bytes = localFile(from, io);
  const { bufferBytes } = await client.params({ signal: io.signal });
  const room = bufferBytes - client.session.transport.overheadBytes;
  const onProgress = options.flag("json") ? undefined : progressPrinter(io);
  const { comparedBy } = await uploadFile(client.session, to, bytes, room, { signal: io.signal, onProgress });
  const proof =
    comparedBy === "nothing"
      ? "not compared: this firmware tells neither hash nor length"
      : `compared by its ${comparedBy}`;
  return { json: { bytes: bytes.length, comparedBy }, text: `Done (${proof})\n` };
}

function localFile(file: string, io: CliIo): Uint8Array {
  try {
    return readInput(resolve(io.cwd, file));
  } catch (error) {
    if (isKind(error, "configuration")) throw error;
    throw new ConfigurationError(`cannot read ${file}: ${whyUnreadable(error)}.`, "", { cause: error });
  }
}
