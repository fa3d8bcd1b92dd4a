// The far side of bench/trigger.ts: a board that talks on one pseudo-terminal and a relay that listens on another.
// Writes one line of JSON with both paths, then, when its standard input ends, one with what it saw (nanoseconds).
import { RealClock } from "../src/core/index.ts";
import { openPty } from "../src/serial/index.ts";

const [bytesPerMs, triggers] = process.argv.slice(2).map(Number);
const LINE = "[00:00:01.234,567] <inf> app: sample 1234 of sensor 7 is 0x00c0ffee, all is well\r\n";
const TRIGGER = "I: Starting swap using move algorithm.\r\n";
const OFF = 0;

const clock = new RealClock();
const board = await openPty({ clock });
const relay = await openPty({ clock });
process.stdout.write(`${JSON.stringify({ board: board.path, relay: relay.path })}\n`);

const triggered: string[] = [];
const switched: string[] = [];
const now = () => process.hrtime.bigint().toString();

void (async () => {
  for await (const { bytes } of relay.link.chunks) if (bytes[2] === OFF) switched.push(now());
})();

let text = "";
let dueMs = 400;
const storm = setInterval(() => {
  while (text.length < (bytesPerMs ?? 0)) text += LINE;
  const atMs = clock.nowUs() / 1000;
  const isDue = atMs > dueMs && triggered.length < (triggers ?? 0);
  // The line comes in the middle of the others, as it does on a board that logs.
  const piece = text.slice(0, bytesPerMs);
  text = text.slice(bytesPerMs);
  if (isDue) {
    dueMs = atMs + 250 + Math.random() * 40;
    triggered.push(now());
  }
  const out = isDue ? `${piece.slice(0, 40)}\r\n${TRIGGER}${piece.slice(40)}` : piece;
  if (out.length > 0) board.link.write(Buffer.from(out)).catch(() => undefined);
}, 1);

process.stdin.on("end", () => {
  clearInterval(storm);
  const { droppedBytes } = board.link;
  process.stdout.write(`${JSON.stringify({ triggered, switched, droppedBytes })}\n`, () => process.exit(0));
});
process.stdin.resume();
