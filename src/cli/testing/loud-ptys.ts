import { type Random, RealClock, sleep } from "../../core/index.ts";
import { hil, type PtyBench, ptyBench } from "./process.ts";

/** Bytes a second on the line of the bench (1,000,000 baud, 8N1). */
const LINE_BYTES_PER_S = 100_000;
/** What good boards log beside their answers: shares of the line. */
const SHARES = [0, 0.001, 0.05, 0.3, 0.6, 0.85] as const;
/** A host that is stopped for so long has slept, in milliseconds. */
const STOPPED_MS = 3_000;
const STOP_AFTER_MS_MAX = 1_500;

/** A twin as a process of its own that logs so much, and the lab around it. */
export async function loudBench(bytesPerS: number): Promise<PtyBench> {
  return ptyBench({ twin: { log_bytes_per_s: bytesPerS } });
}

/** A campaign through real pseudo-terminals, and what it came to. */
export interface PtyCampaign {
  readonly what: string;
  readonly code: number | null;
  /** Verdicts that blame the board, which is a good one. */
  readonly failed: number;
  readonly voidCuts: number;
  readonly out: string;
}

/** @param options.stopped the host (`hil run`) is stopped and goes on later, some time after it began to cut. */
export async function ptyCampaign(
  lab: PtyBench,
  what: string,
  { cuts = 2, stopped }: { readonly cuts?: number; readonly stopped?: Random | undefined } = {},
): Promise<PtyCampaign> {
  const run = hil(lab.folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", `${cuts}`);
  if (stopped !== undefined) {
    const clock = new RealClock();
    await run.printed(/swap {6}/);
    await sleep(clock, stopped.below(STOP_AFTER_MS_MAX));
    run.child.kill("SIGSTOP");
    await sleep(clock, STOPPED_MS);
    run.child.kill("SIGCONT");
  }
  const { code, out, err } = await run.done;
  const { events } = lab.newestRun();
  const failed = events.filter((event) => event.event === "verdict" && !hasPassed(event)).length;
  const voidCuts = events.filter((event) => event.event === "cut-void").length;
  return { what, code, failed, voidCuts, out: out + err };
}

/** A drawn one: how much the board logs, and whether the host sleeps in it. */
export async function drawnPtyCampaign(random: Random): Promise<PtyCampaign> {
  const share = SHARES[random.below(SHARES.length)] ?? 0;
  const sleeps = random.chance({ of: 1, in: 3 });
  await using lab = await loudBench(Math.round(share * LINE_BYTES_PER_S));
  const what = `${Math.round(100 * share)} % of the line${sleeps ? ", the host sleeps" : ""}`;
  return ptyCampaign(lab, what, { stopped: sleeps ? random.fork("stop") : undefined });
}

function hasPassed(event: object): boolean {
  const verdict: unknown = "verdict" in event ? event.verdict : undefined;
  return typeof verdict === "object" && verdict !== null && "pass" in verdict && verdict.pass === true;
}
