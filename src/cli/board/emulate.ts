import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  FirmwareBench,
  factoryImage,
  type LoadedProfile,
  loadProfile,
  serveEmulated,
  withFirmware,
} from "../../board/index.ts";
import { namedScenario, parseScenario, type ScenarioFile } from "../../campaign/index.ts";
import { Cleanup, EXIT, Random, RealClock, ScratchFolder, UsageError } from "../../core/index.ts";
import { askedFlash } from "../../mcuboot/index.ts";
import { openPty, serveTcp } from "../../serial/index.ts";
import { budgetOf } from "../sweep/driven.ts";
import { parseSwept, type SweepRequest, upgradeOf } from "../sweep/request.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { compareFirmware } from "./compare.ts";
import { linkedPaths } from "./linked-paths.ts";

const IMAGES_MAX = 8;

const OPTIONS = {
  board: { type: "string", describe: "profile of an emulated board: slots and keys of the build", default: "emulated" },
  net: { type: "string", describe: "image of the network core (repeatable)" },
  elf: { type: "string", describe: "ELF file of the build: addresses are told by names (repeatable)" },
  link: { type: "string", describe: "also make symbolic links DIR/uart and DIR/net, which do not change" },
  compare: { type: "boolean", describe: "each boot and each cut of the firmware beside the model's; serves nothing" },
  old: { type: "string", describe: "with --compare and --new: signed image that runs before the upgrade" },
  new: {
    type: "string",
    describe: "with --compare and --old: signed image to upgrade to; default: the HEX's own, signed anew",
  },
  permanent: { type: "boolean", describe: "with --compare: ask for a permanent upgrade instead of a test" },
  budget: { type: "string", describe: "with --compare: give up after so many boots (300) or so long (90s, 10m)" },
  json: { type: "boolean", describe: "with --compare: print the result as JSON, and nothing else" },
  gdb: { type: "string", describe: "wait for a debugger on this port of 127.0.0.1 (0: any): target remote :PORT" },
  cut: { type: "string", describe: "with --gdb: start where power came back after so many operations of the upgrade" },
  revert: { type: "boolean", describe: "with --cut: of the revert instead" },
  seed: { type: "string", describe: "seed of what the chip draws", default: "1" },
} as const satisfies OptionRows;

/**
 * `hil emulate HEX…`: firmware on an emulated chip as a program. Prints one line of JSON when its UARTs are there, then
 * runs until it is told to stop (Ctrl-C or SIGTERM, which is its normal end); what went wrong inside stands at the end.
 * With `--compare` nothing is served: see `compareFirmware`.
 */
export async function emulateCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil emulate [MERGED.hex ...] [options]", OPTIONS, IMAGES_MAX);
  if (!args) return EXIT.pass;
  const seed = args.number("seed") ?? 1;
  if (!Number.isSafeInteger(seed) || seed < 0) throw new UsageError("--seed wants a whole number from 0 on.");
  const images = { firmware: args.positional, network: args.texts("net"), elf: args.texts("elf"), cwd: io.cwd };
  const board = withFirmware(await loadProfile(args.text("board") ?? "emulated", { cwd: io.cwd }), images);
  requireUse(args);
  if (args.flag("compare")) return compare(board, args, seed, io);
  return serve(board, args, seed, io);
}

/** @throws UsageError for an option that says something of what is not asked for */
function requireUse(args: Parsed): void {
  const given = (name: string) => args.flag(name) || args.text(name) !== undefined;
  const isCompared = args.flag("compare");
  const needs = [
    ...["budget", "json"].map((name) => ({ name, other: "compare", met: isCompared })),
    ...["old", "new", "permanent"].map((name) => ({ name, other: "compare", met: isCompared || given("cut") })),
    { name: "cut", other: "gdb", met: given("gdb") },
    { name: "revert", other: "cut", met: given("cut") },
  ];
  const wrong = needs.find(({ name, met }) => !met && given(name));
  if (wrong) throw new UsageError(`--${wrong.name} is for --${wrong.other}.`, "See hil emulate --help.");
  if (isCompared && given("gdb")) throw new UsageError("--compare serves nothing: --gdb is for a chip that runs.");
}

async function compare(board: LoadedProfile, args: Parsed, seed: number, io: CliIo): Promise<number> {
  const { request, upgrade } = await upgradeAsked(board, args, seed, io);
  const budget = budgetOf(args.text("budget"));
  return compareFirmware({ request, upgrade, json: args.flag("json"), budget }, io);
}

/** @throws UsageError for one image of the two */
async function upgradeAsked(board: LoadedProfile, args: Parsed, seed: number, io: CliIo) {
  const images = [args.text("old"), args.text("new")].filter((file) => file !== undefined);
  if (images.length === 1) throw new UsageError("--old and --new go together.", "Name both signed images, or neither.");
  using scratch = new ScratchFolder("emulate");
  const request: SweepRequest = {
    board,
    scenario: images.length === 2 ? await namedScenario(images, io.cwd) : ownScenario(board, scratch.path),
    seed,
    swept: parseSwept({ permanent: args.flag("permanent") }),
  };
  return { request, upgrade: await upgradeOf(request) };
}

/** An upgrade of the firmware's own application from 1.0.0 to 2.0.0, signed with the profile's keys. */
function ownScenario(board: LoadedProfile, folder: string): ScenarioFile {
  const file = join(folder, "application.bin");
  writeFileSync(file, factoryImage(board));
  const payload = JSON.stringify({ body_of: file });
  const text = `schema: 1
name: own-application
images:
  old: { version: "1.0.0", payload: ${payload} }
  new: { version: "2.0.0", payload: ${payload} }
  encrypt: ${board.profile.keys.encryptionFile !== undefined}
`;
  return parseScenario(text, join(folder, "own-application.yaml"));
}

/** The flash that a cut left, where one was asked for. @throws UsageError for one behind the last operation */
async function contentAsked(loaded: LoadedProfile, args: Parsed, seed: number, io: CliIo) {
  const operation = args.whole("cut");
  if (operation === undefined) return undefined;
  const { upgrade } = await upgradeAsked(loaded, args, seed, io);
  const flash = askedFlash(upgrade);
  const bench = new FirmwareBench(loaded, Random.fromSeed(seed));
  try {
    return bench.contentAfterCut(flash, { boot: args.flag("revert") ? 1 : 0, operation });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--cut ${operation}: ${error.message}.`);
    throw error;
  }
}

async function serve(loaded: LoadedProfile, args: Parsed, seed: number, io: CliIo): Promise<number> {
  const content = await contentAsked(loaded, args, seed, io);
  const clock = new RealClock();
  await using closing = new Cleanup();
  const app = await openPty({ clock, name: "UART" });
  closing.use("uart", app.link);
  const net = loaded.profile.ports.net && (await openPty({ clock, name: "network core's UART" }));
  if (net) closing.use("network core", net.link);
  const port = args.whole("gdb", { least: 0, most: 65_535 });
  const gdb = port === undefined ? undefined : await serveTcp({ port, clock });
  if (gdb) closing.use("debugger", gdb);
  const paths = linkedPaths(args.text("link"), io.cwd, { uart: app.path, ...(net && { net: net.path }) }, closing);
  io.out(`${JSON.stringify({ ...paths, ...(gdb && { gdb: gdb.port }), pid: process.pid })}\n`);
  const links = net ? [app.link, net.link] : [app.link];
  const options = { links, clock, random: Random.fromSeed(seed), signal: io.signal, debugger: gdb, content };
  const found = await serveEmulated(loaded, options);
  for (const text of found) io.err(`${text}\n`);
  return EXIT.pass;
}
