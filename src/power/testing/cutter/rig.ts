import { type Clock, RealClock, sleep, VirtualClock } from "../../../core/index.ts";
import { type Link, memoryLinks, openPty, openSerialPort } from "../../../serial/index.ts";
import { cutter } from "../../cutter/cutter.ts";
import type { PowerState } from "../../driver/switch.ts";
import type { Fault } from "../coils.ts";
import type { PowerRig } from "../contract.ts";
import { CutterBench } from "./bench.ts";

const GARBAGE = Uint8Array.of(0x55, 0xc0, 0xf3, 0x91, 0xdb);
const SLOW_MS = 60;

export interface CutterRig extends PowerRig {
  readonly bench: CutterBench;
  readonly unplug: () => void;
}

interface Line {
  readonly clock: Clock;
  readonly far: Link;
  readonly open: () => Promise<Link>;
  readonly vanish: () => void;
}

function memoryLine(): Line {
  const clock = new VirtualClock();
  const [host, far] = memoryLinks({ clock });
  return { clock, far, open: async () => host, vanish: () => host.vanish() };
}

async function ptyLine(): Promise<Line> {
  const clock = new RealClock();
  const { link: far, path } = await openPty({ clock });
  const open = () => openSerialPort(path, { baudRate: 115_200, clock });
  return { clock, far, open, vanish: () => void far[Symbol.asyncDispose]() };
}

/** The driver and the real program, on a line in memory in virtual time, or a port of the system. The supply is on while the pin is high. */
export async function cutterRig(
  options: {
    readonly fault?: Fault;
    readonly firstTicks?: number;
    readonly watchdogMs?: number;
    readonly line?: "pty" | undefined;
  } = {},
): Promise<CutterRig> {
  const { fault = "works", firstTicks = 0, watchdogMs = options.line === "pty" ? 60_000 : 2000 } = options;
  const { clock, far, open, vanish } = await (options.line === "pty" ? ptyLine() : memoryLine());
  const history: PowerState[] = [];
  // What a burnt-out transistor makes of it.
  let supply: PowerState = fault === "refuses" ? "off" : "on";
  const answer = (bytes: Uint8Array) => (fault === "garbage" ? GARBAGE : bytes);
  const slow = {
    name: far.name,
    chunks: far.chunks,
    write: async (bytes: Uint8Array) => {
      if (fault === "slow") await sleep(clock, SLOW_MS);
      if (fault !== "silent") await far.write(bytes);
    },
    [Symbol.asyncDispose]: () => far[Symbol.asyncDispose](),
  };
  const onPin = (level: number) => {
    const next = level === 1 ? "on" : "off";
    if (next === supply || fault === "refuses") return;
    supply = next;
    history.push(next);
  };
  const bench = await CutterBench.start({ clock, link: slow, firstTicks, answer, onPin });
  const settings = { port: { path: "mem" }, pin: 15, on_level: 1, cuts: "soc", watchdog_ms: watchdogMs } as const;
  try {
    const power = await cutter.open(settings, { clock, links: { open } });
    if (fault === "unplugged") vanish();
    return {
      power,
      clock,
      bench,
      unplug: vanish,
      supply: async () => supply,
      history: async () => history,
      async [Symbol.asyncDispose]() {
        await power[Symbol.asyncDispose]();
        await bench[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await bench[Symbol.asyncDispose]();
    throw error;
  }
}
