import { BenchError, ConfigurationError, isKind, sleep } from "../core/index.ts";
import { RECOVERY_WAYS, type RecoveryWay } from "../mcuboot/index.ts";
import { cycle } from "../power/index.ts";
import { consoleEcho, isRefusal } from "../smp/index.ts";
import type { Board } from "./parts/board.ts";

/** One question, in milliseconds: a bootloader that waits half a second for one must get it. */
const ASK_MS = 200;
/** How long a reset pin is held, in milliseconds. */
const PIN_MS = 100;
/** An application that answers so long after the reset has been started; before, it may be the one of before. In ms. */
const APPLICATION_MS = 3000;

/**
 * Brings a board into MCUboot's serial recovery, the way that its profile names, and waits until that answers. A button
 * is let go then, whatever happened.
 * @throws ConfigurationError when the profile names no way; BenchError when an application answers instead, or nothing.
 */
export async function enterSerialRecovery(board: Board, signal: AbortSignal): Promise<void> {
  const { profile, press } = board;
  if (profile.recovery === undefined) {
    throw new ConfigurationError(
      `${profile.file} does not say how the board enters serial recovery.`,
      "Add recovery: { enter: button, press: { driver: … } }, or another way (docs/boards.md).",
    );
  }
  try {
    await ENTER[profile.recovery.enter](board, signal);
    await untilRecovery(board, profile.recovery.enter, signal);
  } finally {
    if (profile.recovery.enter === "button") await press?.set("off");
  }
}

const powerCycle = async ({ power, clock, profile }: Board, signal: AbortSignal) => {
  await cycle(power, { clock, offMs: profile.power.offMs, signal });
};

const ENTER: Record<RecoveryWay, (board: Board, signal: AbortSignal) => Promise<void>> = {
  button: async (board, signal) => {
    await board.press?.set("on", { signal });
    await powerCycle(board, signal);
  },
  "pin-reset": async ({ press, clock }, signal) => {
    try {
      await press?.set("on", { signal });
      await sleep(clock, PIN_MS, signal);
    } finally {
      await press?.set("off");
    }
  },
  "boot-mode": ({ smp }, signal) => smp.reset({ bootMode: 1, signal }),
  wait: powerCycle,
  "no-application": powerCycle,
};

async function untilRecovery(board: Board, way: RecoveryWay, signal: AbortSignal): Promise<void> {
  const { clock, profile, smp, name } = board;
  const beganUs = clock.nowUs();
  const limitUs = beganUs + (profile.timeoutsMs.boot + profile.timeoutsMs.swap) * 1000;
  for (;;) {
    const askedUs = clock.nowUs();
    const answers = await whoAnswers(smp.session, signal);
    if (answers === "recovery") return;
    board.check();
    if (answers === "application" && askedUs - beganUs > APPLICATION_MS * 1000) {
      throw new BenchError(`${name} is not in serial recovery: its application answers.`, remedy(way));
    }
    if (clock.nowUs() > limitUs) {
      const seconds = Math.round((limitUs - beganUs) / 1_000_000);
      throw new BenchError(`${name} is not in serial recovery: nothing answered for ${seconds} s.`, remedy(way));
    }
    if (answers === "application") await sleep(clock, ASK_MS, signal);
  }
}

function remedy(way: RecoveryWay): string {
  if (way === "no-application") return "Serial recovery comes by itself only where no image can be booted.";
  const option = RECOVERY_WAYS.find(({ name }) => name === way)?.option ?? "";
  const pressed = { button: "button", "pin-reset": "reset pin", "boot-mode": undefined, wait: undefined }[way];
  const reaches = pressed === undefined ? "" : ` Does recovery.press reach the ${pressed}, pressed while it is on?`;
  return `Is its bootloader built with ${option}?${reaches}`;
}

/** Only serial recovery takes the command for the console's echo; an application has no such command. */
async function whoAnswers(
  session: Board["smp"]["session"],
  signal: AbortSignal,
): Promise<"recovery" | "application" | undefined> {
  try {
    await session.request(consoleEcho, { echo: 0 }, { signal, timeoutMs: ASK_MS, retries: 0 });
    return "recovery";
  } catch (error) {
    signal.throwIfAborted();
    if (isRefusal(error)) return "application";
    if (isKind(error, "timeout") || isKind(error, "protocol")) return undefined;
    throw error;
  }
}
