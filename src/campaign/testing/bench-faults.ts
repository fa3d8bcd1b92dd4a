import { type BadBench, badBench, type Mischief } from "../../board/testing/bad-bench.ts";
import { sleep } from "../../core/index.ts";
import type { RunEvent } from "../record/run-event.ts";
import { subjectText } from "../record/subject.ts";
import type { RunOutcome } from "../run.ts";
import { type Edit, eventsOf, smallProfile, smallRun, smallScenario } from "./small-campaign.ts";

/** A bench that breaks once, at one moment of a campaign; the board is good all the time. */
export interface BenchFault {
  readonly name: string;
  /** Told of every event of the run, with the bench that is open; says true when it has broken it. */
  readonly onEvent?: (event: RunEvent, bench: BadBench) => boolean;
  /** A command to the relay, counted from 1. */
  readonly onCommand?: (
    count: number,
    forward: () => Promise<void>,
    other: () => Promise<void>,
    bench: BadBench,
  ) => Promise<boolean>;
}

type Step = Extract<RunEvent["event"], string>;

/** Events of a campaign at which a port vanishes, or the host is stopped, and how many of that name come first. */
const STEPS: readonly (readonly [Step, number])[] = [
  ["upload-started", 1],
  ["upload-progress", 3],
  ["upload-finished", 1],
  ["set-pending", 1],
  ["reset", 1],
  ["boot-log", 12],
  ["boot-log", 18],
  ["cut-started", 1],
  ["image-state", 6],
  ["set-pending", 2],
  ["reset", 2],
  ["power", 4],
  ["power", 5],
  ["cut-started", 2],
  ["reset", 3],
  ["power", 6],
  ["power", 7],
];
/** Commands to the relay: on at the start, off and on of the power check and the baseline, then of each cut. */
const COMMANDS = [2, 3, 4, 5, 6, 7, 8, 9] as const;

function atStep(name: string, [step, nth]: readonly [Step, number], act: (bench: BadBench) => void): BenchFault {
  let seen = 0;
  return {
    name: `${name} at ${step} ${nth}`,
    onEvent(event, bench) {
      if (event.event !== step) return false;
      seen += 1;
      if (seen !== nth) return false;
      act(bench);
      return true;
    },
  };
}

type Command = NonNullable<BenchFault["onCommand"]>;

function atCommand(name: string, nth: number, act: (...args: Parameters<Command>) => Promise<void>): BenchFault {
  return {
    name: `${name} at relay command ${nth}`,
    async onCommand(count, ...rest) {
      if (count !== nth) return false;
      await act(count, ...rest);
      return true;
    },
  };
}

/** All faults, fresh for one walk over them: each counts for itself. */
export function benchFaults(): readonly BenchFault[] {
  const steps = STEPS.flatMap((step) => [
    atStep("the UART vanishes", step, (bench) => bench.app.vanish()),
    atStep("the host is stopped for 3 s", step, (bench) => bench.clock.suspend(3000, "stopped")),
    atStep("the host sleeps for 30 s", step, (bench) => bench.clock.suspend(30_000, "asleep")),
  ]);
  const relays = STEPS.slice(4).map((step) => atStep("the relay vanishes", step, (bench) => bench.relay.vanish()));
  const commands = COMMANDS.flatMap((nth) => [
    atCommand("the relay vanishes and takes the command along", nth, async (_, __, ___, bench) => bench.relay.vanish()),
    atCommand("the relay says yes and does nothing", nth, async () => {}),
    atCommand("the relay bounces", nth, async (_, forward, other, { clock }) => {
      await forward();
      void bounce(forward, other, clock.inner);
    }),
  ]);
  // When power comes back may be any time: a switch that is late with that does no harm.
  const late = COMMANDS.filter((nth) => nth % 2 === 0).flatMap((nth) =>
    [150, 400, 1500].map((ms) =>
      atCommand(`the relay answers ${ms} ms late`, nth, async (_, forward, __, { clock }) => {
        await sleep(clock, ms);
        await forward();
      }),
    ),
  );
  const stops = (["reset", "power"] as const).flatMap((step) =>
    [2, 3].map((nth) =>
      atStep("the host is stopped for 0.4 s", [step, step === "power" ? 2 * nth : nth], (bench) =>
        bench.clock.suspend(400, "stopped"),
      ),
    ),
  );
  // What is lost of an exchange is asked again; what a boot says is said once.
  const losses = STEPS.filter(([step]) => step === "reset" || step === "power").map((step) =>
    atStep("the UART loses what comes for 2 s", step, (bench) => bench.app.loseFor(2000)),
  );
  return [...steps, ...relays, ...commands, ...late, ...stops, ...losses];
}

async function bounce(forward: () => Promise<void>, other: () => Promise<void>, clock: BadBench["clock"]["inner"]) {
  await sleep(clock, 45);
  await other();
  await sleep(clock, 30);
  await forward();
}

/** A campaign on a good board whose bench breaks once. */
export async function brokenRun(fault: BenchFault, ...edits: readonly Edit[]) {
  const broke: { at?: number } = {};
  let [bench, count]: [BadBench | undefined, number] = [undefined, 0];
  const toRelay: Mischief["toRelay"] = async (frame, forward, spoiled) => {
    count += 1;
    const same = () => forward(frame);
    const other = () => forward(turned(frame));
    const done = await fault.onCommand?.(count, same, other, spoiled);
    if (done === true) broke.at = events.length;
    else await same();
  };
  const events: RunEvent[] = [];
  const outcome = await smallRun({
    board: smallProfile(...edits),
    scenario: smallScenario(["count: 4", "count: 2"], ["revert_check: true", "revert_check: false"]),
    open: badBench({ toRelay }, (opened) => {
      bench = opened;
    }),
    onEvent: (event) => {
      events.push(event);
      if (bench && broke.at === undefined && fault.onEvent?.(event, bench) === true) broke.at = events.length;
    },
  });
  return { outcome, brokeAt: broke.at, events };
}

/** The relay's other position. Source: the frame of LCUS relays, A0, channel, state, sum. */
function turned(frame: Uint8Array): Uint8Array {
  const [start = 0, channel = 0, state = 0] = frame;
  return Uint8Array.of(start, channel, 1 - state, (start + channel + 1 - state) & 0xff);
}

/**
 * What is wrong with a run whose bench broke: a verdict that the broken bench had a part in, or a failed one at all.
 * Undefined when nothing is.
 */
export function wrongWith({ outcome, brokeAt, events }: Awaited<ReturnType<typeof brokenRun>>): string | undefined {
  const failed = eventsOf(outcome.events, "verdict").find(({ verdict }) => !verdict.pass)?.verdict;
  if (failed) return `FAIL ${subjectText(failed.subject)}: ${failed.because}`;
  if (brokeAt === undefined) return outcome.result.outcome === "pass" ? undefined : textOf(outcome);
  // A case begins with the baseline, or with the end of the one before it.
  const isCase = events.slice(0, brokeAt).some(({ event }) => event === "baseline");
  if (!isCase) return undefined;
  const next = events.slice(brokeAt).find(({ event }) => event === "verdict" || event === "cut-void");
  if (next?.event === "verdict") return `${subjectText(next.verdict.subject)} was judged while the bench was broken`;
  return undefined;
}

function textOf({ result, error }: RunOutcome): string {
  return `${result.outcome}: ${String(error)}`;
}
