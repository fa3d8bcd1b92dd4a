import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { LabBench, labNode, NO_LAB_NODE } from "../../cli/testing/lab-program.ts";
import { RealClock, sleep } from "../../core/index.ts";
import type { Job } from "../index.ts";

const node = labNode();
const withLab = node === undefined ? describe.skip : describe;
const clock = new RealClock();

/** Long enough to be killed in the middle. */
const SCENARIO = `schema: 1
name: long
images:
  old: { version: "1.0.0", payload: { generate_bytes: 30000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 30000 } }
cuts: { count: 30 }
revert_check: false
`;

async function until<T>(ask: () => Promise<T | undefined> | T | undefined): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    await sleep(clock, 200);
  }
}

/** A job that runs: its process has begun its record. */
async function runningJob(bench: LabBench, agentFolder: string): Promise<Job> {
  writeFileSync(join(bench.folder, "long.yaml"), SCENARIO);
  const { out } = await bench.start(["submit", "long.yaml", "--json"]).done;
  const job: Job = JSON.parse(out);
  const runs = join(bench.folder, agentFolder, "attempts", `${job.id}.1`, "runs");
  await until(() => {
    try {
      return readdirSync(runs).length > 0 ? true : undefined;
    } catch {
      return undefined;
    }
  });
  return job;
}

const jobOf = (bench: LabBench, { id }: Job) => bench.client.call("job", { path: { job: id } });
const ofState = (bench: LabBench, job: Job, state: Job["state"]) =>
  until(async () => {
    const now = await jobOf(bench, job).catch(() => undefined);
    return now?.state === state && now.record !== null ? now : undefined;
  });

withLab(`kill -9 in the middle of a job${node === undefined ? ` (${NO_LAB_NODE})` : ""}`, () => {
  test("of its agent: the run goes on, the next agent tells how it ended, and nothing is run twice", async () => {
    await using bench = new LabBench(node ?? "");
    await bench.serve("--no-agent");
    const { token } = await bench.client.call("addToken", { body: { name: "host", role: "agent" } });
    const profiles = bench.twins("only");
    const first = bench.agentAgain("host", token, profiles);
    const job = await runningJob(bench, "host");
    first.child.kill("SIGKILL");
    await first.done;
    bench.agentAgain("host", token, profiles);
    const end = await ofState(bench, job, "passed");
    expect(end).toMatchObject({ attempt: 1, board: "only", exit: 0 });
    const records = readdirSync(join(bench.folder, "hil-lab/runs"));
    expect(records).toEqual([end.record]);
    const run = readFileSync(join(bench.folder, "hil-lab/runs", end.record ?? "", "run.json"), "utf8");
    expect(JSON.parse(run)).toMatchObject({ result: { outcome: "pass", cutsJudged: 30 } });
  }, 240_000);

  test("of the server: the run goes on, and its end is heard when the server is there again", async () => {
    await using bench = new LabBench(node ?? "");
    const server = await bench.serve("--no-agent");
    await bench.agent("host", bench.twins("only"));
    const job = await runningJob(bench, "host");
    const { port } = new URL(bench.access.url);
    server.child.kill("SIGKILL");
    await server.done;
    await bench.serve("--no-agent", "--listen", port);
    expect(await ofState(bench, job, "passed")).toMatchObject({ attempt: 1, exit: 0 });
    // The lab has the record a moment before its agent hears so.
    await until(() => (readdirSync(join(bench.folder, "host/attempts")).length === 0 ? true : undefined));
  }, 240_000);
});
