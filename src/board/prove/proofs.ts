import { compilePattern, isKind, type Random, sleep, within } from "../../core/index.ts";
import { cycle } from "../../power/index.ts";
import { customCommand, echo } from "../../smp/index.ts";
import { calibrate, untilAnswers } from "../calibrate/calibrate.ts";
import { enterSerialRecovery } from "../enter-recovery.ts";
import type { Board } from "../parts/board.ts";

/** What a board has shown of one row of docs/unverified.md. */
export interface Proof {
  /** `not told`: what was looked at says nothing either way. */
  readonly outcome: "shown" | "contradicted" | "not told";
  /** One sentence. */
  readonly text: string;
  /** Figures and answers that it rests on. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

interface ProofBench {
  readonly board: Board;
  readonly signal: AbortSignal;
  readonly random: Random;
}

/** One row of docs/unverified.md that a board can answer by itself. */
interface ProofRow {
  /** Short, for `--row`. */
  readonly id: string;
  /** How the row's first cell begins on the page. */
  readonly page: string;
  /** What is done to the board, for the question before; undefined where nothing moves. */
  readonly moves?: string;
  /** Why this bench cannot be asked; undefined where it can. */
  lacks(board: Board): string | undefined;
  /** @throws BenchError, TimeoutError when the board does not come back; the signal's reason. */
  prove(bench: ProofBench): Promise<Proof>;
}

/** Echoes of this many bytes: two frames of a UART line each, as an upload's packets are. */
const ECHO_BYTES = 512;
const ECHOES = 50;
const CALIBRATION_TRIALS = 10;
/** How long ports are looked at without power, in milliseconds: a USB device that goes is gone within one. */
const OFF_MS = 2_000;
/** Off times, in milliseconds: from a bounce to one that empties every capacitor. */
const OFF_TIMES_MS = [100, 500, 3_000] as const;
/** The fixture's facts about its boot: docs/firmware.md, "What it says". */
const FACTS = customCommand({ group: 64, id: 0, op: "read" });
/** RESETREAS.SREQ of the nRF5340's application core. Source: nRF5340 PS, RESET, RESETREAS. */
const SOFT_RESET = 0x8;
/** So long after its answer to a reset a board has gone, in milliseconds: Zephyr's MCUMGR_GRP_OS_RESET_MS is 250. */
const RESET_MS = 500;
/** From the application's first answer to the network core's line, in milliseconds: as a campaign waits. */
const NET_MS = 3_000;

const cutsTheSupply = (board: Board) =>
  board.power.facts.cuts === "reset only" ? "its switch only resets it" : undefined;

/** Every row that needs no other instrument than the bench itself, cheapest first. */
export const PROOFS: readonly ProofRow[] = [
  {
    id: "large-frames",
    page: "`MSDDisable` keeps large frames whole",
    lacks: () => undefined,
    prove: largeFrames,
  },
  {
    id: "switch",
    page: "Latency, bounce, spread of every switch",
    moves: `cuts its power ${CALIBRATION_TRIALS} times`,
    lacks: cutsTheSupply,
    prove: switchTimes,
  },
  {
    id: "ports-stay",
    page: "That a J-Link's ports stay when only the SoC loses power",
    moves: "takes its power for two seconds",
    lacks: (board) =>
      board.power.facts.cuts === "soc" ? undefined : "its switch does not cut the SoC's supply alone (power.cuts)",
    prove: portsStay,
  },
  {
    id: "resetreas",
    page: "RESETREAS is 0 after a loss of power",
    moves: "takes its power once, and resets it once",
    lacks: cutsTheSupply,
    prove: resetReason,
  },
  {
    id: "ram-goes",
    page: "That DTR off, 1 kΩ in series, a bleeder or a shorting contact stop back-feeding",
    moves: `takes its power for ${OFF_TIMES_MS.join(", ")} ms`,
    lacks: cutsTheSupply,
    prove: ramGoes,
  },
  {
    id: "network-line",
    page: "Network core: what `ports.net.version` finds",
    moves: "takes its power once",
    lacks: (board) =>
      cutsTheSupply(board) ??
      (board.profile.ports.net?.version === undefined || board.logs.net === undefined
        ? "its profile has no ports.net.version"
        : undefined),
    prove: networkLine,
  },
  {
    id: "serial-recovery",
    page: "Ways into serial recovery",
    moves: "brings it into serial recovery, and back by its power or a reset",
    lacks: (board) => (board.profile.recovery === undefined ? "its profile has no recovery" : undefined),
    prove: serialRecovery,
  },
];

async function largeFrames({ board, signal }: ProofBench): Promise<Proof> {
  let whole = 0;
  const text = "hil ".repeat(ECHO_BYTES / 4);
  for (let count = 0; count < ECHOES; count += 1) {
    try {
      const { r } = await board.smp.session.request(echo, { d: text }, { signal, retries: 0 });
      if (r === text) whole += 1;
    } catch (error) {
      signal.throwIfAborted();
      if (!isKind(error, "timeout") && !isKind(error, "protocol")) throw error;
    }
  }
  const evidence = { asked: ECHOES, whole, bytes: ECHO_BYTES };
  if (whole === ECHOES) return { outcome: "shown", text: `${whole} of ${ECHOES} echoes came back whole.`, evidence };
  return { outcome: "contradicted", text: `${ECHOES - whole} of ${ECHOES} echoes did not come back whole.`, evidence };
}

async function switchTimes({ board, signal, random }: ProofBench): Promise<Proof> {
  const { off } = await calibrate(board, { trials: CALIBRATION_TRIALS, random, signal });
  const { latencyUs, uncertaintyUs } = board.cuts;
  const [from, to] = [latencyUs - uncertaintyUs, latencyUs + uncertaintyUs];
  const inside = off.seen.minUs >= from && off.seen.minUs <= to;
  const ms = (us: number) => (us / 1000).toFixed(1);
  const found = `power went ${ms(off.seen.minUs)} to ${ms(off.seen.maxUs)} ms after the command`;
  const said = `${board.cuts.measured === undefined ? "the profile" : "the calibration"} says ${ms(from)} to ${ms(to)} ms`;
  const evidence = { off, profile: { latencyUs, uncertaintyUs } };
  return { outcome: inside ? "shown" : "contradicted", text: `${found}; ${said}.`, evidence };
}

async function portsStay({ board, signal }: ProofBench): Promise<Proof> {
  const { power, clock } = board;
  const before = board.portsBackUs?.();
  await power.set("off", { signal });
  let lost: unknown;
  try {
    await sleep(clock, OFF_MS, signal);
    board.check();
  } catch (error) {
    signal.throwIfAborted();
    lost = error;
  } finally {
    await power.set("on");
  }
  await untilAnswers(board, signal);
  const stayed = lost === undefined && board.portsBackUs?.() === before;
  const evidence = { port: board.uart.name, offMs: OFF_MS, stayed };
  const text = `${board.uart.name} ${stayed ? "stayed" : "went away"} while power was off, and the board answers after it.`;
  return { outcome: stayed ? "shown" : "contradicted", text, evidence };
}

/** Power goes for so long, in milliseconds, and the board answers again. */
async function powerCycled({ board, signal }: ProofBench, offMs = board.profile.power.offMs): Promise<void> {
  await cycle(board.power, { clock: board.clock, offMs, signal });
  await untilAnswers(board, signal);
}

interface BootFacts {
  readonly reset: number;
  readonly ram: string;
  readonly boots: number;
}

const NO_FIXTURE: Proof = {
  outcome: "not told",
  text: "the application does not tell its boot's facts: flash the firmware of docs/firmware.md (SMP group 64).",
  evidence: {},
};

/** What the fixture's application says of its boot; undefined of another application. */
async function bootFacts({ board, signal }: ProofBench): Promise<BootFacts | undefined> {
  try {
    const { "*": answer } = await board.smp.session.request(FACTS, { "*": {} }, { signal, retries: 3 });
    const { reset, ram, boots } = answer as Partial<Record<keyof BootFacts, unknown>>;
    if (typeof ram !== "string" || (typeof reset !== "number" && typeof reset !== "bigint")) return undefined;
    return { reset: Number(reset), ram, boots: Number(boots) };
  } catch (error) {
    if (isKind(error, "protocol")) return undefined;
    throw error;
  }
}

/** The facts of the boot after this one: an application answers on for a moment after it took a reset. */
async function nextBoot(bench: ProofBench, before: BootFacts): Promise<BootFacts | undefined> {
  const { board, signal } = bench;
  const limitMs = board.profile.timeoutsMs.boot;
  return within(
    board.clock,
    limitMs,
    `another boot of ${board.name} after a reset`,
    async (stop) => {
      for (;;) {
        await sleep(board.clock, RESET_MS, stop);
        await untilAnswers(board, stop);
        const facts = await bootFacts(bench);
        if (facts === undefined || facts.boots !== before.boots) return facts;
      }
    },
    { signal },
  );
}

async function resetReason(bench: ProofBench): Promise<Proof> {
  const { board, signal } = bench;
  const before = await bootFacts(bench);
  if (before === undefined) return NO_FIXTURE;
  await board.smp.reset({ signal });
  const soft = await nextBoot(bench, before);
  await powerCycled(bench);
  const cold = await bootFacts(bench);
  if (soft === undefined || cold === undefined) return NO_FIXTURE;
  const hexOf = (value: number) => `0x${value.toString(16).padStart(8, "0")}`;
  const right = cold.reset === 0 && (soft.reset & SOFT_RESET) !== 0;
  const text = `RESETREAS was ${hexOf(soft.reset)} after a reset by command, ${hexOf(cold.reset)} after a loss of power.`;
  return { outcome: right ? "shown" : "contradicted", text, evidence: { soft, cold } };
}

async function ramGoes(bench: ProofBench): Promise<Proof> {
  const offs: { readonly offMs: number; readonly ram: string; readonly reset: number }[] = [];
  for (const offMs of OFF_TIMES_MS) {
    if ((await bootFacts(bench)) === undefined) return NO_FIXTURE;
    await powerCycled(bench, offMs);
    const facts = await bootFacts(bench);
    if (facts === undefined) return NO_FIXTURE;
    offs.push({ offMs, ram: facts.ram, reset: facts.reset });
  }
  const long = offs.at(-1);
  const text = `its RAM after ${offs.map(({ offMs, ram }) => `${offMs} ms off: ${ram}`).join("; ")}.`;
  return { outcome: long?.ram === "lost" ? "shown" : "contradicted", text, evidence: { offs } };
}

async function networkLine({ board, signal }: ProofBench): Promise<Proof> {
  const { clock, logs, profile } = board;
  const wanted = compilePattern(profile.ports.net?.version ?? "");
  await cycle(board.power, { clock, offMs: profile.power.offMs, signal });
  const sinceUs = clock.nowUs();
  await untilAnswers(board, signal);
  const upUs = clock.nowUs();
  for (;;) {
    const lines = logs.net?.since(sinceUs) ?? [];
    const found = lines.flatMap(({ text, atUs }) => {
      const version = wanted.captured(text, "version");
      return version === undefined ? [] : [{ version, atUs }];
    })[0];
    const afterMs = ((found?.atUs ?? clock.nowUs()) - upUs) / 1000;
    if (found !== undefined) {
      const text = `the network core said version ${found.version} ${Math.round(afterMs)} ms after the first answer.`;
      return { outcome: afterMs <= NET_MS ? "shown" : "contradicted", text, evidence: { ...found, upUs } };
    }
    if (afterMs > NET_MS) {
      const text = `no line of the network core fitted ports.net.version within ${NET_MS / 1000} s of the first answer.`;
      return { outcome: "contradicted", text, evidence: { lines: lines.slice(-10).map((line) => line.text) } };
    }
    await sleep(clock, 100, signal);
  }
}

async function serialRecovery({ board, signal }: ProofBench): Promise<Proof> {
  const way = board.profile.recovery?.enter;
  try {
    await enterSerialRecovery(board, signal);
    const { images } = await board.smp.imageState({ signal });
    const text = `serial recovery answers after "${way}", and lists ${images.length} images.`;
    return {
      outcome: "shown",
      text,
      evidence: { way, images: images.map(({ slot, version }) => ({ slot, version })) },
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!isKind(error, "bench") && !isKind(error, "timeout")) throw error;
    return { outcome: "contradicted", text: `"${way}" did not lead into serial recovery.`, evidence: { way } };
  } finally {
    if (board.power.facts.cuts === "reset only") {
      await board.smp.reset({ signal });
      await sleep(board.clock, RESET_MS, signal);
    } else await cycle(board.power, { clock: board.clock, offMs: board.profile.power.offMs, signal });
    await untilAnswers(board, signal);
  }
}
