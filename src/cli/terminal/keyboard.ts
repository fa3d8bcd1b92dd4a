import { createInterface } from "node:readline/promises";
import { Queue } from "../../core/index.ts";
import type { Keyboard } from "./io.ts";

/** Takes standard input over, a terminal in raw mode, until it is closed. */
export function openKeyboard(): Keyboard {
  const { stdin } = process;
  const isTty = stdin.isTTY ?? false;
  const typed = new Queue<Uint8Array>();
  const onData = (bytes: Buffer) => typed.push(Uint8Array.from(bytes));
  const onEnd = () => typed.end();
  if (isTty) stdin.setRawMode(true);
  stdin.on("data", onData);
  stdin.on("end", onEnd);
  stdin.on("error", onEnd);
  stdin.resume();
  return {
    isTty,
    chunks: typed,
    [Symbol.asyncDispose]: async () => {
      stdin.off("data", onData);
      stdin.off("end", onEnd);
      stdin.off("error", onEnd);
      if (isTty) stdin.setRawMode(false);
      stdin.pause();
      typed.end();
    },
  };
}

/** One line from the terminal; undefined when there is none. @throws the signal's reason. */
export async function askLine(question: string, signal: AbortSignal): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // readline takes Ctrl-C for itself; the program's own way to stop must see it.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  try {
    return await lines.question(question, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
  }
}
