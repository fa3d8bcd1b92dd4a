import { Cleanup, type Clock, isHilError, isKind, messageOf } from "../core/index.ts";
import { MODES } from "../mcuboot/index.ts";
import { type Link, Uart } from "../serial/index.ts";
import { echo, isRefusal, SmpClient } from "../smp/index.ts";
import type { BoardFacts } from "./profile/draft.ts";

/** Questions to a board that is not known yet: short, and few. In milliseconds. */
const ANSWER_MS = 800;
const TRIES = 3;

type Probed =
  | { readonly answers: true; readonly facts: BoardFacts }
  | { readonly answers: false; readonly why: string };

/**
 * Asks whoever is on a port what it is, over SMP; changes nothing. A board that does not answer is an answer, too.
 * @param open opens the port; it is closed afterwards.
 * @throws the signal's reason.
 */
export async function probeBoard(open: () => Promise<Link>, clock: Clock, signal: AbortSignal): Promise<Probed> {
  await using closing = new Cleanup();
  try {
    const uart = closing.use("uart", Uart.open(await open(), { clock }));
    const smp = closing.use("smp", SmpClient.onUart(uart, { clock, timeoutMs: ANSWER_MS }));
    await smp.session.request(echo, { d: "hil" }, { signal, timeoutMs: ANSWER_MS, retries: TRIES - 1 });
    return { answers: true, facts: await factsOf(smp, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!isHilError(error)) throw error;
    return { answers: false, why: messageOf(error) };
  }
}

async function factsOf(smp: SmpClient, signal: AbortSignal): Promise<BoardFacts> {
  const mode = await known(() => smp.bootloaderInfo({ signal }));
  const slots = await known(() => smp.slotInfo({ signal }));
  const buffers = await known(() => smp.params({ signal }));
  const own = slots?.find(({ image }) => image === 0)?.slots ?? [];
  const bytesOf = (number: number) => own.find(({ slot }) => slot === number)?.sizeBytes;
  return {
    mode: profileMode(mode?.modeNumber),
    primaryBytes: bytesOf(0),
    secondaryBytes: bytesOf(1),
    bufferBytes: buffers?.known ? buffers.bufferBytes : undefined,
    bufferCount: buffers?.known ? buffers.bufferCount : undefined,
  };
}

/** A command that this firmware does not have, or does not answer, leaves a gap. */
async function known<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isRefusal(error) || isKind(error, "timeout") || isKind(error, "protocol")) return undefined;
    throw error;
  }
}

/** A mode that SMP numbers so, as a profile names it; undefined for one that a profile does not know. */
function profileMode(number: number | undefined): string | undefined {
  return MODES.find(({ smp }) => smp === number)?.name;
}
