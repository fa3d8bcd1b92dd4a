import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where Debian lays the programs of a release; others have them in their PATH. */
const DEBIAN = "/usr/lib/postgresql";

/** A program of PostgreSQL's own; undefined where it is not installed. */
function programOf(name: string): string | undefined {
  const releases = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a)) : [];
  const found = releases.map((release) => join(DEBIAN, release, "bin", name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  const { status, stdout } = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Whether this machine has PostgreSQL to start a cluster of one's own. */
export const hasPostgres = (): boolean => programOf("initdb") !== undefined;
export const NO_POSTGRES = "skipped: no PostgreSQL is installed (apt-get install postgresql)";

/** A port that nobody listens to at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A cluster of PostgreSQL in a temporary folder, for nobody but this machine; root starts it as another user. */
export class PrivatePostgres implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  static async start(): Promise<PrivatePostgres> {
    const folder = mkdtempSync(join(tmpdir(), "hil-postgres-"));
    const postgres = new PrivatePostgres(folder, await freePort());
    chmodSync(folder, 0o755);
    if (process.getuid?.() === 0) execFileSync("chown", ["postgres", folder]);
    postgres.#run("initdb", ["-D", postgres.#data, "-U", "lab", "-A", "trust", "--no-sync", "-E", "UTF8"]);
    postgres.up();
    postgres.sql("create database lab", "postgres");
    return postgres;
  }

  get url(): string {
    return `${this.server}/lab`;
  }

  /** Its address, without a database. */
  get server(): string {
    return `postgres://lab@127.0.0.1:${this.port}`;
  }

  get #data(): string {
    return join(this.folder, "data");
  }

  /** Starts it, again after it was killed, and waits until it answers. */
  up(): void {
    const options = `-p ${this.port} -k ${this.folder} -c listen_addresses=127.0.0.1`;
    const args = ["-D", this.#data, "-w", "-t", "60", "-l", join(this.folder, "log"), "-o", options, "start"];
    for (let tries = 0; ; tries += 1) {
      try {
        return void this.#run("pg_ctl", args);
      } catch (error) {
        // Processes of one that was killed may still have its memory.
        if (tries === 20) throw error;
        spawnSync("sleep", ["0.5"]);
      }
    }
  }

  /** kill -9 of the process that starts all others: they see it, and end. */
  kill(): void {
    process.kill(this.pid, "SIGKILL");
  }

  get pid(): number {
    return Number(readFileSync(join(this.#data, "postmaster.pid"), "utf8").split("\n")[0]);
  }

  /** What a question gives, a line a row. */
  sql(text: string, database = "lab"): string {
    return this.#run("psql", [...this.#door, "-d", database, "-At", "-v", "ON_ERROR_STOP=1", "-c", text]);
  }

  /** The database as text, as a backup has it. */
  dump(...more: readonly string[]): string {
    return this.#run("pg_dump", [...this.#door, "-d", "lab", ...more]);
  }

  /** A backup in the place of what is there. Whoever is connected is sent away. */
  restore(dump: string): void {
    this.sql("drop database lab with (force)", "postgres");
    this.sql("create database lab", "postgres");
    this.#run("psql", [...this.#door, "-d", "lab", "-q", "-v", "ON_ERROR_STOP=1"], dump);
  }

  get #door(): readonly string[] {
    return ["-h", "127.0.0.1", "-p", String(this.port), "-U", "lab"];
  }

  #run(name: string, args: readonly string[], input?: string): string {
    const program = programOf(name);
    if (program === undefined) throw new Error(`${name} is not installed`);
    const isRoot = process.getuid?.() === 0;
    const [command, ...rest]: readonly [string, ...string[]] = isRoot
      ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", program, ...args]
      : [program, ...args];
    // The server that pg_ctl leaves behind would keep a pipe open.
    const stdio = name === "pg_ctl" ? "ignore" : "pipe";
    const options = { cwd: "/", encoding: "utf8", stdio, maxBuffer: 1024 ** 3 } as const;
    const { status, stdout, stderr, error } = spawnSync(command, rest, { ...options, input: input ?? "" });
    if (status !== 0) throw new Error(`${name}: ${error?.message ?? stderr ?? `exit ${status}`}`);
    return stdout ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#run("pg_ctl", ["-D", this.#data, "-m", "immediate", "-w", "stop"]);
    } catch {
      // It was killed.
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
