import { type ChildProcess, spawn } from "node:child_process";
import { BenchError, ScratchFolder } from "../../core/index.ts";

/** Output that is kept for error texts, in characters. */
const OUTPUT_MAX = 4096;

/**
 * Runs the program of its arguments, and ends it as soon as nobody holds the other end of its input any more: also when
 * the one who started it was killed and could do nothing. Its folder goes with it.
 */
const WATCHDOG = `
trap '' PIPE HUP
folder=$1; shift
exec 3<&0 4>&2 2>/dev/null
"$@" 3<&- </dev/null 2>&4 4>&- &
program=$!
(exec 4>&-; cat <&3 >/dev/null; kill -9 "$program") &
watcher=$!
exec 4>&-
wait "$program"
status=$?
kill "$watcher"
rm -rf "$folder"
exit "$status"
`;

/** A program that does not outlive us, with a folder of its own that does not outlive it. */
export class GuardedProcess implements AsyncDisposable {
  /** For its sockets and files. */
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #scratch: ScratchFolder;
  readonly #ended: Promise<void>;
  #output = "";
  #over = false;

  private constructor(child: ChildProcess, scratch: ScratchFolder) {
    this.#child = child;
    this.#scratch = scratch;
    this.folder = scratch.path;
    child.stderr?.setEncoding("utf8");
    child.stderr?.on("data", (text: string) => {
      this.#output = (this.#output + text).slice(-OUTPUT_MAX);
    });
    child.stdin?.on("error", () => undefined);
    this.#ended = new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("close", () => {
        child.stdin?.destroy();
        this.#over = true;
        resolve();
      });
    });
  }

  /** @param argumentsIn program and arguments, given the folder. */
  static start(argumentsIn: (folder: string) => readonly string[]): GuardedProcess {
    const scratch = new ScratchFolder("qemu");
    const folder = scratch.path;
    // A group of its own: Ctrl-C in a terminal is ours to answer, not the emulator's.
    const child = spawn("/bin/sh", ["-c", WATCHDOG, "hil-qemu", folder, ...argumentsIn(folder)], {
      stdio: ["pipe", "ignore", "pipe"],
      detached: true,
    });
    return new GuardedProcess(child, scratch);
  }

  /** Of the watchdog, which leads the group. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#over;
  }

  /** Rejects when the program ends before `signal` aborts. */
  async failure(signal: AbortSignal): Promise<never> {
    const given = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([this.#ended, given]);
    signal.throwIfAborted();
    throw new BenchError(`QEMU ended at once: ${this.#output.trim() || "it said nothing"}.`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
    this.#scratch[Symbol.dispose]();
  }
}
