// A server for bench/smp.ts, a process of its own: ours, on a pseudo-terminal, at the pace of a line and of flash.
// All its times are the line's: how late this program is, with an answer or in hearing what came, a board would not be,
// and its client is not judged by it. When bytes come and leave is told by a program of its own (smp-line.c), which also
// waits for the moment of each answer; the line's time stands still while that is late (`lagUs`).
// usage: npx tsx bench/smp-server.ts BAUD BUFFER_BYTES BUFFER_COUNT LOST_PERCENT LINE_PROGRAM
import { Random, RealClock } from "../src/core/index.ts";
import { type Chunk, type Link, lineTimeUs, Uart } from "../src/serial/index.ts";
import {
  ConsoleTransport,
  decodeMap,
  decodeSmpHeader,
  imageHandlers,
  osHandlers,
  type ReceivedPacket,
  SMP_HEADER_BYTES,
  SmpServer,
  type SmpTransport,
} from "../src/smp/index.ts";
import { ArrayImageStore } from "../src/smp/testing/array-store.ts";
import { M44_FACTS } from "../src/smp/testing/bench.ts";
import { openStampedLine, type StampedLine } from "./smp-line.ts";

/** One word of the nRF5340's flash, in microseconds. Source: nRF5340 Product Specification, NVMC, t_WRITE. */
const WORD_US = 43;
/** Bytes that a UART hands on at once. */
const PIECE_BYTES = 32;
const [baudRate = 0, bufferBytes = 0, bufferCount = 0, lostPercent = 0] = process.argv.slice(2).map(Number);
const clock = new RealClock();
const line = await openStampedLine(process.argv[6] ?? "", clock);
const uart = Uart.open(paced(line), { clock });
const store = new ArrayImageStore({ slotBytes: 512 * 1024 });
const packets = new ConsoleTransport(uart, { clock });
let startedUs = 0;
let flashFreeUs = 0;
/** How far the time of the line is behind the time of this machine. */
let lagUs = 0;
/** When the answer that is made now can leave: when the chunk is there and flash has it. */
let dueUs: number | undefined;
/** Chunks lost that were the next ones wanted: each costs the line itself and what was sent before that is known. */
let chunksLost = 0;
let nextOnLine = 0;
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
      dueUs = context.receivedAtUs;
      if ((answer?.off ?? 0) > (request.off ?? 0)) {
        flashFreeUs = Math.max(flashFreeUs, context.receivedAtUs) + words * WORD_US;
        dueUs = flashFreeUs;
      }
      if (answer?.off === totalOf(request)) {
        const seconds = (flashFreeUs - startedUs) / 1e6;
        const turnMeanUs = Math.round(turns.reduce((sum, us) => sum + us, 0) / turns.length);
        const found = { seconds, turnUs: median(turns), turnMeanUs, lateUs: median(late) };
        process.stdout.write(`${JSON.stringify({ ...found, ...server.counters, chunksLost })}\n`);
      }
      return answer ?? {};
    },
  },
});
process.stdout.write(`${JSON.stringify({ path: line.path })}\n`);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

let total = -1;
function totalOf(request: { len?: number | undefined }): number {
  total = request.len ?? total;
  return total;
}

/** Both directions at the pace of the line, 8N1; what is read in one piece counts from when the line was free. */
function paced(inner: StampedLine): Link {
  let rxFreeUs = 0;
  let txFreeUs = 0;
  /** When the last answer began to leave, and how far the line was behind before: a window's chunks come earlier. */
  let leftUs = 0;
  let lagBeforeUs = 0;
  const onLine = (atUs: number) => (atUs >= leftUs ? atUs - lagUs : Math.min(atUs - lagBeforeUs, leftUs - lagUs));
  async function* chunks(): AsyncGenerator<Chunk> {
    for await (const { atUs, bytes } of inner.chunks) {
      if (answeredUs !== undefined) turns.push(atUs - answeredUs);
      answeredUs = undefined;
      const onLineUs = onLine(atUs);
      // Told at once, and stamped with the moment in which the line has carried it: who waited for that moment here
      // would take a core that a board does not take.
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        const piece = bytes.subarray(at, at + PIECE_BYTES);
        rxFreeUs = Math.max(rxFreeUs, onLineUs) + lineTimeUs(piece.length, baudRate);
        yield { atUs: rxFreeUs, bytes: piece };
      }
    }
  }
  return {
    name: inner.path,
    chunks: chunks(),
    write: async (bytes) => {
      // The answer leaves when flash is done, whatever this program needs to make it.
      txFreeUs = Math.max(txFreeUs, dueUs ?? clock.nowUs() - lagUs) + lineTimeUs(bytes.length, baudRate);
      dueUs = undefined;
      const beganUs = await inner.write(bytes, txFreeUs + lagUs);
      answeredUs = beganUs;
      // How long the system takes to hand the bytes over is the way to the client, and the client's.
      late.push(beganUs - txFreeUs - lagUs);
      leftUs = beganUs;
      lagBeforeUs = lagUs;
      lagUs = beganUs - txFreeUs;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Loses packets at random, in both directions, as a damaged frame is lost: without a word. */
function lossy(inner: SmpTransport): SmpTransport {
  const random = Random.fromSeed(7);
  const isLost = () => random.chance({ of: lostPercent, in: 100 });
  const watch = (packet: ReceivedPacket, isLost: boolean) => {
    const header = decodeSmpHeader(packet.bytes);
    if (header?.group !== 1 || header.id !== 1) return;
    if (startedUs === 0) startedUs = packet.atUs - lineTimeUs(inner.wireBytes(packet.bytes.length), baudRate);
    const { off, data } = decodeMap(packet.bytes.subarray(SMP_HEADER_BYTES));
    if (off !== nextOnLine || !(data instanceof Uint8Array)) return;
    if (isLost) chunksLost += 1;
    else nextOnLine += data.length;
  };
  return {
    name: inner.name,
    overheadBytes: inner.overheadBytes,
    wireBytes: (bytes) => inner.wireBytes(bytes),
    send: async (packet, signal) => (isLost() ? undefined : inner.send(packet, signal)),
    onPacket: (listener) =>
      inner.onPacket((packet) => {
        const lost = isLost();
        watch(packet, lost);
        if (!lost) listener(packet);
      }),
    onEnd: (listener) => inner.onEnd(listener),
    resynchronise: (timeouts, signal) => inner.resynchronise(timeouts, signal),
    lastSeen: () => inner.lastSeen(),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}
