import { askSecret } from "./ask-secret.ts";
import type { CliIo } from "./io.ts";

/** The world outside as this process has it. */
export function processIo(signal: AbortSignal): CliIo {
  // A reader that went away (`hil run | head`) must not stop a campaign with the power off.
  process.stdout.on("error", () => {});
  return {
    out: (text) => void process.stdout.write(text),
    outBytes: (bytes) => void process.stdout.write(bytes),
    err: (text) => void process.stderr.write(text),
    askSecret,
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
