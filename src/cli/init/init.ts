import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import {
  draftProfile,
  fileNameOf,
  type Imported,
  importLabgrid,
  importTwister,
  type LoadedProfile,
  loadProfile,
  parseProfile,
} from "../../board/index.ts";
import { ConfigurationError, EXIT, messageOf, UsageError } from "../../core/index.ts";
import { listPorts } from "../../serial/index.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { boardDraft } from "./board.ts";
import { builtText, emulatedDraft, twinDraft } from "./from-build.ts";
import { relocated } from "./paths.ts";

const OPTIONS = {
  provider: {
    type: "string",
    describe: "hardware; twin: simulated; emulated: your firmware, executed",
    default: "hardware",
  },
  name: { type: "string", describe: "the board's name" },
  out: { type: "string", alias: "o", describe: "file to write, or folder for imports (default: boards/NAME.yaml)" },
  serial: { type: "string", describe: "the J-Link's serial number (default: the one that is plugged in)" },
  port: { type: "string", describe: "the application core's serial port, where there is no J-Link" },
  baud: { type: "string", describe: "bits a second (default: the build's, or 115200)" },
  power: { type: "string", describe: "driver of the power switch; docs/power.md lists them" },
  "power-option": { type: "string", describe: "FIELD=VALUE of that driver, such as channel=1 (repeatable)" },
  flasher: { type: "string", describe: "who programs the board: nrfutil, nrfjprog, jlink … or none" },
  signing: { type: "string", describe: "private key (PEM) that images are signed with" },
  encryption: { type: "string", describe: "private key (PEM) that images are encrypted for" },
  "no-probe": { type: "boolean", describe: "do not ask the board what it is" },
  "from-build": {
    type: "string",
    describe: "build folder of the firmware: slots, mode, keys, buffers are read from it",
  },
  "from-twister": { type: "string", describe: "a Twister hardware map: a profile for each nRF5340 in it" },
  "from-labgrid": {
    type: "string",
    describe: "a labgrid environment, or an exporter's file: a profile for each board in it",
  },
  yes: { type: "boolean", alias: "y", describe: "ask nothing: take what is found, and defaults" },
  force: { type: "boolean", describe: "overwrite profiles that are there" },
} as const satisfies OptionRows;

const FOLDER = "boards";
const SIMULATED_NEXT = {
  twin: "It is simulated: hil run",
  emulated: "It executes your firmware: hil run OLD NEW",
} as const;

/** `hil init`: writes profiles that hil accepts; nothing that is there is overwritten without --force. */
export async function initCommand(argv: readonly string[], io: CliIo, ports = listPorts): Promise<number> {
  const args = parseArguments(io, argv, "hil init [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const imported = await importedFrom(args, io, ports);
  if (imported) return writeAll(imported, args, io);
  const provider = args.text("provider") ?? "hardware";
  const build = await builtText(args, io);
  if (provider === "twin" || provider === "emulated") {
    const name = args.text("name") ?? `my-${provider}`;
    const file = fileFor(args, io, name);
    const draft = provider === "twin" ? twinDraft : emulatedDraft;
    const loaded = build
      ? draftProfile(draft(name, build, file), file)
      : parseProfile(await builtInText(provider, name), file);
    write([loaded], args, io);
    for (const note of build?.notes ?? []) io.err(`note: ${note}\n`);
    io.out(`${SIMULATED_NEXT[provider]} --board ${relative(io.cwd, file)}\n`);
    return EXIT.pass;
  }
  if (provider !== "hardware") throw new UsageError(`--provider wants hardware, twin or emulated, not "${provider}".`);
  const draft = await boardDraft(args, io, await ports(), build);
  const file = fileFor(args, io, draft.name);
  const loaded = draftProfile(relocated(draft, io.cwd, file), file);
  write([loaded], args, io);
  for (const note of build?.notes ?? []) io.err(`note: ${note}\n`);
  const shown = relative(io.cwd, loaded.file);
  io.out(`Look at the lines marked CHANGE, then: hil board check --board ${shown}\n`);
  return EXIT.pass;
}

async function importedFrom(args: Parsed, io: CliIo, ports: typeof listPorts): Promise<Imported | undefined> {
  const twister = args.text("from-twister");
  const labgrid = args.text("from-labgrid");
  if (twister !== undefined && labgrid !== undefined) {
    throw new UsageError("--from-twister and --from-labgrid exclude each other.", "Import one after the other.");
  }
  // The bench's ports may be on another machine than this one.
  const there = () => ports().catch(() => []);
  if ((twister ?? labgrid) !== undefined && args.text("from-build") !== undefined) {
    throw new UsageError("--from-build is for one board; a hardware map or a lab has several.", "Use one of them.");
  }
  if (twister !== undefined) return importTwister(resolve(io.cwd, twister), await there());
  if (labgrid !== undefined) return importLabgrid(resolve(io.cwd, labgrid), await there(), io.env);
  return undefined;
}

function writeAll({ drafts, skipped }: Imported, args: Parsed, io: CliIo): number {
  for (const text of skipped) io.err(`left out: ${text}\n`);
  if (drafts.length === 0) throw new ConfigurationError("no board in this file is one that hil knows.");
  const folder = resolve(io.cwd, args.text("out") ?? FOLDER);
  const profiles = drafts.map((draft) => draftProfile(draft, join(folder, fileNameOf(draft.name))));
  const twice = profiles.find(({ file }, index) => profiles.findIndex((other) => other.file === file) !== index);
  if (twice) {
    const text = `two boards of this file would both be ${relative(io.cwd, twice.file)}.`;
    throw new ConfigurationError(text, "Give them different names or ids.");
  }
  write(profiles, args, io);
  io.out("Look at the lines marked CHANGE, then: hil board list\n");
  return EXIT.pass;
}

function fileFor(args: Parsed, io: CliIo, name: string): string {
  return resolve(io.cwd, args.text("out") ?? join(FOLDER, fileNameOf(name)));
}

/** The board of this provider that ships with hil, under another name. */
async function builtInText(provider: "twin" | "emulated", name: string): Promise<string> {
  const { file } = await loadProfile(provider, { cwd: "/" });
  return readFileSync(file, "utf8")
    .replace(/^# yaml-language-server:.*\n/, "")
    .replace(/^name: .*$/m, `name: ${JSON.stringify(name)}`);
}

/** All or none: what is there already is found before anything is written. */
function write(profiles: readonly LoadedProfile[], args: Parsed, io: CliIo): void {
  const there = profiles.filter(({ file }) => existsSync(file)).map(({ file }) => relative(io.cwd, file));
  if (there.length > 0 && !args.flag("force")) {
    throw new UsageError(
      `${there.join(", ")} is there already.`,
      "Nothing was written. Name another --out, or --force.",
    );
  }
  for (const { file, text } of profiles) {
    const shown = relative(io.cwd, file);
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    } catch (error) {
      throw new ConfigurationError(`cannot write ${shown}: ${messageOf(error)}.`, "", { cause: error });
    }
    io.out(`written   ${shown}\n`);
  }
}
