import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { BenchError, type Clock, within } from "../src/core/index.ts";

/** Where the servers are, and the package they come from. */
export const SMP_SERVERS = {
  name: "smpclient",
  version: "7.3.0",
  sha256: "86aa4bc1c621805d97f449793a4077f049aa88a98a1e916bf59423d072bd2a3b",
  folder: process.env["HIL_SMP_SERVERS"] ?? join(homedir(), ".cache/mcuboot-hil/smp-servers-7.3.0"),
} as const;

const PREFIX = "zephyr_4.4.0_smp_server_0eae053d";
/** After 4.4.0: MCUboot with parameters, and with packets without frames. */
const LATER = "zephyr_f33aa2bc4a43_smp_server_27c54835";

/** What is missing to run a server, as a sentence; undefined when it runs here. */
export function missingFor(kind: "native" | "qemu"): string | undefined {
  const sample = join(SMP_SERVERS.folder, `${PREFIX}_native_sim_serial.exe`);
  if (!existsSync(sample)) return "run `npx tsx peers/fetch-smp-servers.ts`";
  if (kind === "native") {
    if (existsSync("/lib/ld-linux.so.2") || existsSync("/lib32/ld-linux.so.2")) return undefined;
    return "install libc6-i386 and lib32gcc-s1";
  }
  return spawnSync("qemu-system-arm", ["--version"]).error ? "install qemu-system-arm" : undefined;
}

/** A server that runs, and where it is reached: a path, or host and port. */
export interface RunningServer extends AsyncDisposable {
  readonly path: string;
  readonly port: number;
}

/** Starts Zephyr as a program of this machine; its UART is a pseudo-terminal. @param build "serial_bigrx", "shell" … */
export async function nativeServer(build: string, clock: Clock): Promise<RunningServer> {
  const program = join(SMP_SERVERS.folder, `${PREFIX}_native_sim_${build}.exe`);
  // It keeps its flash in a file of the folder it runs in.
  const child = spawn(program, [], { cwd: mkdtempSync(join(tmpdir(), "zephyr-")), stdio: ["ignore", "pipe", "pipe"] });
  const ready = build.startsWith("udp") ? /smp_udp: Started/ : /connected to pseudotty: (\S+)/;
  const match = await says(child, ready, clock);
  return { path: match[1] ?? "", port: 1337, [Symbol.asyncDispose]: () => ended(child) };
}

/** Emulated boards whose images hold MCUboot and Zephyr. */
const BOARDS = {
  /** 512 KiB slots, direct XIP, serial recovery, 1 KiB buffers. */
  "mps2 direct XIP": {
    options: ["-cpu", "cortex-m3", "-machine", "mps2-an385"],
    uarts: ["-serial", "null"],
    files: [
      `${PREFIX}_mps2_an385_serial_recovery_buf1024.hex`,
      `${PREFIX}_mps2_an385_serial_recovery_buf1024.signed.bin`,
    ],
    signedAt: "0x20050000",
  },
  /** The same, and a recovery that tells its parameters. */
  "mps2 recovery": {
    options: ["-cpu", "cortex-m3", "-machine", "mps2-an385"],
    uarts: ["-serial", "null"],
    files: [`${LATER}_mps2_an385_serial_recovery.hex`, `${LATER}_mps2_an385_serial_recovery.signed.bin`],
    signedAt: "0x20050000",
  },
  /** The same, without frames. */
  "mps2 raw recovery": {
    options: ["-cpu", "cortex-m3", "-machine", "mps2-an385"],
    uarts: ["-serial", "null"],
    files: [`${LATER}_mps2_an385_serial_recovery_raw.hex`, `${LATER}_mps2_an385_serial_recovery_raw.signed.bin`],
    signedAt: "0x20050000",
  },
  /** A swap build: the state of images can be written. */
  "microbit swap": {
    options: ["-cpu", "cortex-m0", "-machine", "microbit"],
    uarts: [],
    files: [`${PREFIX}_qemu_cortex_m0_serial.merged.hex`, `${PREFIX}_qemu_cortex_m0_serial.signed.bin`],
    signedAt: undefined,
  },
} as const;

/** The image that an emulated board runs. */
export function imageOf(board: keyof typeof BOARDS): string {
  return join(SMP_SERVERS.folder, BOARDS[board].files[1]);
}

/** Starts MCUboot and Zephyr on an emulated board; its UART is a TCP port, `path` the image that runs. */
export async function emulatedServer(board: keyof typeof BOARDS, clock: Clock): Promise<RunningServer> {
  const { options, uarts, files, signedAt } = BOARDS[board];
  const [hexFile, image] = files.map((file) => join(SMP_SERVERS.folder, file)) as [string, string];
  const port = await freePort();
  // Without nodelay its answers, written byte by byte, wait for our system's delayed acknowledgements: 40 ms and more
  // for each, and now and then longer than a chunk's deadline.
  const uart = [
    "-chardev",
    `socket,id=con,host=127.0.0.1,port=${port},server=on,wait=off,nodelay=on`,
    "-serial",
    "chardev:con",
  ];
  const flash = ["-device", `loader,file=${hexFile}`];
  if (signedAt !== undefined) flash.push("-device", `loader,file=${image},addr=${signedAt}`);
  const fixed = ["-nographic", "-monitor", "none"];
  const child = spawn("qemu-system-arm", [...options, ...fixed, ...uart, ...uarts, ...flash], { stdio: "ignore" });
  await within(clock, 10_000, "qemu to start", () => new Promise<void>((resolve) => child.once("spawn", resolve)));
  return { path: image, port, [Symbol.asyncDispose]: () => ended(child) };
}

function says(child: ChildProcess, pattern: RegExp, clock: Clock): Promise<RegExpExecArray> {
  let text = "";
  const found = new Promise<RegExpExecArray>((resolve, reject) => {
    const read = (bytes: Buffer) => {
      text += bytes.toString("latin1");
      const match = pattern.exec(text);
      if (match) resolve(match);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.once("error", reject);
    child.once("exit", (code) => reject(new BenchError(`the server ended with ${code}: ${text.slice(-200)}`)));
  });
  return within(clock, 10_000, "the server to start", () => found, { lastSeen: () => text.slice(-200) });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
