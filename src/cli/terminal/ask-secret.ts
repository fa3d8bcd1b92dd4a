import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { ReadStream } from "node:tty";
import { InterruptedError } from "../../core/index.ts";

const TERMINAL = "/dev/tty";
const KEY = { ctrlC: 3, ctrlD: 4, backspace: 8, lineFeed: 10, enter: 13, ctrlU: 21, delete: 127 } as const;
const SECRET_BYTES_MAX = 1024;

/**
 * Asks on the terminal, also when input and output are redirected; what is typed is not shown.
 * @returns undefined when there is no terminal, or nothing was typed.
 * @throws InterruptedError on Ctrl-C.
 */
export function askSecret(question: string): string | undefined {
  const opened = openTerminal();
  if (opened === undefined) return undefined;
  const { screen, keyboard } = opened;
  const terminal = new ReadStream(screen);
  try {
    // Raw: nothing is echoed, and Ctrl-C comes as a byte.
    terminal.setRawMode(true);
    writeSync(screen, question);
    return readLine(keyboard);
  } finally {
    terminal.setRawMode(false);
    writeSync(screen, "\n");
    closeSync(keyboard);
    terminal.destroy();
  }
}

/** The terminal twice: the handle that Node's stream takes over no longer blocks, and reading must. */
function openTerminal(): { readonly screen: number; readonly keyboard: number } | undefined {
  try {
    return { screen: openSync(TERMINAL, "r+"), keyboard: openSync(TERMINAL, "r") };
  } catch {
    // No terminal: a build server, a service.
    return undefined;
  }
}

function readLine(keyboard: number): string | undefined {
  const typed: number[] = [];
  const byte = new Uint8Array(1);
  while (typed.length < SECRET_BYTES_MAX) {
    const count = readSync(keyboard, byte, 0, 1, null);
    const [key = 0] = byte;
    if (count === 0 || key === KEY.enter || key === KEY.lineFeed || key === KEY.ctrlD) break;
    if (key === KEY.ctrlC) throw new InterruptedError("interrupted while a passphrase was asked for.");
    if (key === KEY.ctrlU) typed.length = 0;
    else if (key === KEY.delete || key === KEY.backspace) dropCharacter(typed);
    else typed.push(key);
  }
  return typed.length === 0 ? undefined : Buffer.from(typed).toString("utf8");
}

/** A character of UTF-8 may be several bytes: those that go on with it begin with the bits 10. */
function dropCharacter(typed: number[]): void {
  while (((typed.pop() ?? 0) & 0xc0) === 0x80);
}
