import { abortable, type Clock, Queue, sleep, whenAborted } from "../core/index.ts";
import { type Chunk, type Link, Uart } from "../serial/index.ts";
import { type ConsoleOptions, type Framing, framingRow, type SmpTransport } from "../smp/index.ts";
import type { TwinUart } from "./uart.ts";

/** From the answer to a reset command to the reset. Source: CONFIG_MCUMGR_GRP_OS_RESET_MS, default 250. */
const RESET_DELAY_MS = 250;

/** Where a server on the board serves. */
interface ServingPlace {
  readonly clock: Clock;
  readonly uart: TwinUart;
  readonly lines: ConsoleOptions["lines"];
  readonly lineBytesMax?: number | undefined;
  /** How packets lie on the UART; default: in frames, between lines of log. */
  readonly framing?: Framing | undefined;
  /** Hears when requests are taken. */
  readonly onServing?: (() => void) | undefined;
  /** A server that gives up: unless a request comes within this time, in milliseconds. */
  readonly waitMs?: number | undefined;
  /** A server that ends where so long no request comes, in milliseconds, however many came before; the board is reset. */
  readonly inactivityMs?: number | undefined;
  /** The UART as it was opened before there was a server: what came meanwhile is answered now. */
  readonly link?: Link | undefined;
}

/** What a server on the board is given. */
interface Serving {
  readonly transport: SmpTransport;
  /** The client asked for a reset. */
  readonly reset: () => void;
  /** A request came. */
  readonly onRequest: () => void;
  /** A handler threw what is no refusal: a defect of the simulation, unless the power that feeds it is gone. */
  readonly onHandlerError: (reason: unknown) => void;
}

/**
 * Serves SMP on the board's UART until a reset is asked for, and then for as long as the reset takes.
 * @returns false of a server that gave up, as no request came.
 * @throws the signal's reason when power goes; what a handler threw that is a defect of the simulation.
 */
export async function serveUntilReset(
  place: ServingPlace,
  power: AbortSignal,
  open: (serving: Serving) => AsyncDisposable,
): Promise<boolean> {
  const { clock, uart, lines, lineBytesMax, framing = "console", onServing, waitMs } = place;
  const own = Uart.open(place.link ?? ownLink(uart, clock), { clock });
  const transport = framingRow(framing).open(own, { clock, lines, lineBytesMax });
  const ended = new AbortController();
  let given = false;
  const giveUp = () => {
    given = true;
    ended.abort();
  };
  const patience = countdown(clock, waitMs, giveUp);
  const idleEnd = countdown(clock, place.inactivityMs, () => ended.abort());
  if (waitMs === undefined) idleEnd.restart();
  else patience.restart();
  const keepServing = () => {
    patience.stop();
    idleEnd.restart();
  };
  let broken: { readonly reason: unknown } | undefined;
  const server = open({
    transport,
    reset: () => ended.abort(),
    onRequest: keepServing,
    onHandlerError: (reason) => {
      if (!power.aborted) broken ??= { reason };
      ended.abort();
    },
  });
  onServing?.();
  try {
    await abortable(whenAborted(ended.signal), power);
    if (broken) throw broken.reason;
    if (given) return false;
    await sleep(clock, RESET_DELAY_MS, power);
    return true;
  } finally {
    patience.stop();
    idleEnd.stop();
    // A handler that waits for the flash ends with the power that feeds it; its answer is not waited for.
    void Promise.resolve(server[Symbol.asyncDispose]()).catch(() => {});
    void transport[Symbol.asyncDispose]();
    void own[Symbol.asyncDispose]();
  }
}

/** Calls once `ms` have passed since it was last started; never without a number, or with 0. */
function countdown(clock: Clock, ms = 0, call: () => void): { restart(): void; stop(): void } {
  let stop = () => {};
  return {
    restart: () => {
      stop();
      if (ms > 0) stop = clock.at(clock.nowUs() + ms * 1000, call);
    },
    stop: () => stop(),
  };
}

/** The UART as a link, for as long as one program on the board lives. */
export function ownLink(uart: TwinUart, clock: Clock): Link {
  const arrived = new Queue<Chunk>();
  const stop = uart.onReceive((bytes) => arrived.push({ atUs: clock.nowUs(), bytes }));
  return {
    name: "the twin's own UART",
    chunks: arrived,
    write: (bytes) => uart.write(bytes),
    [Symbol.asyncDispose]: async () => {
      stop();
      arrived.end();
    },
  };
}
