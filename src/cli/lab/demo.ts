import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { loadProfile, locksFolder } from "../../board/index.ts";
import { EXIT, RealClock, sleep, UsageError, wallTime, within } from "../../core/index.ts";
import { HostBoards, isOpen, type Job, LabClient, openLab, requireLabNode } from "../../lab/index.ts";
import { labPagesCode } from "../report/page-code.ts";
import { reportCommand } from "../report/report.ts";
import { type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { ownVersion } from "../terminal/version.ts";
import { runAgent } from "./agent.ts";
import { ACCESS_FILE } from "./connection.ts";
import { JOB_OPTIONS, sentJob } from "./sent-job.ts";
import { ownToken } from "./serve.ts";
import { boardsText, jobsText, jobText } from "./words.ts";

const FOLDER = "hil-lab-demo";
const SCENARIO = "encrypted-upgrade";
const CUTS = 8;
/** A night of three boards, with the start of the lab; in milliseconds. */
const NIGHT_MS = 10 * 60_000;
const LOOK_MS = 300;

/** The boards of the demo; the last one has a bootloader that is broken. */
const BOARDS = [
  { name: "demo-1", fault: undefined },
  { name: "demo-2", fault: undefined },
  { name: "demo-3", fault: "forget-keys" },
] as const;

/** `hil lab --demo`: a lab of three twins, a schedule that comes due, its night, and the page of the morning after. */
export async function labDemo(args: Parsed, io: CliIo): Promise<number> {
  requireLabNode();
  const folder = resolve(io.cwd, args.text("data") ?? FOLDER);
  if (existsSync(folder)) {
    throw new UsageError(`${folder} is there already.`, "Remove it, or name another folder: --data DIR.");
  }
  mkdirSync(folder, { mode: 0o700 });
  const note = (text: string) => io.err(`hil: ${text}\n`);
  const locks = locksFolder({ ...process.env, ...io.env });
  const clock = new RealClock();
  io.out(
    `lab       three twins: ${BOARDS.map(({ name, fault }) => (fault ? `${name} (${fault})` : name)).join(", ")}\n`,
  );
  await using lab = await openLab({
    ...{ folder, locks, clock, note, host: "127.0.0.1", port: 0, now: wallTime, hil: ownVersion() },
    code: labPagesCode(),
  });
  const access = join(folder, ACCESS_FILE);
  const own = new LabClient(lab.url, await ownToken(lab, access, "demo", "admin"));
  io.out(`page      ${lab.url}/ (as long as the night lasts; token: that of ${relative(io.cwd, access)})\n`);
  const agent = new LabClient(lab.url, (await lab.access.add({ name: "demo's host", role: "agent" })).token);
  const night = new AbortController();
  const signal = AbortSignal.any([io.signal, night.signal]);
  const boards = new HostBoards(await demoProfiles(folder), [], locks);
  const working = runAgent(agent, boards, join(folder, "agent"), { ...io, columns: io.columns, signal });
  let jobs: readonly Job[];
  try {
    await within(clock, NIGHT_MS, "the boards of the demo", (stop) => boardsThere(own, clock, stop), { signal });
    await scheduleNight(own, io);
    jobs = await within(clock, NIGHT_MS, "the night of the demo", (stop) => theNight(own, io, clock, stop), { signal });
    io.out(`\n${boardsText(await own.call("boards"))}\n${jobsText(jobs)}\n`);
  } finally {
    night.abort();
    await working;
  }
  for (const { state, record } of jobs) {
    if (state === "failed" && record !== null) await reportCommand([join(lab.records, record)], io);
  }
  const code = await reportCommand([lab.records, "--lab", "-o", join(folder, "morning.html")], io);
  io.out(`next      npx hil runs changes --runs ${relative(io.cwd, lab.records)}\n`);
  const isAsMeant = BOARDS.every(({ name, fault }) => {
    const state = jobs.find(({ board }) => board === name)?.state;
    return state === (fault === undefined ? "passed" : "failed");
  });
  if (isAsMeant) return code;
  note("the night did not end as a demo should: two boards pass, and the broken one fails.");
  return EXIT.failed;
}

/** The twin that ships with hil, under three names. */
async function demoProfiles(folder: string) {
  const { file } = await loadProfile("twin", { cwd: folder });
  const text = readFileSync(file, "utf8");
  return Promise.all(
    BOARDS.map(({ name, fault }) => {
      const path = join(folder, `${name}.yaml`);
      const named = text.replace(/^name: .*$/m, `name: ${name}`);
      writeFileSync(path, fault === undefined ? named : named.replace(/^( +faults: )\[\]/m, `$1[${fault}]`));
      return loadProfile(path, { cwd: folder });
    }),
  );
}

async function boardsThere(lab: LabClient, clock: RealClock, signal: AbortSignal): Promise<void> {
  while ((await lab.call("boards", { signal })).length < BOARDS.length) await sleep(clock, LOOK_MS, signal);
}

/** Every minute, so that nobody waits for two in the morning; each board that is there gets a job. */
async function scheduleNight(lab: LabClient, io: CliIo): Promise<void> {
  const options = parseArguments(io, ["--cuts", String(CUTS)], "hil lab --demo", JOB_OPTIONS, 0);
  if (options === undefined) return;
  const job = await sentJob(SCENARIO, options, () => lab, io);
  const body = { name: "nightly", cron: "* * * * *", timeZone: "UTC", allBoards: true, job };
  await lab.call("addSchedule", { body, signal: io.signal });
  io.out(`schedule  nightly: ${SCENARIO}, ${CUTS} cuts, on each board (every minute, for the demo)\n`);
}

/** Until the first night of the schedule has ended, with its records. */
async function theNight(lab: LabClient, io: CliIo, clock: RealClock, signal: AbortSignal): Promise<readonly Job[]> {
  const told = new Map<string, string>();
  let isOver = false;
  for (;;) {
    const jobs = (await lab.call("jobs", { signal })).toReversed();
    if (jobs.length > 0 && !isOver) {
      await lab.call("removeSchedule", { path: { name: "nightly" }, signal });
      isOver = true;
    }
    for (const job of jobs) {
      const text = jobText({ ...job, record: null });
      if (told.get(job.id) !== text) io.out(text);
      told.set(job.id, text);
    }
    const areOver = jobs.every(({ state, record }) => !isOpen(state) && record !== null);
    if (jobs.length >= BOARDS.length && areOver) return jobs;
    await sleep(clock, LOOK_MS, signal);
  }
}
