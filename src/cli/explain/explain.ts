import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { bootloaderBuildOf, type LoadedProfile, loadProfile, parseProfile } from "../../board/index.ts";
import {
  ConfigurationError,
  EXIT,
  eachLine,
  entryAt,
  hasCode,
  INPUT_BYTES_MAX,
  isKind,
  jsonIn,
  messageOf,
  readInput,
  readInputText,
  UsageError,
} from "../../core/index.ts";
import { decoded, isText, readList } from "../../field/index.ts";
import {
  type BootloaderBuild,
  endsInMagic,
  explainFlash,
  explainList,
  explainSlot,
  FlashContent,
  isBootLogLine,
  logNotes,
  logSpan,
  readLog,
  tellLog,
  trailerFlagsBytesOf,
} from "../../mcuboot/index.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { LogLines } from "./log-lines.ts";
import { answerJson, answerText, type Explained } from "./text.ts";

const OPTIONS = {
  board: {
    type: "string",
    describe: "board profile: mode, MCUboot generation and slots (of a run folder: the record's own)",
    default: "twin",
  },
  slot: { type: "string", describe: "the file is this slot alone, or the end of it with its trailer: 0 or 1" },
  image: { type: "string", describe: "of this image, for --slot", default: "0" },
  json: { type: "boolean", describe: "print the answer as JSON, and nothing else, on standard output" },
} as const satisfies OptionRows;

/** `hil explain FILE|RUN [--board PROFILE]` */
export async function explainCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const usage = "hil explain <boot log, image list, flash dump, slot, or run folder> [options]";
  const args = parseArguments(io, argv, usage, OPTIONS, 1);
  if (!args) return EXIT.pass;
  const [reference] = args.positional;
  if (reference === undefined)
    throw new UsageError("hil explain wants a file or a run folder.", "See hil explain --help.");
  const path = resolve(io.cwd, reference);
  const entry = entryAt(path);
  if (entry === undefined) throw new ConfigurationError(`${path}: there is no such file or folder.`);
  const isRun = entry.isDirectory();
  const board = args.text("board");
  const profile = isRun && board === undefined ? profileOfRun(path) : undefined;
  const build = bootloaderBuildOf(profile ?? (await loadProfile(board ?? "twin", { cwd: io.cwd })));
  if (isRun && args.text("slot") !== undefined) {
    throw new UsageError("--slot is for a file that is one slot; a run folder is read by its log.", "Leave it out.");
  }
  const answer = isRun ? ofRun(path, build) : ofFile(path, build, slotAsked(args, build));
  io.out(args.flag("json") ? answerJson(answer, reference, build, answer.mode) : answerText(answer));
  return EXIT.pass;
}

type FullAnswer = Explained & { readonly mode: string };
type SlotAsked = { readonly slot: 0 | 1; readonly image: number };

function slotAsked(args: Parsed, build: BootloaderBuild): SlotAsked | undefined {
  const slot = args.text("slot");
  if (slot === undefined) return undefined;
  if (slot !== "0" && slot !== "1")
    throw new UsageError(`--slot wants 0 or 1, not "${slot}".`, "See hil explain --help.");
  const image = args.whole("image") ?? 0;
  if (build.images[image] === undefined) {
    throw new UsageError(`--image ${image}: this board has ${build.images.length}.`, "Images count from 0.");
  }
  return { slot: slot === "0" ? 0 : 1, image };
}

/** The profile as the run used it. Its paths are not looked at: host.json, which knows where it lay, is a stranger's. */
function profileOfRun(folder: string): LoadedProfile | undefined {
  const kept = join(folder, "inputs", "profile.yaml");
  if (!existsSync(kept)) return undefined;
  return parseProfile(readInputText(kept), kept);
}

const BOOT_LOG = z.object({ event: z.literal("boot-log"), text: z.string() });

function ofRun(folder: string, build: BootloaderBuild): FullAnswer {
  const file = join(folder, "events.jsonl");
  if (!existsSync(file)) {
    throw new ConfigurationError(`${folder} holds no events.jsonl.`, "Name a run's folder, or a file.");
  }
  // One line an event, so that line numbers are those of the record.
  const log = new LogLines(file);
  eachLine(file, (line) => {
    // A record that was cut ends in half a line.
    const entry = line.includes('"boot-log"') ? BOOT_LOG.safeParse(jsonIn(line)) : undefined;
    log.add(entry?.success ? entry.data.text.replaceAll("\n", " ") : "");
  });
  const answer = ofLog(log.text(), build);
  if (answer === undefined) throw new ConfigurationError(`${folder}: its record has no line of a bootloader.`);
  return { ...answer, kind: "run", read: `a run's record, ${answer.read.replace("a boot log: ", "")} of events.jsonl` };
}

function ofLog(text: string, build: BootloaderBuild): FullAnswer | undefined {
  const reading = readLog(text, build);
  if (reading === undefined) return undefined;
  const notes = logNotes(reading);
  return {
    kind: "boot log",
    read: `a boot log: ${logSpan(reading)}`,
    images: tellLog(reading),
    notes,
    mode: reading.mode,
  };
}

function ofFile(path: string, build: BootloaderBuild, asked: SlotAsked | undefined): FullAnswer {
  if (statSync(path).size > INPUT_BYTES_MAX && asked === undefined) return ofLongLog(path, build);
  const bytes = bytesOf(path);
  if (bytes.length === 0) throw new ConfigurationError(`${path} is empty.`, WANTED);
  const least = trailerFlagsBytesOf(build);
  if (asked !== undefined && bytes.length < least) {
    throw new ConfigurationError(
      `${path} has ${bytes.length} bytes: too few for a trailer's magic and flags, the last ${least} of a slot here.`,
      WANTED,
    );
  }
  if (asked !== undefined) return ofSlot(bytes, build, asked);
  const text = decoded(bytes);
  const found = isText(text)
    ? (ofText(text, path, build) ?? ofDump(bytes, build))
    : (ofDump(bytes, build) ?? ofLog(text, build));
  if (found !== undefined) return found;
  if (endsInMagic(bytes, build) || isSlotLong(bytes, build)) {
    const what = isSlotLong(bytes, build) ? "is as long as a slot" : "ends as a trailer does";
    throw new ConfigurationError(`${path} ${what}: which one it is has to be told.`, "Add --slot 0 or --slot 1.");
  }
  throw new ConfigurationError(`${path} is nothing that hil explain knows: ${triedText(bytes, text, build)}.`, WANTED);
}

/** A file longer than any flash can only be a log: of its lines those of the bootloader are kept. */
function ofLongLog(path: string, build: BootloaderBuild): FullAnswer {
  const log = new LogLines(path);
  eachLine(path, (line) => {
    log.add(isBootLogLine(line) ? line : "");
  });
  const found = ofLog(log.text(), build);
  if (found === undefined) {
    throw new ConfigurationError(
      `${path} has no line of a bootloader in ${log.count}, and is too long for anything else.`,
      WANTED,
    );
  }
  return found;
}

const WANTED =
  "It wants a boot log, an image list (JSON or text), a flash dump from address 0, or one slot with --slot.";

function bytesOf(path: string): Uint8Array {
  try {
    return readInput(path);
  } catch (error) {
    if (isKind(error, "configuration") || !hasCode(error, "EACCES")) throw error;
    throw new ConfigurationError(`${path} cannot be read: ${messageOf(error)}.`, WANTED, { cause: error });
  }
}

function ofText(text: string, path: string, build: BootloaderBuild): FullAnswer | undefined {
  const list = readList(text);
  if (list !== undefined && !("wrong" in list)) {
    const slots = `${list.length} slot${list.length === 1 ? "" : "s"}`;
    return {
      kind: "image list",
      read: `an image list: ${slots}`,
      images: explainList(list, build),
      notes: [],
      mode: build.mode,
    };
  }
  const log = ofLog(text, build);
  if (log === undefined && list !== undefined) {
    throw new ConfigurationError(`${path} is no image list: it is ${list.wrong}.`, WANTED);
  }
  return log;
}

/** What was tried, and why it is not that. */
function triedText(bytes: Uint8Array, text: string, build: BootloaderBuild): string {
  const lines = text.split("\n").length;
  return [
    isText(text) ? `no boot log (no line of a bootloader in ${lines})` : "no text (so no boot log and no image list)",
    ...(isText(text) ? ["no image list (no JSON, no line that names a slot)"] : []),
    `no flash dump (${bytes.length} bytes, and a dump reaches to 0x${endOf(build).toString(16)}; --board names another layout)`,
    "no trailer (no magic at its end)",
  ].join(", ");
}

function endOf(build: BootloaderBuild): number {
  const areas = build.images.flatMap(({ primary, secondary }) => [primary, secondary]);
  return Math.max(
    ...[...areas, ...(build.scratch ? [build.scratch] : [])]
      .filter((a) => a.inRam !== true)
      .map((a) => a.offset + a.bytes),
  );
}

function isSlotLong(bytes: Uint8Array, build: BootloaderBuild): boolean {
  return build.images.some(({ primary, secondary }) => [primary.bytes, secondary.bytes].includes(bytes.length));
}

function ofSlot(bytes: Uint8Array, build: BootloaderBuild, { slot, image }: SlotAsked): FullAnswer {
  const { told, entry } = explainSlot(bytes, build, image, slot);
  const isWhole = isSlotLong(bytes, build);
  const read = isWhole ? `slot ${slot} of image ${image} alone` : `the last ${bytes.length} bytes of slot ${slot}`;
  const holds =
    entry === undefined
      ? {}
      : { holds: [{ ...entry, active: false, confirmed: false, pending: false, permanent: false }] };
  return { kind: isWhole ? "slot" : "trailer", read, images: [told], notes: [], mode: build.mode, ...holds };
}

function ofDump(bytes: Uint8Array, build: BootloaderBuild): FullAnswer | undefined {
  const needed = endOf(build);
  if (bytes.length < needed) return undefined;
  const flash = FlashContent.erased(needed, build.sectorBytes);
  flash.load(0, bytes.subarray(0, needed));
  const dump = explainFlash(flash, build);
  return {
    kind: "flash dump",
    read: "a flash dump",
    images: dump.images,
    notes: [],
    dump,
    holds: dump.before,
    mode: build.mode,
  };
}
