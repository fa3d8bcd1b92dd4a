import { execFileSync, spawnSync } from "node:child_process";
import { hasPostgres, NO_POSTGRES, PrivatePostgres } from "../../src/cli/testing/lab/private-postgres.ts";
import { clock, percentile, ScriptedLab, until, usageOf } from "../../src/cli/testing/lab/scripted-lab.ts";
import { overlaps, takenTwice } from "../../src/cli/testing/lab/scripted-run.ts";
import { labNode, NO_LAB_NODE } from "../../src/cli/testing/lab-program.ts";
import { Cleanup, Random } from "../../src/core/index.ts";
import { LabClient } from "../../src/lab/index.ts";

/**
 * `npx tsx scripts/nightly/lab-scale.ts [BOARDS] [HOSTS] [JOBS] [SECONDS]`: a lab on PostgreSQL, hosts that are processes
 * (three of them in network namespaces, where root may make them), boards that wait for 2/3 to 4/3 of SECONDS in real
 * time, and jobs of four people. Says whether any job was lost or any board had two at once, by the lab's records and the
 * boards' own logs, and what the queue costs. Exit 1 when it is not as issue 17 wants it.
 */
const [boards = 200, hosts = 25, jobs = 2000, seconds = 30] = process.argv.slice(2).map(Number);
const NAMESPACES = 3;
const OVERHEAD_MAX = 0.01;
const P95_S_MAX = 2;

const say = (text: string) => void process.stdout.write(`${text}\n`);
const node = labNode();
if (node === undefined || !hasPostgres()) {
  say(node === undefined ? NO_LAB_NODE : NO_POSTGRES);
  process.exit(1);
}

/** A network of its own, with the lab at the other end of its only cable. */
function namespaceOf(number: number): { readonly before: readonly string[]; readonly address: string; remove(): void } {
  const name = `hil${process.pid % 10_000}n${number}`;
  const net = `10.231.${number}`;
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: "pipe" });
  ip("netns", "add", name);
  const remove = () => void spawnSync("ip", ["netns", "del", name]);
  try {
    ip("link", "add", `${name}a`, "type", "veth", "peer", "name", `${name}b`, "netns", name);
    ip("addr", "add", `${net}.1/24`, "dev", `${name}a`);
    ip("link", "set", `${name}a`, "up");
    ip("-n", name, "addr", "add", `${net}.2/24`, "dev", `${name}b`);
    ip("-n", name, "link", "set", `${name}b`, "up");
    ip("-n", name, "link", "set", "lo", "up");
  } catch (error) {
    remove();
    throw error;
  }
  return { before: ["ip", "netns", "exec", name], address: `${net}.1`, remove };
}

await using closing = new Cleanup((step, error) => say(`${step} did not close: ${String(error)}`));
const postgres = closing.use("postgres", await PrivatePostgres.start());
const lab = closing.use("lab", await ScriptedLab.open(node, postgres.url));
const server = await lab.serve();
const isRoot = process.getuid?.() === 0;
const spaces = isRoot ? Array.from({ length: Math.min(NAMESPACES, hosts) }, (_, at) => namespaceOf(at)) : [];
for (const space of spaces) closing.add("namespace", () => space.remove());
const beganUs = clock.nowUs();
const sinceS = () => (clock.nowUs() - beganUs) / 1e6;
const all = await Promise.all(
  Array.from({ length: hosts }, async (_, at) => {
    const own = Array.from({ length: boards }, (__, board) => board).filter((board) => board % hosts === at);
    const space = spaces[at];
    const url = space === undefined ? lab.url : `http://${space.address}:${lab.port}`;
    const names = own.map((board) => `b${String(board).padStart(3, "0")}`);
    return lab.host(`host-${at}`, names, { url, before: space?.before ?? [], tags: `rack-${at % 5}` });
  }),
);
await lab.free(boards);
say(
  `${boards} boards on ${hosts} hosts (${spaces.length} in network namespaces) are there after ${sinceS().toFixed(1)} s`,
);
const idle = usageOf(server.pid);

const random = Random.fromSeed(17).fork("scale");
const people = await Promise.all(
  ["anna", "ben", "ci", "dora"].map(async (name) => {
    const { token } = await lab.client.call("addToken", { body: { name, role: "submit" } });
    return new LabClient(lab.url, token);
  }),
);
const submittedUs = clock.nowUs();
const plain = await lab.submission(0);
const ids: string[] = [];
await Promise.all(
  people.map(async (client, who) => {
    for (let number = who; number < jobs; number += people.length) {
      const seed = Math.round(seconds * 10 * (2 / 3 + (2 / 3) * (random.below(1000) / 1000)));
      const on = number % 4 === 0 ? `rack-${number % 5}` : number % 4 === 1 ? `twin & !rack-${number % 5}` : "";
      const { id } = await client.call("submit", { body: { ...plain, on, options: { seed } } });
      ids.push(id);
    }
  }),
);
say(`${jobs} jobs submitted in ${((clock.nowUs() - submittedUs) / 1e6).toFixed(1)} s`);
let told = 0;
await until(
  async () => {
    const done = Number(postgres.sql("select count(*) from lab.job where record is not null"));
    if (Math.floor(done / 200) > told) say(`  ${done} recorded after ${sinceS().toFixed(0)} s`);
    told = Math.floor(done / 200);
    return done === jobs;
  },
  60 + (3 * seconds * jobs) / boards,
);
const usage = usageOf(server.pid);
const database = postgres.sql(
  "select round(sum(blk_read_time)), pg_size_pretty(pg_database_size('lab')) from pg_stat_database",
);
const agents = all.map(({ process: { pid } }) => usageOf(pid));

// From the records, and from the boards' own logs.
const { runs, records } = lab;
const rows = new Map(
  postgres
    .sql("select j.id, j.state, j.attempt, j.board, extract(epoch from j.submitted) from lab.job j")
    .trim()
    .split("\n")
    .map((line) => [line.split("|")[0] ?? "", line.split("|")] as const),
);
const byJob = new Map(records.map((record) => [record.job, record]));
const lost = ids.filter((id) => rows.get(id)?.[1] !== "passed" || byJob.get(id)?.board !== rows.get(id)?.[3]);
const doubled = [...overlaps(runs), ...takenTwice(lab.log)];
const again = runs.length - new Set(runs.map(({ job }) => job)).size;
const gapsS: number[] = [];
let [busyS, waitedS] = [0, 0];
for (const board of new Set(runs.map((run) => run.board))) {
  const own = runs.filter((run) => run.board === board).toSorted((a, b) => (a.startNs < b.startNs ? -1 : 1));
  for (const [at, run] of own.entries()) {
    busyS += Number((run.endNs ?? run.startNs) - run.startNs) / 1e9;
    const before = own[at - 1];
    // Since when the board was free, and the job there.
    const submittedS = Number(rows.get(run.job)?.[4] ?? 0);
    const freeS = before?.endNs === undefined ? 0 : Number(before.endNs) / 1e9;
    if (freeS === 0) continue;
    const gapS = Number(run.startNs) / 1e9 - Math.max(freeS, submittedS);
    gapsS.push(gapS);
    waitedS += gapS;
  }
}
/** Where the time between two runs of a board goes: told how it ended, the next job given, begun, and its process there. */
const attempts = new Map(
  postgres
    .sql(
      `select job, ${["given", "started", "ended"].map((name) => `extract(epoch from ${name})`).join(", ")} from lab.attempt`,
    )
    .trim()
    .split("\n")
    .map((line) => [line.split("|")[0] ?? "", line.split("|").slice(1).map(Number)] as const),
);
const steps: [string, number[]][] = ["end heard", "next given", "begun", "process"].map((name) => [name, []]);
for (const board of new Set(runs.map((run) => run.board))) {
  const own = runs.filter((run) => run.board === board).toSorted((a, b) => (a.startNs < b.startNs ? -1 : 1));
  for (const [at, run] of own.entries()) {
    const before = own[at - 1];
    const [, , endedS = 0] = attempts.get(before?.job ?? "") ?? [];
    const [givenS = 0, startedS = 0] = attempts.get(run.job) ?? [];
    if (before?.endNs === undefined) continue;
    const times = [Number(before.endNs) / 1e9, endedS, givenS, startedS, Number(run.startNs) / 1e9];
    for (const [step, [, values]] of steps.entries()) values.push((times[step + 1] ?? 0) - (times[step] ?? 0));
  }
}
const overhead = waitedS / busyS;
const p95 = percentile(gapsS, 0.95);
const elapsedS = sinceS();
say(
  `jobs      ${jobs}, ${lost.length} lost, ${again} run again, ${doubled.length} boards with two at once; ${records.length} records`,
);
say(
  `overhead  ${(100 * overhead).toFixed(2)} % of board time (${busyS.toFixed(0)} s), ${gapsS.length} times free to started:`,
);
say(
  `          median ${percentile(gapsS, 0.5).toFixed(3)} s, p95 ${p95.toFixed(3)} s, most ${Math.max(...gapsS).toFixed(3)} s`,
);
say(
  `          of it: ${steps.map(([name, values]) => `${name} ${percentile(values, 0.5).toFixed(3)} s`).join(", ")} (medians)`,
);
say(
  `server    ${usage.peakMib} MiB at most (${idle.peakMib} before the jobs), ${(usage.cpuS - idle.cpuS).toFixed(1)} s of processor time in ${elapsedS.toFixed(0)} s`,
);
say(
  `          (${((100 * (usage.cpuS - idle.cpuS)) / elapsedS).toFixed(1)} % of one core), database ${database.trim().split("|")[1]}`,
);
say(
  `agents    ${Math.max(...agents.map(({ peakMib }) => peakMib))} MiB at most, ${percentile(
    agents.map(({ cpuS }) => cpuS),
    0.5,
  ).toFixed(1)} s of processor time each`,
);
const wrong = [
  ...(lost.length > 0 ? [`lost: ${lost.slice(0, 5).join(", ")}`] : []),
  ...doubled.slice(0, 5),
  ...(again > 0 ? [`${again} runs too many`] : []),
  ...(overhead > OVERHEAD_MAX ? [`overhead ${(100 * overhead).toFixed(2)} %`] : []),
  ...(p95 > P95_S_MAX ? [`p95 ${p95.toFixed(2)} s`] : []),
];
for (const text of wrong) say(`WRONG     ${text}`);
const said = server.said.split("\n").filter((line) => line.startsWith("hil:"));
if (said.length > 0) say(`the server said: ${said.slice(0, 5).join(" / ")}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
