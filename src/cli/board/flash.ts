import { resolve } from "node:path";
import { type Flasher, type LoadedProfile, openBoardSwitch, openFlasher } from "../../board/index.ts";
import {
  Cleanup,
  type Clock,
  ConfigurationError,
  EXIT,
  RealClock,
  readInput,
  UsageError,
  whyUnreadable,
} from "../../core/index.ts";
import { parseImage, parseIntelHex } from "../../image/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { BOARD_OPTION, leaseBoard, namedProfile } from "./option.ts";

const OPTIONS = { ...BOARD_OPTION } as const satisfies OptionRows;
const IMAGES_MAX = 16;

/** Where the nRF5340's flashes begin; below is the application core's. Source: nRF5340 Product Specification, Memory. */
const NETWORK_FLASH = 0x0100_0000;
const NETWORK_END = 0x0200_0000;

/** A file to program, and how. */
type Plan =
  | { readonly kind: "hex"; readonly core: "application" | "network"; readonly path: string; readonly name: string }
  | { readonly kind: "image"; readonly image: Uint8Array; readonly name: string };

/**
 * `hil board flash IMAGE…`: HEX files go to the core whose flash they address, network core first; a signed image goes
 * to the start of the primary slot, and the rest of both slots is erased. All files are read before any is programmed.
 */
export async function boardFlashCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil board flash <IMAGE…> [options]", OPTIONS, IMAGES_MAX);
  if (!args) return EXIT.pass;
  if (args.positional.length === 0) {
    throw new UsageError("hil board flash wants files.", "Name HEX files, or a signed image.");
  }
  const loaded = await namedProfile(args, io);
  const plans = await Promise.all(args.positional.map((name) => planFor(name, io.cwd)));
  const clock = new RealClock();
  await using closing = new Cleanup();
  await leaseBoard(loaded, io, closing);
  const flasher = flasherOf(loaded, clock);
  await switchOn(loaded, clock, io.signal);
  const isNetwork = (plan: Plan) => plan.kind === "hex" && plan.core === "network";
  for (const plan of [...plans.filter(isNetwork), ...plans.filter((plan) => !isNetwork(plan))]) {
    await programmed(flasher, plan, io.signal);
    io.out(`${plan.name}: programmed, ${plan.kind === "hex" ? `${plan.core} core` : "primary slot"}\n`);
  }
  io.out("A debugger leaves its power domain on: `hil board power cycle` before anything is timed.\n");
  return EXIT.pass;
}

/** The profile's flasher. @throws ConfigurationError when it names none. */
function flasherOf(loaded: LoadedProfile, clock: Clock): Flasher {
  const flasher = loaded.profile.provider === "hardware" ? openFlasher(loaded, { clock }) : undefined;
  if (flasher) return flasher;
  throw new ConfigurationError(
    `${loaded.file} names no flasher.`,
    "Add one, such as flasher: { tool: nrfutil } (docs/power.md); without one: hil smp image upload.",
  );
}

/** A debugger finds no SoC where there is no power. */
async function switchOn(loaded: LoadedProfile, clock: Clock, signal: AbortSignal): Promise<void> {
  await using power = await openBoardSwitch(loaded, clock);
  if (power.facts.cuts !== "reset only") await power.set("on", { signal });
}

async function programmed(flasher: Flasher, plan: Plan, signal: AbortSignal): Promise<void> {
  if (plan.kind === "image") return flasher.programPrimary(plan.image, signal);
  if (flasher.program) return flasher.program(plan.core, plan.path, signal);
  throw new ConfigurationError("this flasher programs no HEX files.", "Name a signed image.");
}

/** @throws ConfigurationError for a file that is neither; UsageError for a HEX file that spans both cores. */
async function planFor(name: string, cwd: string): Promise<Plan> {
  const path = resolve(cwd, name);
  let bytes: Uint8Array;
  try {
    bytes = readInput(path);
  } catch (error) {
    throw new ConfigurationError(`cannot read ${name}: ${whyUnreadable(error)}.`, "", { cause: error });
  }
  if (/\.(hex|ihex)$/i.test(name))
    return { kind: "hex", core: coreOf(name, new TextDecoder().decode(bytes)), path, name };
  parseImage(bytes);
  return { kind: "image", image: bytes, name };
}

function coreOf(name: string, text: string): "application" | "network" {
  const addresses = parseIntelHex(text).map(({ address }) => address);
  if (addresses.every((address) => address < NETWORK_FLASH)) return "application";
  if (addresses.every((address) => address >= NETWORK_FLASH && address < NETWORK_END)) return "network";
  throw new UsageError(
    `${name} holds more than one core's flash.`,
    "Name the HEX file of each core: a tool that is given both may program half of it.",
  );
}
