import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { LabClient, requireLabNode } from "../../lab/index.ts";
import { type HilProcess, hilOn } from "./process.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** Names a Node that labs are started with, where the one that runs the tests is too old. */
const NODE_VARIABLE = "HIL_LAB_NODE";

/** Names a PostgreSQL server, for labs of tests; default: each lab has PGlite in its folder. */
export const LAB_DATABASE_VARIABLE = "HIL_LAB_DATABASE";

/** A Node that a lab can be started with: this one, or the one that is named; undefined where there is none. */
export function labNode(): string | undefined {
  const fits = (node: string) => {
    try {
      requireLabNode(execFileSync(node, ["--version"], { encoding: "utf8" }).trim().slice(1));
      return true;
    } catch {
      return false;
    }
  };
  return [process.execPath, ...[process.env[NODE_VARIABLE]].filter((path) => path !== undefined)].find(fits);
}

/** Why tests of a lab are skipped, for their name. */
export const NO_LAB_NODE = "skipped: a lab needs Node 22.12, run the tests with it (.ci/run nodes) or set HIL_LAB_NODE";

/** A folder with a lab in it, and processes around it; all of them end when it is closed. */
export class LabBench implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "hil-lab-"));
  readonly #node: string;
  readonly #processes: HilProcess[] = [];

  constructor(node: string) {
    this.#node = node;
  }

  /** @param env besides that of this process. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): HilProcess {
    const started = hilOn(this.#node, this.folder, args, env);
    this.#processes.push(started);
    return started;
  }

  /** Starts the server, and waits until it answers. */
  async serve(...args: readonly string[]): Promise<HilProcess> {
    const lab = this.start(["lab", "--listen", "0", ...this.#database(), ...args]);
    await lab.printed(/^submit/m);
    return lab;
  }

  /** A database of this lab's own, where the suites run on PostgreSQL. */
  #database(): readonly string[] {
    const server = process.env[LAB_DATABASE_VARIABLE];
    if (server === undefined) return [];
    const name = basename(this.folder)
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "_");
    // A server that is started again finds it there.
    spawnSync("psql", [`${server}/postgres`, "-qc", `create database ${name}`], { stdio: "ignore" });
    return ["--database", `${server}/${name}`];
  }

  /** This lab's address, and its own user's token. */
  get access(): { readonly url: string; readonly token: string } {
    return JSON.parse(readFileSync(join(this.folder, "hil-lab/lab.json"), "utf8"));
  }

  get client(): LabClient {
    const { url, token } = this.access;
    return new LabClient(url, token);
  }

  /** Profiles of twins, each a file `NAME.yaml`. */
  twins(...names: readonly string[]): readonly string[] {
    const twin = readFileSync(join(ROOT, "boards/twin.yaml"), "utf8");
    return names.map((name) => {
      writeFileSync(join(this.folder, `${name}.yaml`), twin.replace(/^name: twin$/m, `name: ${name}`));
      return `${name}.yaml`;
    });
  }

  /** Starts the agent of a host of its own. */
  async agent(name: string, profiles: readonly string[], ...more: readonly string[]): Promise<HilProcess> {
    const { token } = await this.client.call("addToken", { body: { name, role: "agent" } });
    return this.agentAgain(name, token, profiles, ...more);
  }

  agentAgain(name: string, token: string, profiles: readonly string[], ...more: readonly string[]): HilProcess {
    const boards = profiles.flatMap((profile) => ["--board", profile]);
    return this.start(["agent", "--lab", this.access.url, "--data", name, ...boards, ...more], {
      HIL_LAB_TOKEN: token,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#processes.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    for (const { child } of open) child.kill("SIGTERM");
    await Promise.all(open.map(({ done }) => done));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
