import { type Clock, VirtualClock } from "../../core/index.ts";
import { memoryLinks, Uart } from "../../serial/index.ts";
import { SmpClient } from "../client/client.ts";
import type { SessionOptions } from "../client/exchange.ts";
import { SmpSession } from "../client/session.ts";
import { type ImageServerOptions, imageHandlers } from "../server/image-server.ts";
import { osHandlers } from "../server/os-server.ts";
import { type ServerOptions, SmpServer } from "../server/server.ts";
import { ConsoleTransport } from "../transport/console-transport.ts";
import { ArrayImageStore } from "./array-store.ts";

/** Facts of the server that was measured (M44), so that dumps can be had from ours. */
export const M44_FACTS = {
  info: {
    s: "Zephyr",
    n: "unknown",
    r: "684c9e8f32e4",
    v: "4.4.0",
    b: "Wed Jun  3 22:19:37 2026",
    m: "posix",
    p: "x86",
    i: "native_sim/native",
    o: "Zephyr",
  },
  bootloader: { name: "MCUboot", mode: 3 },
} as const;

export interface BenchOptions {
  readonly clock?: Clock;
  readonly store?: ArrayImageStore;
  readonly baudRate?: number;
  readonly image?: ImageServerOptions;
  readonly session?: Partial<SessionOptions>;
  readonly server?: Partial<ServerOptions>;
}

/** A client and a server at the two ends of a line in memory, in virtual time. */
export function smpBench(options: BenchOptions = {}) {
  const clock = options.clock ?? new VirtualClock();
  const store = options.store ?? new ArrayImageStore({ slotBytes: 64 * 1024 });
  const [hostLink, boardLink] = memoryLinks({
    clock,
    baudRate: options.baudRate ?? 115_200,
    names: ["VCOM1", "board"],
  });
  const host = Uart.open(hostLink, { clock });
  const board = Uart.open(boardLink, { clock });
  const { bufferBytes = 384, bufferCount = 4 } = options.server ?? {};
  const resets: { force: boolean; bootMode: number }[] = [];
  const handlerErrors: unknown[] = [];
  const transport = new ConsoleTransport(board, { clock });
  const server = new SmpServer({
    transport,
    handlers: {
      ...osHandlers({ ...M44_FACTS, bufferBytes, bufferCount, reset: (request) => resets.push(request) }),
      ...imageHandlers(store, options.image),
    },
    onHandlerError: (error) => handlerErrors.push(error),
    ...options.server,
  });
  const session = new SmpSession(new ConsoleTransport(host, { clock }), { clock, ...options.session });
  const client = new SmpClient(session);
  return { clock, store, hostLink, boardLink, host, board, server, transport, session, client, resets, handlerErrors };
}
