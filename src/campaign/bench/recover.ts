import { enterSerialRecovery } from "../../board/index.ts";
import { isKind, messageOf, sleep } from "../../core/index.ts";
import type { RecoveryStepName } from "../record/facts.ts";
import type { CampaignImages } from "../request/images.ts";
import { activeSlot } from "../verdict/slots.ts";
import type { RecordedBoard } from "./recorded-board.ts";
import { PermanentBenchError } from "./retry.ts";
import type { StartingPoint } from "./starting-point.ts";

const UNDER_WAY = "a run was under way and did not end";

/** What a recovery needs besides the recorded board. */
interface Recovery {
  readonly startingPoint: Pick<StartingPoint, "wake" | "slot">;
  readonly images: CampaignImages;
  /** Longest wait for the application after a start, in milliseconds. */
  readonly bootMs: number;
}

/**
 * Power on, and an application that answers: where every campaign starts. A board that an earlier run left in the
 * middle of something is brought back first, by the gentlest step that works. From then on it is marked dirty, until
 * `leaveBoard`.
 * @throws BenchError when it does not answer; a board that was marked is marked bad then.
 */
export async function wakeBoard(recorded: RecordedBoard, recovery: Recovery): Promise<void> {
  const { health } = recorded.board;
  const before = health?.load().state ?? "good";
  if (before === "good") await recovery.startingPoint.wake();
  else await recoverBoard(recorded, recovery, before);
  health?.markDirty(UNDER_WAY);
}

interface Step {
  readonly name: RecoveryStepName;
  readonly isPossible: boolean;
  /** What it throws is the board's problem; what starting the board throws is the bench's. */
  readonly flash?: () => Promise<void>;
  readonly start: "on" | "off and on";
}

async function recoverBoard(recorded: RecordedBoard, recovery: Recovery, found: "dirty" | "bad"): Promise<void> {
  const { board, record } = recorded;
  const tried: string[] = [];
  for (const step of stepsOf(recorded, recovery)) {
    if (!step.isPossible) continue;
    const problem = await problemAfter(recorded, step, recovery.bootMs);
    const worked = problem === undefined;
    const outcome = problem ?? "the application answers and lists its images";
    record.event({ atUs: recorded.nowUs, event: "recovery", found, step: step.name, worked, outcome });
    if (worked) return;
    tried.push(`${step.name}: ${problem.replace(/\.$/, "")}`);
  }
  const because = `it did not come back after a run that did not end (${tried.join("; ")})`;
  board.health?.markBad(because);
  throw new PermanentBenchError(
    `${board.name} is marked bad: ${because}.`,
    "Look at its supply, its port and its flash. `hil board recover --board PROFILE` flashes its baseline and clears the " +
      "mark; `hil run --recover` tries all this again.",
  );
}

/** From the gentlest to the one that erases everything, which is only for boards whose profile has a baseline. */
function stepsOf(recorded: RecordedBoard, { images, startingPoint }: Recovery): readonly Step[] {
  const { signal, board } = recorded;
  const { flasher, profile } = board;
  const recover = flasher?.recover?.bind(flasher);
  const program = () =>
    flasher?.programPrimary(images.old.flashed ?? images.old.plain, signal, startingPoint.slot) ?? Promise.resolve();
  return [
    { name: "power on", isPossible: true, start: "on" },
    { name: "power cycle", isPossible: true, start: "off and on" },
    {
      name: "old image by serial recovery",
      isPossible: profile.recovery !== undefined && profile.recovery.enter !== "boot-mode",
      flash: async () => {
        await enterSerialRecovery(board, signal);
        await board.smp.upload(images.old.plain, { signal });
      },
      start: "off and on",
    },
    { name: "old image flashed", isPossible: flasher !== undefined, flash: program, start: "off and on" },
    {
      name: "baseline flashed",
      isPossible: recover !== undefined && profile.flasher?.baseline !== undefined,
      flash: async () => {
        await recover?.(signal);
        await program();
      },
      start: "off and on",
    },
  ];
}

/** Takes a step, waits for the application, asks for its images. Returns what is wrong then; undefined when nothing is. */
async function problemAfter(recorded: RecordedBoard, step: Step, bootMs: number): Promise<string | undefined> {
  try {
    await step.flash?.();
  } catch (error) {
    recorded.signal.throwIfAborted();
    if (isKind(error, "bench") || isKind(error, "timeout")) return messageOf(error);
    throw error;
  }
  if (step.start === "off and on") {
    await recorded.power("off");
    await sleep(recorded.board.clock, recorded.board.profile.power.offMs, recorded.signal);
  }
  const seen = await recorded.untilUp(await recorded.power("on"), bootMs);
  return seen.ending === "up" ? listProblem(recorded) : seen.because;
}

async function listProblem(recorded: RecordedBoard): Promise<string | undefined> {
  try {
    return activeSlot(await recorded.imageState()) ? undefined : "its image list shows no active image";
  } catch (error) {
    if (isKind(error, "timeout") || isKind(error, "protocol")) return messageOf(error);
    throw error;
  }
}

/**
 * At the end of a run, with power on: the mark goes when the board answers. Throws nothing: a mark that stays says
 * enough to the next run.
 * @param patienceMs how long the board may take to boot; 0 when it is to be asked once only.
 */
export async function leaveBoard(recorded: RecordedBoard, patienceMs: number): Promise<void> {
  const { board, record, signal } = recorded;
  if (!board.health || signal.aborted) return;
  try {
    const isUp = patienceMs === 0 || (await recorded.untilUp(recorded.nowUs, patienceMs)).ending === "up";
    const problem = isUp ? await listProblem(recorded) : "no application answers";
    if (problem === undefined) {
      board.health.clear();
      return;
    }
    record.event({ atUs: recorded.nowUs, event: "warning", text: `the next run will recover the board: ${problem}` });
  } catch (error) {
    const text = `the next run will recover the board: ${messageOf(error)}`;
    record.event({ atUs: recorded.nowUs, event: "warning", text });
  }
}
