import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCKS_VARIABLE } from "../../board/index.ts";
import { program } from "./program.ts";

/** Of the source as it was when this process began. */
let entry: string | undefined;

/** Where the locks of a lab lie. */
export const locksOf = (folder: string) => join(folder, "locks");

/** A running `hil`, with what it has printed so far. */
export interface HilProcess {
  readonly child: ChildProcess;
  readonly done: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
  /** Resolves once the output (both streams) matches; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<string>;
}

/** Starts `hil` from source in `cwd`, with locks of its own. */
export function hil(cwd: string, ...args: string[]): HilProcess {
  return hilOn(process.execPath, cwd, args);
}

/** The same on another Node. @param more variables besides those of this process. */
export function hilOn(
  node: string,
  cwd: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): HilProcess {
  const env = { ...process.env, [LOCKS_VARIABLE]: locksOf(cwd), ...more };
  entry ??= program();
  const child = spawn(node, [entry, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  const waiting = new Set<() => void>();
  const tell = () => {
    for (const check of [...waiting]) check();
  };
  child.stdout?.on("data", (data: Buffer) => {
    out += data.toString();
    tell();
  });
  child.stderr?.on("data", (data: Buffer) => {
    err += data.toString();
    tell();
  });
  const done = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, out, err }));
  });
  const printed = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const check = () => {
        if (!pattern.test(out + err)) return;
        waiting.delete(check);
        resolve(out + err);
      };
      waiting.add(check);
      void done.then(({ code }) =>
        reject(new Error(`hil ended (exit ${code}) before it printed ${String(pattern)}:\n${out}${err}`)),
      );
      check();
    });
  return { child, done, printed };
}

/** A bench on pseudo-terminals: `hil twin` as a process of its own, and a profile that knows nothing of twins. */
export interface PtyBench extends AsyncDisposable {
  readonly folder: string;
  readonly twin: HilProcess;
  /** The events of the newest run. */
  newestRun(): {
    readonly folder: string;
    readonly events: readonly { readonly event: string }[];
    readonly run: RunJson;
  };
}

export interface RunJson {
  readonly state: string;
  readonly result: { readonly outcome: string; readonly cutsJudged: number } | null;
}

/** A lab's profile on pseudo-terminals; it knows nothing of twins. */
export const LAB_PROFILE = `schema: 1
name: lab-pty
provider: hardware
ports:
  app: { path: ./dev/uart, baud_rate: 1000000 }
power:
  driver: lcus
  port: { path: ./dev/relay }
  channel: 1
  contact: NC
  cuts: soc
  off_ms: 250
  cut_uncertainty_ms: 60
bootloader: { crypto: cryptocell } # in real time every second counts
slots:
  sector_bytes: 4096
  primary: { offset: 0x10000, bytes: 0x74000 }
  secondary: { offset: 0x84000, bytes: 0x74000 }
keys: { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" }
timeouts_ms: { boot: 3000, swap: 12000, smp: 2000 }
`;

/** The board of that lab, as only the twin's process knows it. */
const TWIN_PROFILE = `schema: 1
name: board-of-lab-pty
provider: twin
ports: { app: { path: "twin:app", baud_rate: 1000000 } }
power: { driver: lcus, port: { path: "twin:relay" }, channel: 1, contact: NC, cuts: soc }
bootloader: { crypto: cryptocell }
slots:
  sector_bytes: 4096
  primary: { offset: 0x10000, bytes: 0x74000 }
  secondary: { offset: 0x84000, bytes: 0x74000 }
keys: { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" }
twin: TWIN
`;

const SCENARIO = `schema: 1
name: small
images:
  old: { version: "1.0.0", payload: { generate_bytes: 7000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }
cuts: { count: 2 }
revert_check: false
`;

/** The same board as `twin-net` is: image 1 is the network core's, and updates overwrite. */
function withNetCore(profile: string, net: string): string {
  return profile
    .replace(/app: (\{[^}]*\})/, `app: $1, net: { path: "${net}" }`)
    .replace(/ports:\n {2}app: (.*), net: (.*)\n/, "ports:\n  app: $1\n  net: $2\n")
    .replace(
      "crypto: cryptocell }",
      'crypto: cryptocell, generation: "2.2.0", mode: overwrite-only, network_core_upgrade: true }',
    )
    .replaceAll("bytes: 0x74000", "bytes: 0x58000")
    .replace(
      /secondary: \{ offset: 0x84000.*\}/,
      "secondary: { offset: 0x68000, bytes: 0x58000 }\n  network_secondary: { offset: 0xc0000, bytes: 0x38000 }",
    );
}

/** The lab's profile with the port that a twin says it serves. */
function withNetworkPort(over: "tcp" | "rfc2217" | "udp", told: string): string {
  const port = new RegExp(`"${over}":(\\d+)`).exec(told)?.[1] ?? "none";
  const name = over === "rfc2217" ? `rfc2217://127.0.0.1:${port}` : `${over}:127.0.0.1:${port}`;
  if (over === "udp") return LAB_PROFILE.replace("power:", `  smp: { path: "${name}" }\npower:`);
  return LAB_PROFILE.replace("./dev/uart", `"${name}"`);
}

/**
 * Starts a twin in real time at 1,000,000 baud and writes the files of a lab around it.
 * @param options.twin fields of the twin's own profile, which the lab's does not know of.
 * @param options.bothCores the board updates its network core, too, in slots of its own.
 * @param options.over what SMP goes over, if not a pseudo-terminal.
 */
export async function ptyBench(
  options: {
    readonly twin?: Readonly<Record<string, unknown>>;
    readonly bothCores?: boolean;
    readonly over?: "tcp" | "rfc2217" | "udp";
  } = {},
): Promise<PtyBench> {
  const folder = mkdtempSync(join(tmpdir(), "hil-pty-"));
  const { twin: fields = {}, bothCores = false, over } = options;
  const profile = (text: string, net: string) => (bothCores ? withNetCore(text, net) : text);
  writeFileSync(join(folder, "lab.yaml"), profile(LAB_PROFILE, "./dev/net"));
  writeFileSync(join(folder, "small.yaml"), SCENARIO);
  writeFileSync(join(folder, "twin.yaml"), profile(TWIN_PROFILE, "twin:net").replace("TWIN", JSON.stringify(fields)));
  const served = over === undefined ? [] : [`--${over}`, "0"];
  const twin = hil(folder, "twin", "--board", "twin.yaml", "--link", "dev", "--baud", "1000000", ...served);
  const told = await twin.printed(/"pid"/);
  if (over !== undefined) writeFileSync(join(folder, "lab.yaml"), withNetworkPort(over, told));
  return {
    folder,
    twin,
    newestRun() {
      const name = readdirSync(join(folder, "runs")).toSorted().at(-1) ?? "";
      const path = join(folder, "runs", name);
      const lines = readFileSync(join(path, "events.jsonl"), "utf8").trim().split("\n");
      const run: RunJson = JSON.parse(readFileSync(join(path, "run.json"), "utf8"));
      return { folder: path, events: lines.map((line) => JSON.parse(line)), run };
    },
    async [Symbol.asyncDispose]() {
      twin.child.kill("SIGTERM");
      await twin.done;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
