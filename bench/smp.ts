// Our upload against other people's, to one server (ours) on one pseudo-terminal, at the pace of one line and one flash:
// npx tsx bench/smp.ts [KIBIBYTES] [--no-peers] [--fast] [--only=NAME]
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { MCUMGR, missingClient, PYTHON } from "../peers/smp-tools.ts";
import { RealClock, ScratchFolder } from "../src/core/index.ts";
import { lineTimeUs, openSerialPort, Uart } from "../src/serial/index.ts";
import { encodedBytes, SMP_HEADER_BYTES, SmpClient } from "../src/smp/index.ts";
import { plainImage } from "../src/smp/testing/array-store.ts";
import { BenchPlot } from "./plot.ts";
import { chunksOf, controlFrames } from "./smp-control.ts";
import { compiled } from "./smp-line.ts";

const WORD_US = 43;
const CHUNKS_PER_LOSS = 3;
/** `{ off: n }` of five digits in an indefinite map, with its header. */
const ANSWER_BYTES = SMP_HEADER_BYTES + 11;
using plot = new BenchPlot("Uploads on one paced line");
const kibibytes = Number(process.argv[2] ?? 200);
const only = process.argv.find((word) => word.startsWith("--only="))?.slice("--only=".length);
const withPeers = !process.argv.includes("--no-peers");
const image = plainImage({ version: [2, 0, 0], payloadBytes: kibibytes * 1024 - 72 });
const scratch = new ScratchFolder("bench").path;
const file = join(scratch, "image.bin");
writeFileSync(file, image.file);
const lineProgram = compiled("smp-line", scratch);
const controlProgram = compiled("smp-control", scratch);

interface Setup {
  readonly baudRate: number;
  readonly bufferBytes: number;
  readonly bufferCount: number;
  readonly lostPercent: number;
}

/** Seconds that line and flash allow: with both busy at once, and with each chunk answered before the next is sent. */
function limits({ baudRate, bufferBytes }: Setup): { both: number; turns: number; chunk: number } {
  const chunks = chunksOf(image.file, bufferBytes).map(({ request, frame }) => ({
    lineUs: lineTimeUs(frame.length, baudRate),
    flashUs: Math.ceil(request.data.length / 4) * WORD_US,
  }));
  const lineUs = chunks.reduce((sum, chunk) => sum + chunk.lineUs, 0);
  const flashUs = chunks.reduce((sum, chunk) => sum + chunk.flashUs, 0);
  const answersUs = chunks.length * lineTimeUs(encodedBytes(ANSWER_BYTES), baudRate);
  // Whoever is the faster one waits once: flash for its first chunk, or for its last one, which the line has carried.
  const both = Math.max(lineUs + (chunks.at(-1)?.flashUs ?? 0), (chunks[0]?.lineUs ?? 0) + flashUs);
  return { both: both / 1e6, turns: (lineUs + flashUs + answersUs) / 1e6, chunk: lineUs / chunks.length / 1e6 };
}

/** What the server saw of an upload: with medians of who took how long between two chunks. */
interface Measured {
  readonly seconds: number;
  /** From an answer's last byte to the first of the next chunk: the client, and the way there and back. */
  readonly turnUs: number;
  /** The same, on average. */
  readonly turnMeanUs: number;
  /** How late the server was with its answer; no part of `seconds`. */
  readonly lateUs: number;
  /** Chunks that were lost on the way to the server, each of them the next one that it wanted. */
  readonly chunksLost: number;
}

/** Runs one client against a new server. */
async function measured(setup: Setup, upload: (port: string) => Promise<void>): Promise<Measured> {
  const server = fileURLToPath(new URL("smp-server.ts", import.meta.url));
  const argv = [setup.baudRate, setup.bufferBytes, setup.bufferCount, setup.lostPercent, lineProgram].map(String);
  const child: ChildProcess = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), server, ...argv], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (!child.stdout) throw new TypeError("no output");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse(String((await lines.next()).value)) as Measured & { readonly path: string };
  try {
    const { path } = await next();
    await warmedUp(path, setup);
    await upload(path);
    return await next();
  } finally {
    child.kill("SIGKILL");
  }
}

/** Both programs of Node have compiled what they run often before anything is measured. */
async function warmedUp(port: string, { baudRate, bufferBytes }: Setup): Promise<void> {
  const clock = new RealClock();
  await using uart = Uart.open(await openSerialPort(port, { baudRate, clock }), { clock });
  await using client = SmpClient.onUart(uart, { clock });
  for (let time = 0; time < 60; time += 1) await client.echo("x".repeat(bufferBytes / 2));
}

const ours = (window: number, baudRate: number) => async (port: string) => {
  const clock = new RealClock();
  await using uart = Uart.open(await openSerialPort(port, { baudRate, clock }), { clock });
  await using client = SmpClient.onUart(uart, { clock });
  await client.upload(image.file, { window, imageHash: image.hash });
};

/** A program; its event loop is not ours, and it must end well. */
const program = (command: string, args: (port: string) => string[]) => async (port: string) => {
  const child = spawn(command, args(port), { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new RangeError(`${command} ended with ${String(code)}: ${said.slice(-300)}`);
};
const control = (window: number, { bufferBytes }: Setup) => {
  const frames = controlFrames(scratch, chunksOf(image.file, bufferBytes));
  return program(controlProgram, (port) => [port, frames, String(window)]);
};
const python = (name: string, baudRate: number) =>
  program(PYTHON, (port) => ["peers/smp_upgrade.py", name, port, file, "--upload", String(baudRate)]);
const go = (baudRate: number) =>
  program(MCUMGR ?? "", (port) => {
    const connection = ["--conntype", "serial", "--connstring", `dev=${port},baud=${baudRate},mtu=128`];
    return [...connection, "image", "upload", file];
  });

/** @param control bytes a second of the control, to be held against. */
async function show(
  setup: Setup,
  name: string,
  upload: (port: string) => Promise<void>,
  control?: number,
): Promise<number> {
  if (only !== undefined && !name.includes(only)) return 0;
  let found: Measured;
  try {
    found = await measured(setup, upload);
  } catch (error) {
    plot.say(`  ${name.padEnd(20)} failed: ${String(error).slice(0, 100)}`);
    return 0;
  }
  const { seconds, turnUs, turnMeanUs, lateUs, chunksLost } = found;
  const rate = image.file.length / seconds;
  const { both: clean, turns, chunk } = limits(setup);
  // A server that takes chunks in their order says that one is missing when the next has come; a third one is on its
  // way by then. So much is lost on the line whatever a client does that keeps it busy.
  const both = clean + CHUNKS_PER_LOSS * chunksLost * chunk;
  const share = (limit: number) => `${((100 * limit) / seconds).toFixed(1).padStart(6)} %`;
  const beside = control ? `; ${((100 * rate) / control).toFixed(1)} % of what the control reaches` : "";
  plot.say(
    `  ${name.padEnd(20)}${rate.toFixed(0).padStart(7)} B/s ${seconds.toFixed(2).padStart(7)} s${share(both)} of the limit${share(turns)} of one by one; turn-round ${turnUs} us (mean ${turnMeanUs}), server late ${lateUs} us${beside}`,
  );
  return rate;
}

const versions = spawnSync(PYTHON, ["-m", "pip", "list", "--format=freeze"], { encoding: "utf8" }).stdout ?? "";
const peers = versions.split("\n").filter((line) => /^(smpclient|mcumgr-toolkit)==/.test(line));
const classic = MCUMGR === undefined ? "no classic mcumgr here" : "mcumgr (Go)";
plot.say(`machine  ${cpus()[0]?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}`);
plot.say(`peers    ${[...peers, classic].join(", ")}`);
plot.say(
  `image    ${image.file.length} bytes; flash ${WORD_US} µs a word; times as the server sees them, after 60 echoes`,
);
for (const baudRate of process.argv.includes("--fast") ? [1_000_000] : [115_200, 1_000_000]) {
  for (const bufferBytes of [384, 2_048]) {
    const setup = { baudRate, bufferBytes, bufferCount: 4, lostPercent: 0 };
    const { both, turns } = limits(setup);
    plot.say(`\n${baudRate} baud, ${bufferBytes} × 4: limit ${both.toFixed(2)} s, one by one ${turns.toFixed(2)} s`);
    // The control first: what a pseudo-terminal and this machine's scheduler leave any client at this hour.
    const most = await show(setup, "control, window 3", control(3, setup));
    const mine = await show(setup, "hil, window 3", ours(3, baudRate), most);
    const mostInTurns = await show(setup, "control, one by one", control(1, setup));
    await show(setup, "hil, one by one", ours(1, baudRate), mostInTurns);
    const rates: number[] = [];
    if (withPeers) {
      for (const name of ["smpclient", "mcumgr-toolkit"] as const) {
        if (missingClient(name) === undefined) rates.push(await show(setup, name, python(name, baudRate)));
      }
      if (MCUMGR !== undefined) rates.push(await show(setup, "mcumgr", go(baudRate)));
      plot.say(`  ${(mine / Math.max(1, ...rates)).toFixed(2)} × the best of them`);
    }
    await show({ ...setup, lostPercent: 1 }, "hil, 1 % lost", ours(3, baudRate));
  }
}
