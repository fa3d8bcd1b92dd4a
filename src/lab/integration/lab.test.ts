import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { LabBench, labNode, NO_LAB_NODE } from "../../cli/testing/lab-program.ts";
import { RealClock, sleep } from "../../core/index.ts";
import { isOpen, type Job, LabClient, localFile, sendFiles } from "../index.ts";

const node = labNode();
const withLab = node === undefined ? describe.skip : describe;
const clock = new RealClock();

/** Small enough that eight boards take seconds. */
const SCENARIO = `schema: 1
name: small
images:
  old: { version: "1.0.0", payload: { file: firmware/old.bin } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }
cuts: { count: 2 }
revert_check: false
`;

const MATRIX = `schema: 1
name: pairs
matrix:
  old: [{ name: "1.0", version: "1.0.0", payload: { file: firmware/old.bin } }]
  new:
    - { name: "2.0", version: "2.0.0", payload: { generate_bytes: 9000 } }
    - { name: "3.0", version: "3.0.0", payload: { generate_bytes: 9100 } }
cuts: { count: 1 }
revert_check: false
`;

/** A board that is nowhere: its bench fails. */
const ABSENT = (name: string) => `schema: 1
name: ${name}
provider: hardware
ports: { app: { path: ./no-port-of-${name}, baud_rate: 115200 } }
power: { driver: lcus, port: { path: ./no-relay-of-${name} }, channel: 1, contact: NC, cuts: soc }
slots:
  sector_bytes: 4096
  primary: { offset: 0x10000, bytes: 0x74000 }
  secondary: { offset: 0x84000, bytes: 0x74000 }
keys: { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" }
`;

/** What begins as a vector table must: a stack in RAM, and an entry in slot 0. */
function firmware(): Buffer {
  const bytes = Buffer.alloc(7_000, 0x5a);
  bytes.writeUInt32LE(0x2001_0000, 0);
  bytes.writeUInt32LE(0x0001_0401, 4);
  return bytes;
}

withLab(`a lab with two hosts and eight boards${node === undefined ? ` (${NO_LAB_NODE})` : ""}`, () => {
  let bench: LabBench;

  /** Asks until it is so. */
  async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await ask();
      if (found !== undefined) return found;
      await sleep(clock, 200);
    }
  }
  const submit = async (...options: string[]): Promise<Job> => {
    const { out } = await bench.start(["submit", "small.yaml", "--json", ...options]).done;
    return JSON.parse(out);
  };
  const ended = (id: string) =>
    until(async () => {
      const job = await bench.client.call("job", { path: { job: id }, query: { wait: 5 } });
      return isOpen(job.state) ? undefined : job;
    });
  const recorded = (id: string) =>
    until(async () => (await bench.client.call("job", { path: { job: id } })).record ?? undefined);
  const free = (...names: string[]) =>
    until(async () => {
      const boards = await bench.client.call("boards");
      const there = boards.filter(({ name, state }) => names.includes(name) && state === "free");
      return there.length === names.length ? true : undefined;
    });

  beforeAll(async () => {
    bench = new LabBench(node ?? "");
    writeFileSync(join(bench.folder, "small.yaml"), SCENARIO);
    mkdirSync(join(bench.folder, "firmware"));
    writeFileSync(join(bench.folder, "firmware/old.bin"), firmware());
    await bench.serve("--no-agent");
    await bench.agent("host-a", bench.twins("a1", "a2", "a3", "a4"), "--tag", "lab-a");
    await bench.agent("host-b", bench.twins("b1", "b2", "b3", "b4"));
    await free("a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4");
  }, 240_000);
  afterAll(async () => bench[Symbol.asyncDispose]());

  test("every job runs once, on a board that fits, and its record is in the lab, whole", async () => {
    const jobs = await Promise.all([
      ...Array.from({ length: 6 }, () => submit()),
      ...Array.from({ length: 2 }, () => submit("--on", "lab-a & !a1")),
    ]);
    const ends = await Promise.all(jobs.map(({ id }) => ended(id)));
    expect(ends.map(({ state }) => state)).toEqual(jobs.map(() => "passed"));
    for (const { board } of ends.slice(6)) expect(["a2", "a3", "a4"]).toContain(board);
    const folders = await Promise.all(jobs.map(({ id }) => recorded(id)));
    expect(new Set(folders).size).toBe(jobs.length);
    for (const [at, folder] of folders.entries()) {
      const path = join(bench.folder, "hil-lab/runs", folder);
      expect(JSON.parse(readFileSync(join(path, "run.json"), "utf8"))).toMatchObject({ result: { outcome: "pass" } });
      const { labels } = JSON.parse(readFileSync(join(path, "host.json"), "utf8"));
      expect(labels.job).toBe(jobs[at]?.id);
      expect(ends[at]?.attempt).toBe(1);
    }
    await until(async () => (readdirSync(join(bench.folder, "host-a/attempts")).length === 0 ? true : undefined));
  }, 240_000);

  test("a submission for three boards runs on three, and the queue tells its jobs apart", async () => {
    const { out } = await bench.start(["submit", "small.yaml", "--json", "--boards", "3", "--on", "lab-a"]).done;
    const jobs: readonly Job[] = JSON.parse(out);
    expect(jobs.map(({ batch }) => batch && [batch.number, batch.of])).toEqual([1, 2, 3].map((number) => [number, 3]));
    const ends = await Promise.all(jobs.map(({ id }) => ended(id)));
    expect(ends.map(({ state }) => state)).toEqual(["passed", "passed", "passed"]);
    expect(new Set(ends.map(({ board }) => board)).size).toBe(3);
    expect((await bench.start(["queue", "--all"]).done).out).toMatch(/small \(2 of 3\)/);
  }, 120_000);

  test("a matrix is a job of each cell, and of a pool of one they run one after the other", async () => {
    writeFileSync(join(bench.folder, "matrix.yaml"), MATRIX);
    expect((await bench.start(["lab", "pool", "set", "lab-a", "1"]).done).out).toBe("lab-a  1 at once\n");
    const { out } = await bench.start(["submit", "matrix.yaml", "--matrix", "--on", "lab-a", "--wait", "--json"]).done;
    const jobs: readonly Job[] = JSON.parse(out);
    expect(jobs.map(({ state, labels }) => [state, labels["cell"]])).toEqual([
      ["passed", "1.0 to 2.0, test"],
      ["passed", "1.0 to 3.0, test"],
    ]);
    const [first, second] = jobs.toSorted((a, b) => ((a.started ?? "") < (b.started ?? "") ? -1 : 1));
    expect((second?.started ?? "") >= (first?.ended ?? "?")).toBe(true);
    expect((await bench.start(["lab", "pool", "remove", "lab-a"]).done).out).toBe("no pools\n");
  }, 120_000);

  test("a reserved board gets no job, says who has it, and gets the job when it is given back", async () => {
    const reserve = await bench.start(["lab", "reserve", "b1", "2h", "--why", "the relay clicks"]).done;
    expect(reserve.code).toBe(0);
    expect(reserve.out).toMatch(/b1 +reserved +the relay clicks \(\S+, ends in 2 h\)/);
    const job = await submit("--on", "b1");
    expect(job).toMatchObject({ state: "waiting", text: "no board that fits is in service: b1 reserved" });
    await bench.client.call("unreserve", { path: { board: "b1" }, body: {} });
    expect(await ended(job.id)).toMatchObject({ state: "passed", board: "b1" });
  }, 120_000);

  test("a job whose bench fails is run on another board; a board that fails it three times is set aside", async () => {
    writeFileSync(join(bench.folder, "absent.yaml"), ABSENT("absent"));
    await bench.agent("host-c", ["absent.yaml", ...bench.twins("c1")], "--tag", "host-c");
    await free("absent", "c1");
    await bench.client.call("reserve", {
      path: { board: "c1" },
      body: { seconds: 600, why: "so that the other is taken" },
    });
    const jobs = [];
    for (let i = 0; i < 3; i += 1) {
      const job = await submit("--on", "host-c");
      jobs.push(job);
      await until(async () => {
        const now = await bench.client.call("job", { path: { job: job.id } });
        return now.state === "waiting" && now.attempt === 1 ? now : undefined;
      });
    }
    const boards = await bench.client.call("boards");
    const absent = boards.find(({ name }) => name === "absent");
    expect(absent).toMatchObject({ state: "set aside" });
    expect(absent?.why).toMatch(/^its bench failed 3 times in a row, the last time: .*no-(port|relay)-of-absent/);
    await bench.client.call("unreserve", { path: { board: "c1" }, body: {} });
    for (const job of jobs) expect(await ended(job.id)).toMatchObject({ state: "passed", board: "c1", attempt: 2 });
    const back = await bench.client.call("ok", { path: { board: "absent" }, body: {} });
    expect(back.state).toBe("free");
    await bench.client.call("reserve", { path: { board: "absent" }, body: { seconds: 600, why: "it is nowhere" } });
  }, 240_000);

  test("a job that is cancelled while it runs stops, with its bench left safe and its record kept", async () => {
    const job = await submit("--on", "b2", "--cuts", "400");
    await until(async () =>
      (await bench.client.call("job", { path: { job: job.id } })).state === "running" ? true : undefined,
    );
    expect((await bench.start(["lab", "cancel", String(job.number)]).done).code).toBe(0);
    expect(await ended(job.id)).toMatchObject({ state: "cancelled", exit: 4 });
    const folder = await recorded(job.id);
    expect(readFileSync(join(bench.folder, "hil-lab/runs", folder, "run.json"), "utf8")).toContain("interrupted");
  }, 120_000);

  test("an agent that has a board's name already keeps it", async () => {
    const other = await bench.agent("host-d", ["b1.yaml"]);
    await other.printed(/the lab does not take b1: the agent host-b has a board of that name/);
  }, 120_000);

  test("roles: who may look may not submit, an agent's token is for agents, and no token for nobody", async () => {
    const { url } = bench.access;
    const clientOf = async (name: string, role: "view" | "submit") =>
      new LabClient(url, (await bench.client.call("addToken", { body: { name, role } })).token);
    const viewer = await clientOf("viewer", "view");
    const author = await clientOf("author", "submit");
    expect((await viewer.call("boards")).length).toBeGreaterThan(7);
    await expect(viewer.call("ok", { path: { board: "a1" }, body: {} })).rejects.toMatchObject({ status: 403 });
    await expect(author.call("tokens")).rejects.toMatchObject({ status: 403 });
    await expect(author.call("next", { body: { free: ["a1"] } })).rejects.toMatchObject({ status: 403 });
    await expect(new LabClient(url, "hil_guessed").call("boards")).rejects.toMatchObject({ status: 401 });
    const job = await submit("--on", "nowhere");
    await expect(author.call("cancel", { path: { job: job.id }, body: {} })).rejects.toMatchObject({ status: 403 });
    expect((await bench.client.call("cancel", { path: { job: job.id }, body: {} })).state).toBe("cancelled");
    const audit = await bench.client.call("audit");
    expect(audit.map(({ what }) => what)).toEqual(expect.arrayContaining(["token for viewer (view)", "ok absent"]));
  }, 120_000);

  test("requests that are no requests are refused with their place, and the lab goes on", async () => {
    const { url, token } = bench.access;
    const ask = async (method: string, path: string, body?: string, type = "application/json") => {
      const headers = { authorization: `Bearer ${token}`, "content-type": type };
      const response = await fetch(`${url}${path}`, { method, headers, ...(body !== undefined && { body }) });
      return { status: response.status, text: await response.text() };
    };
    expect(await ask("POST", "/api/jobs", "{")).toMatchObject({ status: 400 });
    expect(await ask("POST", "/api/jobs", "{}", "text/plain")).toMatchObject({ status: 415 });
    const job = { scenario: "../x.yaml", name: "x", files: [{ path: "/etc/passwd", bytes: 1, sha256: "0" }] };
    const refused = await ask("POST", "/api/jobs", JSON.stringify(job));
    expect(refused.status).toBe(400);
    expect(refused.text).toMatch(/scenario leads out of its folder/);
    expect(await ask("POST", "/api/jobs", JSON.stringify(`x${"y".repeat(9_000_000)}`))).toMatchObject({ status: 413 });
    expect(await ask("GET", "/api/boards/%E0%A4%A/x")).toMatchObject({ status: 404 });
    expect(await ask("PUT", `/api/blobs/${"0".repeat(64)}?at=0&bytes=99999999999999`, "x")).toMatchObject({
      status: 400,
    });
    expect(await ask("DELETE", "/api/tokens/nobody")).toMatchObject({ status: 404 });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/api/boards`)).status).toBe(401);
  }, 120_000);

  test("a scenario that names a file of the host is refused by its agent, and nothing is run", async () => {
    const path = join(bench.folder, "sly.yaml");
    writeFileSync(path, SCENARIO.replace("firmware/old.bin", "/etc/hostname"));
    const file = await localFile(path, "sly.yaml");
    await sendFiles(bench.client, [file]);
    const { source: _, ...told } = file;
    const job = await bench.client.call("submit", { body: { scenario: "sly.yaml", name: "sly", files: [told] } });
    const end = await ended(job.id);
    expect(end).toMatchObject({ state: "refused", exit: 2, record: null });
    expect(end.text).toMatch(/names \/etc\/hostname, which did not come with it/);
  }, 120_000);

  test("a second lab does not open the folder of one that runs", async () => {
    const second = await bench.start(["lab", "--listen", "0", "--no-agent"]).done;
    expect(second.code).toBe(3);
    expect(second.err).toMatch(/the lab's folder .* is in use by/);
    expect(existsSync(join(bench.folder, "hil-lab/database"))).toBe(true);
  }, 120_000);
});
