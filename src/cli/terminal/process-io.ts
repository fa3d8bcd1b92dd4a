import { complaintText, EXIT, hasCode, messageOf, terminalText } from "../../core/index.ts";
import { askSecret } from "./ask-secret.ts";
import type { CliIo } from "./io.ts";
import { askLine, openKeyboard } from "./keyboard.ts";
import { startHil } from "./start-hil.ts";

/** A full disk is another matter: what should have been printed is lost, and the exit code says so. */
function outputLost(error: unknown): void {
  process.stderr.write(complaintText(`hil: standard output cannot be written: ${messageOf(error)}.\n`));
  process.once("exit", () => {
    if (process.exitCode === undefined || process.exitCode === EXIT.pass) process.exitCode = EXIT.bench;
  });
}

/** The world outside as this process has it. */
export function processIo(signal: AbortSignal): CliIo {
  // A reader that went away (`hil run | head`) must not stop a campaign with the power off.
  process.stdout.on("error", (error) => {
    if (!hasCode(error, "EPIPE")) outputLost(error);
  });
  // Nowhere is left to complain to when the terminal is gone: the clean-up goes on all the same.
  process.stderr.on("error", () => undefined);
  return {
    out: (text, before) => void process.stdout.write(terminalText(text, before)),
    outBytes: (bytes) => void process.stdout.write(bytes),
    err: (text) => void process.stderr.write(complaintText(text)),
    askSecret: (question) => askSecret(terminalText(question)),
    ask: (question) => askLine(terminalText(question), signal),
    openKeyboard,
    startHil,
    env: process.env,
    cwd: process.cwd(),
    signal,
    // A dumb terminal cannot redraw a line.
    isTty: (process.stdout.isTTY ?? false) && process.env["TERM"] !== "dumb",
    // Asked for at every line: people resize their terminals.
    get columns() {
      return process.stdout.columns ?? 100;
    },
  };
}
