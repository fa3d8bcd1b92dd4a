import { openBoardSwitch } from "../../board/index.ts";
import { Cleanup, EXIT, RealClock, UsageError } from "../../core/index.ts";
import { cycle, type PowerState, type PowerSwitch } from "../../power/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { BOARD_OPTION, leaseBoard, namedProfile } from "./option.ts";

const OPTIONS = { ...BOARD_OPTION } as const satisfies OptionRows;
const ACTS = ["on", "off", "cycle", "status"] as const;

/** `hil board power on|off|cycle|status`: only the switch is opened; the board's ports stay free. */
export async function boardPowerCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, `hil board power <${ACTS.join("|")}> [options]`, OPTIONS, 1);
  if (!args) return EXIT.pass;
  const [asked = ""] = args.positional;
  const act = ACTS.find((name) => name === asked);
  if (act === undefined) throw new UsageError(`hil board power wants one of ${ACTS.join(", ")}, not "${asked}".`);
  const loaded = await namedProfile(args, io);
  const clock = new RealClock();
  await using closing = new Cleanup();
  await leaseBoard(loaded, io, closing);
  const power = closing.use("power", await openBoardSwitch(loaded, clock));
  const { offMs } = loaded.profile.power;
  if (act === "status") io.out(`${await stateOf(power)}\n`);
  else if (act === "cycle") {
    await cycle(power, { clock, offMs, signal: io.signal });
    io.out(`off for ${offMs} ms, then on${proof(power)}\n`);
  } else {
    await power.set(act satisfies PowerState, { signal: io.signal });
    io.out(`${act}${proof(power)}\n`);
  }
  return EXIT.pass;
}

async function stateOf(power: PowerSwitch): Promise<string> {
  if (power.read === undefined) return "unknown: this switch cannot be asked (docs/power.md)";
  return `${await power.read()}, as the switch says of itself`;
}

/** How much the word of the switch is worth. */
function proof({ facts }: PowerSwitch): string {
  if (facts.cuts === "reset only") return ": a reset, not a power cut";
  return facts.readsBack ? ": the switch says so, too" : ": sent; this switch does not say what it did";
}
