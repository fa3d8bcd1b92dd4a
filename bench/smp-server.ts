// A server for bench/smp.ts, a process of its own: ours, on a pseudo-terminal, at the pace of a line and of flash.
// usage: npx tsx bench/smp-server.ts BAUD BUFFER_BYTES BUFFER_COUNT LOST_PERCENT
import { Random, RealClock, sleepUntil } from "../src/core/index.ts";
import { type Chunk, type Link, lineTimeUs, openPty, Uart } from "../src/serial/index.ts";
import {
  ConsoleTransport,
  decodeSmpHeader,
  imageHandlers,
  osHandlers,
  type ReceivedPacket,
  SmpServer,
  type SmpTransport,
} from "../src/smp/index.ts";
import { ArrayImageStore } from "../src/smp/testing/array-store.ts";
import { M44_FACTS } from "../src/smp/testing/bench.ts";

/** One word of the nRF5340's flash, in microseconds. Source: nRF5340 Product Specification, NVMC, t_WRITE. */
const WORD_US = 43;
/** Bytes that a UART hands on at once. */
const PIECE_BYTES = 32;
const [baudRate = 0, bufferBytes = 0, bufferCount = 0, lostPercent = 0] = process.argv.slice(2).map(Number);
const clock = new RealClock();
const { link, path } = await openPty({ clock });
const uart = Uart.open(paced(link), { clock });
const store = new ArrayImageStore({ slotBytes: 512 * 1024 });
const packets = new ConsoleTransport(uart, { clock });
let startedUs = 0;
let flashFreeUs = 0;
/** From each answer's last byte to the first of what came next, and how late this program was with the answer. */
const turns: number[] = [];
const late: number[] = [];
let answeredUs: number | undefined;
const handlers = imageHandlers(store);
const server = new SmpServer({
  transport: lossy(packets),
  bufferBytes,
  bufferCount,
  handlers: {
    ...osHandlers({ ...M44_FACTS, bufferBytes, bufferCount, reset: () => undefined }),
    ...handlers,
    imageUpload: async (request, context) => {
      const answer = await handlers.imageUpload?.(request, context);
      // Time on flash counts from the arrival of the chunk, whatever this machine's timers add.
      const words = Math.ceil((request.data?.length ?? 0) / 4);
      if ((answer?.off ?? 0) > (request.off ?? 0)) {
        flashFreeUs = Math.max(flashFreeUs, context.receivedAtUs) + words * WORD_US;
        await sleepUntil(clock, flashFreeUs);
      }
      if (answer?.off === totalOf(request)) {
        const seconds = (clock.nowUs() - startedUs) / 1e6;
        const medians = { turnUs: median(turns), lateUs: median(late) };
        process.stdout.write(`${JSON.stringify({ seconds, ...medians, ...server.counters })}\n`);
      }
      return answer ?? {};
    },
  },
});
process.stdout.write(`${JSON.stringify({ path })}\n`);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

let total = -1;
function totalOf(request: { len?: number | undefined }): number {
  total = request.len ?? total;
  return total;
}

/** Both directions at the pace of the line, 8N1; what is read in one piece counts from when the line was free. */
function paced(inner: Link): Link {
  let rxFreeUs = 0;
  let txFreeUs = 0;
  async function* chunks(): AsyncGenerator<Chunk> {
    for await (const { atUs, bytes } of inner.chunks) {
      if (answeredUs !== undefined) turns.push(atUs - answeredUs);
      answeredUs = undefined;
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        const piece = bytes.subarray(at, at + PIECE_BYTES);
        rxFreeUs = Math.max(rxFreeUs, atUs) + lineTimeUs(piece.length, baudRate);
        await sleepUntil(clock, rxFreeUs);
        yield { atUs: rxFreeUs, bytes: piece };
      }
    }
  }
  return {
    name: inner.name,
    chunks: chunks(),
    write: async (bytes) => {
      // The answer leaves when flash is done, whatever this program needs to make it.
      txFreeUs = Math.max(txFreeUs, flashFreeUs || clock.nowUs()) + lineTimeUs(bytes.length, baudRate);
      await sleepUntil(clock, txFreeUs);
      await inner.write(bytes);
      answeredUs = clock.nowUs();
      late.push(answeredUs - txFreeUs);
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

/** Loses packets at random, in both directions, as a damaged frame is lost: without a word. */
function lossy(inner: SmpTransport): SmpTransport {
  const random = Random.fromSeed(7);
  const isLost = () => random.chance({ of: lostPercent, in: 100 });
  const watch = (packet: ReceivedPacket) => {
    const header = decodeSmpHeader(packet.bytes);
    if (startedUs === 0 && header?.group === 1 && header.id === 1) {
      startedUs = packet.atUs - lineTimeUs(inner.wireBytes(packet.bytes.length), baudRate);
    }
  };
  return {
    name: inner.name,
    overheadBytes: inner.overheadBytes,
    wireBytes: (bytes) => inner.wireBytes(bytes),
    send: async (packet, signal) => (isLost() ? undefined : inner.send(packet, signal)),
    onPacket: (listener) =>
      inner.onPacket((packet) => {
        watch(packet);
        if (!isLost()) listener(packet);
      }),
    onEnd: (listener) => inner.onEnd(listener),
    resynchronise: (timeouts, signal) => inner.resynchronise(timeouts, signal),
    lastSeen: () => inner.lastSeen(),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
