import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Random, sleep } from "../../../core/index.ts";
import type { Job } from "../../../lab/index.ts";
import { PrivatePostgres } from "./private-postgres.ts";
import { clock, type Host, ScriptedLab, until } from "./scripted-lab.ts";
import { overlaps, takenTwice } from "./scripted-run.ts";
import { TcpProxy } from "./tcp-proxy.ts";

/** How often, and how long, a fault is tried. */
interface Extent {
  readonly times: number;
  readonly seconds: number;
}

export interface Fault {
  readonly name: string;
  readonly what: string;
  readonly nightly: Extent;
  /** It mounts a file system. */
  readonly root?: boolean;
  /** @returns figures, for people. @throws what is not as it must be. */
  readonly act: (lab: ScriptedLab, postgres: PrivatePostgres, extent: Extent) => Promise<string>;
}

const TENTHS = 25;
const random = Random.fromSeed(17).fork("lab faults");
const pause = (ms: number) => sleep(clock, ms);
const drawnMs = (most: number) => random.below(most);

/** Two boards had work at once, a job ran twice, or a record is missing. @throws with all of it. */
function requireSound(lab: ScriptedLab, jobs: readonly Job[], allowed: readonly Job["state"][] = ["passed"]): void {
  const { runs, records } = lab;
  const wrong = [
    ...[...overlaps(runs), ...takenTwice(lab.log)].map((text) => `at once on ${text}`),
    ...jobs.flatMap(({ id, number, state, text, attempt }) => {
      const times = runs.filter(({ job }) => job === id).length;
      const kept = records.filter(({ job }) => job === id).length;
      if (!allowed.includes(state)) return [`job ${number} is ${state} (${text}) after ${attempt} attempts`];
      const isRight = state === "lost" ? times <= 1 && kept <= times : times === 1 && kept === 1;
      return isRight ? [] : [`job ${number}, ${state}, ran ${times} times, with ${kept} records`];
    }),
  ];
  if (wrong.length > 0) throw new Error(wrong.join("; "));
}

const submitted = (lab: ScriptedLab, count: number, tenths = TENTHS, on = "") =>
  Promise.all(Array.from({ length: count }, () => lab.submit(tenths, { on })));
const allEnded = (lab: ScriptedLab, jobs: readonly Job[], states?: readonly Job["state"][]) =>
  Promise.all(jobs.map(({ id }) => lab.ended(id, states)));
const stateOf = (lab: ScriptedLab, { id }: Job) =>
  lab.client.call("job", { path: { job: id } }).then(({ state }) => state);
const isRunning = (lab: ScriptedLab, job: Job) => async () => (await stateOf(lab, job)) === "running";
const count = (jobs: readonly Job[], state: Job["state"]) => jobs.filter((job) => job.state === state).length;

/** Sends a signal to an agent's runs: they are processes of their own. */
function toRuns({ folder }: Host, signal: NodeJS.Signals): void {
  for (const name of readdirSync(join(folder, "attempts"))) {
    const { pid } = JSON.parse(readFileSync(join(folder, "attempts", name, "child.json"), "utf8"));
    process.kill(-pid, signal);
  }
}

/** Kills what is named again and again, each time at another moment of two jobs' lives. */
async function killed(
  lab: ScriptedLab,
  times: number,
  kill: () => Promise<void>,
  allowed: readonly Job["state"][] = ["passed", "lost"],
): Promise<string> {
  const jobs: Job[] = [];
  let longestS = 0;
  for (let at = 0; at < times; at += 1) {
    const own = await submitted(lab, 2, 15);
    await pause(drawnMs(2_000));
    const beganUs = clock.nowUs();
    await kill();
    jobs.push(...(await allEnded(lab, own, allowed)));
    longestS = Math.max(longestS, (clock.nowUs() - beganUs) / 1e6);
  }
  requireSound(lab, jobs, allowed);
  const lost = count(jobs, "lost");
  return `${times} of ${times} kills, ${jobs.length} jobs: ${count(jobs, "passed")} passed, ${lost} lost, none run twice; all known ${longestS.toFixed(1)} s after the kill at most`;
}

async function agentKills(lab: ScriptedLab, _: PrivatePostgres, { times }: Extent): Promise<string> {
  await lab.serve();
  const host = await lab.host("host", ["a", "b"]);
  await lab.free(2);
  return killed(lab, times, async () => {
    await lab.stop(host.process, "SIGKILL");
    host.process = lab.hostAgain(host);
  });
}

async function serverKills(lab: ScriptedLab, _: PrivatePostgres, { times }: Extent): Promise<string> {
  let server = await lab.serve();
  await lab.host("host", ["a", "b"]);
  await lab.free(2);
  return killed(
    lab,
    times,
    async () => {
      await lab.stop(server, "SIGKILL");
      server = await lab.serve();
    },
    ["passed"],
  );
}

async function postgresKills(lab: ScriptedLab, postgres: PrivatePostgres, { times }: Extent): Promise<string> {
  await lab.serve();
  await lab.host("host", ["a", "b"]);
  await lab.free(2);
  return killed(
    lab,
    times,
    async () => {
      postgres.kill();
      await pause(500);
      postgres.up();
      await until(() =>
        fetch(`${lab.url}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      );
    },
    ["passed"],
  );
}

/** A host sleeps with a job, and another one that knows a board of that name wants it meanwhile. */
async function sleeping(lab: ScriptedLab, seconds: number, withRuns: boolean): Promise<string> {
  await lab.serve();
  const host = await lab.host("sleeper", ["a"]);
  await lab.free(1);
  const first = await lab.submit(TENTHS);
  await until(() => lab.runs.some(({ job }) => job === first.id));
  await until(isRunning(lab, first));
  const next = await lab.submit(TENTHS);
  host.process.child.kill("SIGSTOP");
  if (withRuns) toRuns(host, "SIGSTOP");
  const beganUs = clock.nowUs();
  const other = await lab.host("other", ["a"]);
  await until(async () => (await stateOf(lab, first)) === "lost");
  const lostS = (clock.nowUs() - beganUs) / 1e6;
  await pause(seconds * 1000 - lostS * 1000);
  const meanwhile = await stateOf(lab, next);
  host.process.child.kill("SIGCONT");
  if (withRuns) toRuns(host, "SIGCONT");
  const ended = await lab.ended(next.id);
  await until(async () => (await stateOf(lab, first)) === "passed");
  const jobs = [await lab.ended(first.id), ended];
  requireSound(lab, jobs);
  if (meanwhile !== "waiting") throw new Error(`the next job was ${meanwhile} while the board's host slept`);
  if (!/may still go on/.test(other.process.said)) throw new Error(`the other host was told: ${other.process.said}`);
  return `lost after ${lostS.toFixed(1)} s, asleep for ${seconds} s, then passed; another host did not get the board`;
}

async function networkCut(lab: ScriptedLab, _: PrivatePostgres, { times, seconds }: Extent): Promise<string> {
  await lab.serve();
  await using proxy = await TcpProxy.open(lab.port);
  await lab.host("host", ["a", "b"], { url: proxy.url });
  await lab.free(2);
  // The cable is there as long as this function.
  return await killed(
    lab,
    times,
    async () => {
      proxy.cut();
      await pause(seconds * 1000);
      proxy.mend();
    },
    ["passed"],
  );
}

async function clockOff(lab: ScriptedLab): Promise<string> {
  const hourMs = 3_600_000;
  const jobs: Job[] = [];
  mkdirSync(join(lab.folder, "hil-lab"));
  const told: string[] = [];
  for (const offMs of [hourMs, -hourMs, 0]) {
    const server = await lab.serveOff(offMs);
    const host = await lab.host(`host ${offMs}`, [`a${offMs}`]);
    await lab.free(1);
    jobs.push(...(await allEnded(lab, await submitted(lab, 3, 5))));
    await lab.stop(host.process, "SIGKILL");
    const beganUs = clock.nowUs();
    await until(async () => (await lab.client.call("boards")).every(({ state }) => state === "gone"));
    told.push(`${offMs / hourMs} h: gone after ${((clock.nowUs() - beganUs) / 1e6).toFixed(0)} s`);
    await lab.stop(server);
  }
  requireSound(lab, jobs);
  return `${jobs.length} jobs passed; a host that is silent (${told.join(", ")})`;
}

/** A small disk of its own, in the place of a folder. */
function smallDisk(
  folder: string,
  mib: number,
): { fill(leaveKib: number): void; free(): void; [Symbol.dispose](): void } {
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "tmpfs", folder]);
  if (status !== 0) throw new Error(`mount: ${String(stderr)}`);
  const filler = join(folder, "filler");
  return {
    fill(leaveKib) {
      spawnSync("sh", ["-c", 'cat /dev/zero >"$0" 2>/dev/null', filler]);
      const left = readFileSync(filler).length - leaveKib * 1024;
      spawnSync("truncate", ["-s", String(left), filler]);
    },
    free: () => rmSync(filler),
    [Symbol.dispose]: () => void spawnSync("umount", ["-l", folder]),
  };
}

async function agentDiskFull(lab: ScriptedLab): Promise<string> {
  await lab.serve();
  const folder = join(lab.folder, "full");
  using disk = smallDisk(folder, 80);
  await lab.host("full", ["a"], { folder });
  await lab.free(1);
  const job = await lab.submit(TENTHS);
  await until(isRunning(lab, job));
  disk.fill(0);
  await lab.host("other", ["b"]);
  const ended = await lab.ended(job.id);
  if (ended.board !== "b" || ended.state !== "passed")
    throw new Error(`${ended.state} on ${ended.board}: ${ended.text}`);
  const full = await becomes(lab, "a", "bad");
  disk.free();
  await becomes(lab, "a", "free");
  const again = await lab.submit(5, { on: "a" });
  await until(async () => (await stateOf(lab, again)) === "passed");
  if (takenTwice(lab.log).length > 0) throw new Error("a board had two at once");
  return `its job passed on another board (attempt ${ended.attempt}); the board was bad (${full}), and free again with room`;
}

/** Until a board is in a state; why it is. */
async function becomes(lab: ScriptedLab, board: string, state: string): Promise<string> {
  let why = "";
  await until(async () => {
    const row = (await lab.client.call("boards")).find(({ name }) => name === board);
    why = row?.why ?? "";
    return row?.state === state;
  }, 60);
  return why;
}

async function serverDiskFull(lab: ScriptedLab): Promise<string> {
  using disk = smallDisk(join(lab.folder, "hil-lab"), 80);
  await lab.serve();
  await lab.host("host", ["a"]);
  await lab.free(1);
  const told: string[] = [];
  const jobs: Job[] = [];
  for (const leaveKib of [32 * 1024, 0]) {
    const job = await lab.submit(10);
    await until(isRunning(lab, job));
    disk.fill(leaveKib);
    await until(async () => (await stateOf(lab, job)) === "passed");
    await pause(3_000);
    const before = await lab.client.call("job", { path: { job: job.id } });
    if (before.record !== null) throw new Error("a record came to a disk that is full");
    disk.free();
    jobs.push(await lab.ended(job.id));
    told.push(`with ${leaveKib / 1024} MiB left`);
  }
  requireSound(lab, jobs);
  return `${told.join(", ")}: the verdict was heard, the record waited at the agent and came once there was room`;
}

async function restored(lab: ScriptedLab, postgres: PrivatePostgres): Promise<string> {
  let server = await lab.serve();
  const host = await lab.host("host", ["a", "b"]);
  await lab.free(2);
  const before = await allEnded(lab, await submitted(lab, 2, 5));
  const running = await submitted(lab, 2);
  await Promise.all(running.map((job) => until(isRunning(lab, job))));
  const waiting = await submitted(lab, 2, 5);
  const backup = postgres.dump();
  await allEnded(lab, [...running, ...waiting]);
  const after = await submitted(lab, 2, 40);
  await Promise.all(after.map((job) => until(isRunning(lab, job))));
  await lab.stop(server);
  postgres.restore(backup);
  server = await lab.serve();
  const again = await allEnded(lab, [...before, ...running, ...waiting]);
  const fresh = await allEnded(lab, await submitted(lab, 2, 5));
  requireSound(lab, [...again.slice(0, 2), ...fresh]);
  const doubled = [...overlaps(lab.runs), ...takenTwice(lab.log)];
  if (doubled.length > 0) throw new Error(doubled.join("; "));
  if (again.slice(2).some(({ state }) => state !== "passed" && state !== "lost"))
    throw new Error("an end that is none");
  await until(() => readdirSync(join(host.folder, "attempts")).length === 0);
  const aside = readdirSync(join(host.folder, "unknown")).length;
  if (aside !== after.length) throw new Error(`${aside} runs of the time after were laid aside, not ${after.length}`);
  const lost = count(again, "lost");
  return `of 2 that ran in the backup ${lost} lost, of 2 that waited ${count(again.slice(4), "passed")} run again; ${aside} runs of the time after it kept by their agent`;
}

async function claims(lab: ScriptedLab, postgres: PrivatePostgres): Promise<string> {
  await lab.serve();
  const [one, two] = [await lab.host("one", ["a", "b"]), await lab.host("two", ["a", "b"])];
  const twin = await lab.host("one again", ["a", "b"], { token: one.token });
  const shared = lab.hostAgain(one);
  await shared.gone;
  if (!/is in use by/.test(shared.said)) throw new Error(`a second agent of one folder said: ${shared.said}`);
  await lab.free(2);
  const jobs = await allEnded(lab, await submitted(lab, 8, 10));
  const owners = postgres.sql("select distinct agent from lab.attempt").trim().split("\n");
  if (owners.length !== 1) throw new Error(`runs of ${owners.join(" and ")}`);
  for (const { process } of [one, two, twin]) process.child.kill(process === one.process ? "SIGKILL" : "SIGCONT");
  const beganUs = clock.nowUs();
  await until(async () => (await lab.client.call("boards")).filter(({ state }) => state === "free").length === 2);
  await until(() => postgres.sql("select distinct agent || coalesce(instance, '') from lab.board").trim() !== "");
  jobs.push(...(await allEnded(lab, await submitted(lab, 4, 10))));
  const tookS = (clock.nowUs() - beganUs) / 1e6;
  requireSound(lab, jobs);
  const told = [two, twin].filter(({ process }) => /has a board of that name/.test(process.said)).length;
  if (told !== 2) throw new Error("who came late was not told so");
  return `12 jobs on 2 boards that 3 processes claim, none at once; when their agent died another had them, 4 jobs later after ${tookS.toFixed(0)} s`;
}

const ONCE = { times: 1, seconds: 0 };

/** What may happen to a lab, and what must become of its jobs. */
export const FAULTS: readonly Fault[] = [
  { name: "agent-kills", what: "kill -9 of an agent", nightly: { times: 30, seconds: 0 }, act: agentKills },
  { name: "server-kills", what: "kill -9 of the server", nightly: { times: 10, seconds: 0 }, act: serverKills },
  { name: "postgres-kills", what: "kill -9 of PostgreSQL", nightly: { times: 10, seconds: 0 }, act: postgresKills },
  {
    name: "agent-asleep",
    what: "an agent is suspended, its run goes on",
    nightly: { times: 1, seconds: 120 },
    act: (lab, _, { seconds }) => sleeping(lab, seconds, false),
  },
  {
    name: "host-asleep",
    what: "an agent and its run are suspended",
    nightly: { times: 1, seconds: 120 },
    act: (lab, _, { seconds }) => sleeping(lab, seconds, true),
  },
  {
    name: "network-cut",
    what: "a cable is cut, and put in again",
    nightly: { times: 5, seconds: 20 },
    act: networkCut,
  },
  { name: "clock-off", what: "the lab's clock is an hour ahead, then behind", nightly: ONCE, act: clockOff },
  { name: "agent-disk", what: "an agent's disk is full", nightly: ONCE, root: true, act: agentDiskFull },
  { name: "server-disk", what: "the lab's disk is full", nightly: ONCE, root: true, act: serverDiskFull },
  { name: "restored", what: "the database is restored from a backup", nightly: ONCE, act: restored },
  { name: "claims", what: "two agents and a third process claim the same boards", nightly: ONCE, act: claims },
];

/** Tries one fault on a lab of its own. @throws what is not as it must be. */
export async function tryFault({ act }: Fault, node: string, extent: Extent): Promise<string> {
  await using postgres = await PrivatePostgres.start();
  await using lab = await ScriptedLab.open(node, postgres.url);
  try {
    return await act(lab, postgres, extent);
  } catch (error) {
    const text = `${error instanceof Error ? error.message : String(error)}\nthe lab said: ${lab.said.slice(-2_500)}`;
    throw new Error(text, { cause: error });
  }
}
