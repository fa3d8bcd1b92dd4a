import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCKS_VARIABLE } from "../../../board/index.ts";
import { RealClock, sleep } from "../../../core/index.ts";
import { isOpen, type Job, LabClient, localFile, type Submission, sendFiles } from "../../../lab/index.ts";
import { program, scripted } from "../program.ts";
import { freePort } from "./private-postgres.ts";
import { type BoardRun, boardRuns, SCRIPTED_RUN } from "./scripted-run.ts";

const ROOT = join(import.meta.dirname, "../../../..");
export const clock = new RealClock();

/** A scenario that an agent reads and a scripted board does not. */
const SCENARIO = `schema: 1
name: scripted
images:
  old: { version: "1.0.0", payload: { generate_bytes: 7000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }
cuts: { count: 2 }
`;

/** A process of the lab, and what it has said. */
export interface LabProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  said: string;
  readonly gone: Promise<void>;
}

export interface Host {
  readonly name: string;
  readonly token: string;
  readonly boards: readonly string[];
  readonly folder: string;
  process: LabProcess;
}

interface HostOptions {
  /** Address of the lab as this host knows it. */
  readonly url?: string;
  /** What stands before the program: `ip netns exec NAME`. */
  readonly before?: readonly string[];
  readonly tags?: string;
  readonly token?: string;
  readonly folder?: string;
}

/** A lab of real server and real agents, whose boards only wait. */
export class ScriptedLab implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "hil-scripted-"));
  readonly log = join(this.folder, "log");
  readonly port: number;
  readonly #node: string;
  readonly #databaseUrl: string | undefined;
  readonly #agent = scripted("agent");
  readonly #run = join(this.folder, "run.sh");
  readonly #processes = new Set<LabProcess>();
  server: LabProcess | undefined;

  private constructor(node: string, port: number, databaseUrl: string | undefined) {
    this.#node = node;
    this.port = port;
    this.#databaseUrl = databaseUrl;
    mkdirSync(this.log);
    writeFileSync(this.#run, SCRIPTED_RUN);
    writeFileSync(join(this.folder, "scripted.yaml"), SCENARIO);
    chmodSync(this.folder, 0o755);
  }

  static async open(node: string, databaseUrl: string | undefined): Promise<ScriptedLab> {
    return new ScriptedLab(node, await freePort(), databaseUrl);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** As the lab's own user. */
  get client(): LabClient {
    const { token } = JSON.parse(readFileSync(join(this.folder, "hil-lab/lab.json"), "utf8"));
    return new LabClient(this.url, token);
  }

  start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): LabProcess {
    const own = { [LOCKS_VARIABLE]: join(this.folder, "locks"), SCRIPTED_LOG: this.log, ...env };
    const child = spawn(command, [...args], {
      cwd: this.folder,
      env: { ...process.env, ...own },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const gone = new Promise<void>((resolve) => {
      child.once("close", () => resolve());
      child.once("error", () => resolve());
    });
    const started: LabProcess = { child, pid: child.pid ?? 0, said: "", gone };
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data: Buffer) => (started.said = `${started.said}${data.toString()}`.slice(-200_000)));
    }
    this.#processes.add(started);
    void gone.then(() => this.#processes.delete(started));
    return started;
  }

  /** Starts the server, and waits until it answers. */
  async serve(...more: readonly string[]): Promise<LabProcess> {
    const database = this.#databaseUrl === undefined ? [] : ["--database", this.#databaseUrl];
    return this.#served([program(), "lab", "--no-agent", "--listen", `0.0.0.0:${this.port}`, ...database, ...more]);
  }

  /** The same with a wall clock that is off. */
  async serveOff(offMs: number): Promise<LabProcess> {
    const folder = join(this.folder, "hil-lab");
    return this.#served([scripted("server"), folder, String(this.port), this.#databaseUrl ?? "", String(offMs)]);
  }

  async #served(args: readonly string[]): Promise<LabProcess> {
    const server = this.start(this.#node, args);
    this.server = server;
    await until(() => {
      if (server.child.exitCode !== null || server.child.signalCode !== null) throw new Error(server.said);
      return /^submit/m.test(server.said);
    });
    return server;
  }

  /** Starts the agent of a host with these boards, which wait as long as they are told. */
  async host(name: string, boards: readonly string[], options: HostOptions = {}): Promise<Host> {
    const token = options.token ?? (await this.client.call("addToken", { body: { name, role: "agent" } })).token;
    const host = { name, token, boards, folder: options.folder ?? join(this.folder, name) };
    return { ...host, process: this.hostAgain(host, options) };
  }

  hostAgain(host: Omit<Host, "process">, { url = this.url, before = [], tags = "" }: HostOptions = {}): LabProcess {
    const twin = readFileSync(join(ROOT, "boards/twin.yaml"), "utf8");
    const profiles = host.boards.map((board) => {
      const file = join(this.folder, `${board}.yaml`);
      if (!existsSync(file)) writeFileSync(file, twin.replace(/^name: twin$/m, `name: ${board}`));
      return file;
    });
    const [command = "", ...args] = [...before, this.#node, this.#agent, url, host.folder, this.#run, ...profiles];
    return this.start(command, args, { HIL_LAB_TOKEN: host.token, SCRIPTED_TAGS: tags });
  }

  /** Until these boards, or so many, are free in the lab. */
  async free(count: number): Promise<void> {
    const { client } = this;
    await until(async () => (await client.call("boards")).filter(({ state }) => state === "free").length >= count);
  }

  /** What a job is that keeps its board for so many tenths of a second. */
  async submission(tenths: number, more: Partial<Submission> = {}): Promise<Submission> {
    const file = await localFile(join(this.folder, "scripted.yaml"), "scripted.yaml");
    await sendFiles(this.client, [file]);
    const { source: _, ...told } = file;
    return { scenario: "scripted.yaml", name: "scripted", files: [told], options: { seed: tenths }, ...more };
  }

  async submit(tenths: number, more: Partial<Submission> = {}): Promise<Job> {
    return this.client.call("submit", { body: await this.submission(tenths, more) });
  }

  /**
   * Until a job has ended, and its record, if it has one, is there; the lab may be away meanwhile.
   * @param states that are an end: without "lost" until the end is told late.
   */
  async ended(id: string, states?: readonly Job["state"][], seconds = 120): Promise<Job> {
    let last: Job | undefined;
    const isOver = async () => {
      last = await this.client.call("job", { path: { job: id } }).catch(() => last);
      const isEnd = last !== undefined && (states?.includes(last.state) ?? !isOpen(last.state));
      return last !== undefined && isEnd && (last.record !== null || last.exit === null);
    };
    await until(isOver, seconds).catch(() => {
      throw new Error(`after ${seconds} s: ${JSON.stringify(last)}`);
    });
    if (last === undefined) throw new Error(`the lab does not know ${id}`);
    return last;
  }

  /** What its processes that run have said. */
  get said(): string {
    return [...this.#processes].map(({ said }) => said).join("\n");
  }

  /** What the boards' own logs say. */
  get runs(): readonly BoardRun[] {
    return boardRuns(this.log);
  }

  /** The records that the lab has, by job: their board and times. */
  get records(): readonly { readonly job: string; readonly board: string; readonly startNs: string }[] {
    const folder = join(this.folder, "hil-lab/runs");
    return readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .map((name) => JSON.parse(readFileSync(join(folder, name, "run.json"), "utf8")));
  }

  async stop({ child, gone }: LabProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    child.kill(signal);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = [...this.#processes];
    for (const { child } of left) {
      child.kill("SIGCONT");
      child.kill(child === this.server?.child ? "SIGTERM" : "SIGKILL");
    }
    await Promise.all(left.map(({ gone }) => gone));
    // Runs outlive their agents; they end by themselves, and write into this folder until then.
    await until(() => !readdirSync(this.log).some((name) => name.endsWith(".held")), 60).catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Asks until it is so. @throws after so many seconds. */
export async function until(ask: () => boolean | Promise<boolean>, seconds = 120): Promise<void> {
  const endUs = clock.nowUs() + seconds * 1e6;
  while (!(await ask())) {
    if (clock.nowUs() > endUs) throw new Error(`not so after ${seconds} s: ${ask.toString().slice(0, 200)}`);
    await sleep(clock, 100);
  }
}

/** Processor time of a process in seconds, and the most memory that it had, in MiB. Linux. */
export function usageOf(pid: number): { readonly cpuS: number; readonly peakMib: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  const ticks = Number(stat[11]) + Number(stat[12]);
  const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuS: ticks / 100, peakMib: Math.round(Number(peak) / 1024) };
}

/** The value below which a share of all lies. */
export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN;
}
