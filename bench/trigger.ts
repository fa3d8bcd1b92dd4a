// From a line on the board's UART to the command at the relay, over real pseudo-terminals: hil's trigger on raw bytes
// beside the usual way (a line parser, a regular expression, a write): npx tsx bench/trigger.ts [TRIGGERS]
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ReadlineParser } from "@serialport/parser-readline";
import { SerialPort } from "serialport";
import { parseProfile } from "../src/board/index.ts";
import { assembleBoard } from "../src/board/parts/assemble.ts";
import { untilTrigger } from "../src/campaign/cuts/trigger.ts";
import { RecordedBoard } from "../src/campaign/index.ts";
import { RealClock, sleep } from "../src/core/index.ts";
import { openSerialPort } from "../src/serial/index.ts";
import { BenchPlot } from "./plot.ts";
import { figures, hostileRows, turnRows } from "./trigger-hostile.ts";

using plot = new BenchPlot("From a line on the UART to the command at the relay");
const triggers = Number(process.argv[2] ?? 200);
/** What a UART at 1,000,000 baud carries. */
const STORM_BYTES_PER_MS = 100;
const PATTERN = "Starting swap";
const OFF = Uint8Array.of(0xa0, 1, 0, 0xa1);
const WAIT_MS = 5000;

interface Seen {
  readonly triggered: readonly string[];
  readonly switched: readonly string[];
  readonly droppedBytes: number;
}
type Ports = { readonly board: string; readonly relay: string };
/** Cuts at each trigger until `over`; returns what it measured itself, in microseconds. */
type Approach = (ports: Ports, over: AbortSignal) => Promise<readonly number[]>;

/** What a campaign does with `on: ["Starting swap"]`: the same board, the same trigger, the same switch. */
const raw: Approach = async (ports, over) => {
  const profile = parseProfile(
    `schema: 1
name: bench
provider: hardware
ports: { app: { path: ${ports.board}, baud_rate: 1000000 } }
power: { driver: lcus, port: { path: ${ports.relay} }, channel: 1, contact: NO, cuts: soc }
slots: { primary: { offset: 0x10000, bytes: 0x10000 }, secondary: { offset: 0x20000, bytes: 0x10000 } }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`,
    "/tmp/bench.yaml",
  );
  const clock = new RealClock();
  const links = {
    open: (port: object, line: { readonly baudRate: number }) =>
      openSerialPort("path" in port ? String(port.path) : "", { ...line, clock }),
  };
  await using board = await assembleBoard(profile, { clock, links });
  const recorded = new RecordedBoard(board, { event: () => undefined }, over);
  const own: number[] = [];
  try {
    for (;;) {
      const cut: { off?: Promise<number> } = {};
      const moment = { kind: "log", pattern: PATTERN, delayUs: 0 } as const;
      const dueUs = await untilTrigger(recorded, moment, 0, WAIT_MS, () => {
        cut.off = recorded.power("off");
      });
      own.push(((await cut.off) ?? Number.NaN) - dueUs);
      await recorded.power("on");
    }
  } catch (error) {
    if (!over.aborted) throw error;
  }
  return own;
};

/** What scripts do: whole lines as text, a regular expression on each, a write. */
const lines: Approach = async (ports, over) => {
  const uart = new SerialPort({ path: ports.board, baudRate: 1_000_000 });
  const relay = new SerialPort({ path: ports.relay, baudRate: 9600 });
  const wanted = new RegExp(PATTERN);
  uart.pipe(new ReadlineParser({ delimiter: "\r\n" })).on("data", (line: string) => {
    if (wanted.test(line)) relay.write(Buffer.from(OFF));
  });
  await new Promise((resolve) => over.addEventListener("abort", resolve, { once: true }));
  await Promise.all([uart, relay].map((port) => new Promise((resolve) => port.close(resolve))));
  return [];
};

async function measured(approach: Approach, bytesPerMs: number): Promise<{ seen: Seen; own: readonly number[] }> {
  const file = fileURLToPath(new URL("trigger-board.ts", import.meta.url));
  const argv = ["--import", import.meta.resolve("tsx"), file, String(bytesPerMs), String(triggers)];
  const child: ChildProcess = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] });
  if (!child.stdout || !child.stdin) throw new TypeError("no pipes");
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse(String((await said.next()).value)) as unknown;
  try {
    const ports = (await next()) as Ports;
    const over = new AbortController();
    const work = approach(ports, over.signal);
    await Promise.race([sleep(new RealClock(), triggers * 275 + 2500), work]);
    // First the end of the storm and of the count, then of the work: else the last cuts have nobody.
    child.stdin.end();
    const seen = (await next()) as Seen;
    over.abort();
    return { seen, own: await work };
  } finally {
    child.kill("SIGKILL");
  }
}

/** Milliseconds from each trigger to the first "off" after it; one that got none before the next counts as missed. */
function delaysOf({ triggered, switched }: Seen): { delays: number[]; missed: number } {
  const delays: number[] = [];
  for (const [index, text] of triggered.entries()) {
    const at = BigInt(text);
    const until = BigInt(triggered[index + 1] ?? "9223372036854775807");
    const off = switched.map(BigInt).find((moment) => moment > at && moment < until);
    if (off !== undefined) delays.push(Number(off - at) / 1e6);
  }
  return { delays, missed: triggered.length - delays.length };
}

function busyCore(): ChildProcess {
  return spawn(process.execPath, ["-e", "for (;;) {}"], { stdio: "ignore" });
}

process.stdout.write(
  `${triggers} triggers each. "board to relay": from the write of the line by the board's process to the arrival of the ` +
    `command in the relay's, so both pseudo-terminals and all schedulers are in it. "in hil": from the arrival of the ` +
    "bytes to the command handed to the system.\n" +
    `${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)} before: above the number of cores, others are measured.\n`,
);
process.stdout.write("\nhostile log: how long one chunk holds the process\n");
for (const row of hostileRows()) plot.say(`  ${row}`);
process.stdout.write("\na hostile megabyte that has queued up: one turn of the process\n");
for (const row of await turnRows()) plot.say(`  ${row}`);
for (const [title, bytesPerMs, isBusy] of [
  ["quiet UART, idle machine", 0, false],
  ["log storm (100 kB/s), one core busy", STORM_BYTES_PER_MS, true],
] as const) {
  plot.say(`\n${title}`);
  for (const [name, approach] of [
    ["raw bytes (hil)", raw],
    ["line parser", lines],
  ] as const) {
    const busy = isBusy ? busyCore() : undefined;
    try {
      const { seen, own } = await measured(approach, bytesPerMs);
      const { delays, missed } = delaysOf(seen);
      const lost = `${missed} missed, ${seen.droppedBytes} bytes dropped`;
      plot.say(`  ${name.padEnd(16)} board to relay  ${figures(delays)}  (${delays.length}; ${lost})`);
      if (own.length > 0) plot.say(`${" ".repeat(19)}in hil          ${figures(own.map((us) => us / 1000))}`);
      plot.times(`${name}, ${title}: board to relay`, delays);
    } finally {
      busy?.kill("SIGKILL");
    }
  }
}
