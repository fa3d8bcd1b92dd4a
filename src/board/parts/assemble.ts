import { dirname } from "node:path";
import { Cleanup, type Clock, defined } from "../../core/index.ts";
import { openPower, type PortOpener, type PowerSwitch } from "../../power/index.ts";
import { Uart } from "../../serial/index.ts";
import { SmpClient, SmpSession } from "../../smp/index.ts";
import type { HealthMark } from "../lease/health.ts";
import { SharedCards } from "../lease/shared-cards.ts";
import { loadCalibration } from "../profile/calibration-file.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import type { SwitchSection } from "../profile/recovery-schema.ts";
import type { BoardProfile } from "../profile/schema.ts";
import type { Board, Flasher, WearLedger } from "./board.ts";
import { LeavingPorts } from "./leaving-ports.ts";
import { LogWatch } from "./log-watch.ts";
import { Losses } from "./losses.ts";
import { isLogless, lettingGo, smpTransport } from "./smp-line.ts";

/** What tells one kind of board from another: where its links come from, what its time is, who can flash it. */
export interface BoardParts {
  readonly clock: Clock;
  readonly links: PortOpener;
  /** The switch of a board that brings its own; otherwise the profile's driver. */
  readonly power?: PowerSwitch;
  /** Relay cards that other boards of this process use, too. */
  readonly cards?: SharedCards;
  readonly flash?: Board["flash"];
  readonly stopAfter?: Board["cuts"]["stopAfter"];
  readonly flasher?: Flasher;
  readonly wear?: WearLedger;
  readonly health?: HealthMark;
  readonly factoryImage?: Uint8Array;
  readonly notes?: readonly string[];
  readonly check?: () => void;
  readonly brokenRules?: () => readonly string[];
  readonly flashDone?: Board["flashDone"];
  readonly idleFaults?: () => readonly string[];
  readonly remarks?: () => readonly string[];
  /** Closed last: what stands behind the links. */
  readonly backend?: AsyncDisposable;
}

const MS = 1000;

/**
 * Puts a board together from its links; the same for hardware and twin. Closing it closes all of it, last opened first,
 * and throws what an observer of its UART threw: a record that lost bytes must not pass for a whole one.
 * @throws what opening a part throws; all that was open by then is closed.
 */
export async function assembleBoard(loaded: LoadedProfile, parts: BoardParts): Promise<Board> {
  const { profile } = loaded;
  const { clock, links } = parts;
  const cuts = cutsOf(profile);
  const closing = new Cleanup();
  try {
    if (parts.backend) closing.use("bench", parts.backend);
    const { app, net } = profile.ports;
    const losses = new Losses();
    const { power, press } = await switches(loaded, parts, losses.watching(links), closing);
    const leaving = new LeavingPorts({ clock, limitMs: profile.timeoutsMs.boot });
    const opened = async (port: NonNullable<BoardProfile["ports"]["smp"]>) => {
      const open = () => links.open(port, lineOf(port));
      const leaves = port.reopen ?? power.facts.cuts === "board";
      return Uart.open(await (leaves ? leaving.add(open) : open()), { clock });
    };
    const uart = closing.use("uart", await opened(app));
    const netUart = net && closing.use("net uart", await opened(net));
    uart.onEnd((reason) => losses.note(reason));
    const logs = {
      app: new LogWatch(uart.name, uart, clock, { lines: !isLogless(profile) }),
      ...(netUart === undefined ? {} : { net: new LogWatch(netUart.name, netUart, clock) }),
    };
    const link = (port: Parameters<typeof opened>[0]) => losses.watching(links).open(port, lineOf(port));
    const airMs = profile.timeoutsMs.boot;
    const transport = await smpTransport(profile, { clock, uart, opened, closing, link, airMs });
    const smp = closing.use(
      "smp",
      new SmpClient(new SmpSession(transport, { clock, timeoutMs: profile.timeoutsMs.smp })),
    );
    return {
      name: profile.name,
      profile,
      clock,
      uart,
      ...defined({ netUart }),
      logs,
      smp,
      power: lettingGo(leaving.around(power), transport),
      ...defined({ press }),
      portsBackUs: () => leaving.backAtUs,
      cuts: { ...cuts, ...defined({ stopAfter: parts.stopAfter }) },
      ...defined({
        flash: parts.flash,
        flasher: parts.flasher,
        wear: parts.wear,
        health: parts.health,
        factoryImage: parts.factoryImage,
        notes: parts.notes,
        brokenRules: parts.brokenRules,
        flashDone: parts.flashDone,
        idleFaults: parts.idleFaults,
        remarks: parts.remarks,
      }),
      check: () => {
        parts.check?.();
        losses.check();
      },
      [Symbol.asyncDispose]: () => closing[Symbol.asyncDispose](),
    };
  } catch (error) {
    // What closing says about a half-open board matters less than why it could not be opened.
    await closing[Symbol.asyncDispose]().catch(() => undefined);
    throw error;
  }
}

/** The switch in the supply, and the one on a button; two channels of one relay card go through one open port. */
async function switches(
  loaded: LoadedProfile,
  { clock, power: own, cards: shared }: BoardParts,
  links: PortOpener,
  closing: Cleanup,
): Promise<{ readonly power: PowerSwitch; readonly press: PowerSwitch | undefined }> {
  const { power, recovery } = loaded.profile;
  const pressed = recovery?.press;
  const cards = shared ?? (pressed && new SharedCards());
  const open = ({ driver, options }: SwitchSection) =>
    cards === undefined
      ? openPower({ driver, options }, { links, clock, folder: dirname(loaded.file) })
      : cards.openSwitch(loaded, links, clock, { driver, options });
  return {
    power: closing.use("power", own ?? (await open(power))),
    press: pressed && closing.use("button", await open(pressed)),
  };
}

/** The bench's own measurement where there is one, else what the profile says. */
function cutsOf(profile: BoardProfile): Board["cuts"] {
  const measured = loadCalibration(profile);
  if (measured) {
    const { latency_us: latencyUs, uncertainty_us: uncertaintyUs } = measured.off;
    return { latencyUs, uncertaintyUs, measured: measured.date };
  }
  const us = (ms: number) => Math.round(ms * MS);
  return { latencyUs: us(profile.power.cutLatencyMs), uncertaintyUs: us(profile.power.cutUncertaintyMs) };
}

function lineOf({ baudRate, hardwareFlowControl, dtr }: NonNullable<BoardProfile["ports"]["smp"]>) {
  return { baudRate, hardwareFlowControl, ...defined({ dtr }) };
}
