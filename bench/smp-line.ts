import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BenchError, type Clock, Queue } from "../src/core/index.ts";
import type { Chunk } from "../src/serial/index.ts";

/** Both numbers in front of what the line's program takes and tells: a moment, and how many bytes follow. */
const HEAD_BYTES = 16;

/** The line of smp-line.c: its device's end, with the moments at which bytes came and left by its own clock. */
export interface StampedLine {
  /** What a client opens. */
  readonly path: string;
  /** Stamped when they came, on `clock`. */
  readonly chunks: AsyncIterable<Chunk>;
  /** Hands the bytes over at `dueUs`, and tells when that began; one at a time. Both on `clock`. */
  write(bytes: Uint8Array, dueUs: number): Promise<number>;
}

/** @param program smp-line.c, compiled. */
export async function openStampedLine(program: string, clock: Clock): Promise<StampedLine> {
  const child: ChildProcess = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new TypeError("no pipes");
  // Both count CLOCK_MONOTONIC; the clock's zero is the moment in which it was made.
  const zeroUs = Number(process.hrtime.bigint() / 1000n) - clock.nowUs();
  const arrived = new Queue<Chunk>();
  let named: ((path: string) => void) | undefined;
  let left: ((atUs: number) => void) | undefined;
  const path = new Promise<string>((resolve, reject) => {
    named = resolve;
    child.once("close", () => reject(new BenchError("the line's program ended.", "See what it said.")));
  });
  let buffered: Buffer = Buffer.alloc(0);
  stdout.on("data", (more: Buffer) => {
    buffered = buffered.length === 0 ? more : Buffer.concat([buffered, more]);
    while (buffered.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + Number(buffered.readBigUInt64LE(8));
      if (buffered.length < end) return;
      const atUs = Number(buffered.readBigUInt64LE(0)) - zeroUs;
      const bytes = Uint8Array.from(buffered.subarray(HEAD_BYTES, end));
      buffered = buffered.subarray(end);
      if (named) named(Buffer.from(bytes).toString());
      else if (bytes.length === 0) left?.(atUs);
      else arrived.push({ atUs, bytes });
      named = undefined;
    }
  });
  return {
    path: await path,
    chunks: arrived,
    write: (bytes, dueUs) => {
      const began = new Promise<number>((resolve) => {
        left = resolve;
      });
      const head = Buffer.alloc(HEAD_BYTES);
      head.writeBigUInt64LE(BigInt(Math.max(0, Math.round(dueUs + zeroUs))), 0);
      head.writeBigUInt64LE(BigInt(bytes.length), 8);
      stdin.write(Buffer.concat([head, bytes]));
      return began;
    },
  };
}

/**
 * Compiles a program of this folder into another one, and returns it.
 * @param name "smp-line", "smp-control".
 * @throws BenchError without a C compiler.
 */
export function compiled(name: string, folder: string): string {
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url));
  const program = join(folder, name);
  const { status, error } = spawnSync("cc", ["-O2", "-o", program, source], { stdio: "inherit" });
  if (status === 0) return program;
  throw new BenchError(
    `${name}.c does not compile${error ? `: ${error.message}` : ""}`,
    "Install a C compiler (`cc`).",
  );
}
