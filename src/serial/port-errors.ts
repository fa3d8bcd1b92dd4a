import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { BenchError, messageOf } from "../core/index.ts";

interface Fault {
  readonly text: RegExp;
  readonly says: (path: string) => string;
  readonly hint: string;
  readonly taken?: true;
}

/** serialport's texts and what they mean. Source: @serialport/bindings-cpp 13, serialport_unix.cpp, serialport_win.cpp. */
const FAULTS: readonly Fault[] = [
  {
    text: /No such file or directory|File not found|No such device/i,
    says: (path) => `no port ${path}.`,
    hint: "Plug the board in, or run `hil ports` to see what is there.",
  },
  {
    text: /Cannot lock port|Resource busy|Device or resource busy|Access (is )?denied/i,
    says: (path) => `port ${path} is taken`,
    hint: "Close the other program, then run again.",
    taken: true,
  },
  {
    text: /Permission denied|Operation not permitted/i,
    says: (path) => `no permission to open ${path}.`,
    hint: "`hil doctor` says why; mostly your user is not in dialout (`sudo usermod -aG dialout $USER`, log in again).",
  },
  {
    text: /Inappropriate ioctl|Not a typewriter/i,
    says: (path) => `${path} is not a serial port.`,
    hint: "Run `hil ports` to see what is there.",
  },
  {
    text: /baud ?rate|Invalid argument/i,
    says: (path) => `port ${path} does not take these settings.`,
    hint: "Try another baud rate (115200 works everywhere; a J-Link on board takes at most 1000000, and not 921600).",
  },
];

/** True for the error of a port that somebody else has locked. */
export function isTaken(error: unknown): boolean {
  const text = messageOf(error);
  return FAULTS.find((row) => row.text.test(text))?.taken ?? false;
}

/**
 * The BenchError of a port that did not open: absent, taken (by whom, where /proc tells), forbidden, not a serial port.
 * @param root of /proc, for tests.
 */
export async function serialPortError(path: string, error: unknown, root = "/proc"): Promise<BenchError> {
  const text = messageOf(error);
  const fault = FAULTS.find((row) => row.text.test(text));
  if (!fault) return new BenchError(`port ${path} does not open: ${text}.`, "Run `hil ports`.", { cause: error });
  if (!fault.taken) return new BenchError(fault.says(path), fault.hint, { cause: error });
  const holders = await holdersOf(path, root);
  const by = holders.length === 0 ? "." : ` by ${holders.join(" and ")}.`;
  return new BenchError(`${fault.says(path)}${by}`, fault.hint, { cause: error });
}

/** Programs that hold a device open, as "minicom (pid 4711)"; only what this user may see, and only on Linux. */
export async function holdersOf(path: string, root = "/proc"): Promise<string[]> {
  const device = await realpath(path).catch(() => path);
  const pids = (await readdir(root).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found: string[] = [];
  for (const pid of pids) {
    const fds = await readdir(`${root}/${pid}/fd`).catch(() => []);
    const targets = await Promise.all(fds.map((fd) => readlink(`${root}/${pid}/fd/${fd}`).catch(() => "")));
    if (!targets.includes(device)) continue;
    const command = (await readFile(`${root}/${pid}/comm`, "utf8").catch(() => "a program")).trim();
    found.push(Number(pid) === process.pid ? `this program (pid ${pid})` : `${command} (pid ${pid})`);
  }
  return found;
}
