import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { HilBeside } from "./io.ts";

/** Of standard error, for the words of how it ended. */
const ERR_CHARS_MAX = 10_000;
/** What a second process of ours needs of the environment: no secret of the first. */
const VARIABLES = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ"] as const;

/** Starts this program once more, in a group of its own: Ctrl-C of the terminal is the first one's. */
export function startHil(argv: readonly string[]): HilBeside {
  const env = Object.fromEntries(
    VARIABLES.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const program = [...process.execArgv, process.argv[1] ?? "", ...argv];
  const child = spawn(process.execPath, program, { detached: true, env, stdio: ["pipe", "pipe", "pipe"] });
  let err = "";
  child.stderr.on("data", (piece: Buffer) => {
    err = `${err}${piece.toString()}`.slice(0, ERR_CHARS_MAX);
  });
  // It may have gone already: whoever writes to it is not to end for that.
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const done = new Promise<{ code: number | null; err: string }>((resolve) => {
    child.on("error", (error) => resolve({ code: null, err: error.message }));
    child.on("close", (code) => resolve({ code, err }));
  });
  return {
    line: async () => {
      const { value, done: isOver } = await lines.next();
      return isOver === true ? undefined : value;
    },
    write: (text) => void child.stdin.write(text),
    end: () => child.stdin.end(),
    kill: () => void child.kill("SIGKILL"),
    done,
  };
}
