import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { hil } from "../../testing/process.ts";

const empty = () => mkdtempSync(join(tmpdir(), "hil-watch-"));
const eventsOf = (cwd: string) => {
  const [run = ""] = readdirSync(join(cwd, "runs"));
  return readFileSync(join(cwd, "runs", run, "events.jsonl"), "utf8");
};

async function urlOf(run: ReturnType<typeof hil>): Promise<string> {
  return /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//.exec(await run.printed(/watch {5}http\S+\/\n/))?.[0] ?? "";
}

describe("hil run --watch", () => {
  test("shows the run to a browser until it has its report, and changes neither record nor exit code", async () => {
    const [cwd, plain] = [empty(), empty()];
    const run = hil(cwd, "run", "encrypted-upgrade", "--cuts", "6", "--watch");
    const answer = await fetch(`${await urlOf(run)}events`);
    const told = await answer.text();
    const { code, out } = await run.done;
    expect(code).toBe(0);
    expect(told).toContain('"scenario":"encrypted-upgrade"');
    expect(told).toContain("event: end\n");
    expect(told).toMatch(/event: over\ndata: \{\}\n\n$/);
    expect(out).toContain("PASS  6 of 6 cuts");
    const other = hil(plain, "run", "encrypted-upgrade", "--cuts", "6");
    expect((await other.done).code).toBe(0);
    expect(eventsOf(cwd)).toBe(eventsOf(plain));
  });

  test("with --json tells its address on standard error, and ends cleanly on Ctrl-C with a browser open", async () => {
    const cwd = empty();
    const run = hil(cwd, "run", "encrypted-upgrade", "--cuts", "4000", "--watch", "--json");
    const url = await urlOf(run);
    const answer = await fetch(`${url}events`);
    const reader = answer.body?.getReader();
    await reader?.read();
    run.child.kill("SIGINT");
    const { code, out, err } = await run.done;
    expect(code).toBe(4);
    expect(JSON.parse(out)).toMatchObject({ result: { outcome: "interrupted" } });
    expect(err).toContain(url);
    await reader?.cancel().catch(() => undefined);
    await expect(fetch(url)).rejects.toThrow();
  });

  test("on a port that is taken is refused before anything is run", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    const cwd = empty();
    const { code, err } = await hil(cwd, "run", "--cuts", "1", `--watch=${port}`).done;
    await new Promise<void>((resolve) => void taken.close(() => resolve()));
    expect([code, err]).toEqual([2, expect.stringContaining(`port ${port} is taken`)]);
    expect(readdirSync(cwd)).not.toContain("runs");
  });
});

test("hil watch follows a run that somebody else makes", async () => {
  const cwd = empty();
  const run = hil(cwd, "run", "encrypted-upgrade", "--cuts", "2");
  expect((await run.done).code).toBe(0);
  const [folder = ""] = readdirSync(join(cwd, "runs"));
  const watch = hil(cwd, "watch", join("runs", folder));
  const answer = await fetch(`${await urlOf(watch)}events`);
  const reader = answer.body?.getReader();
  let told = "";
  while (!told.includes("event: end")) told += new TextDecoder().decode((await reader?.read())?.value);
  expect(told).toContain('"outcome":"pass"');
  watch.child.kill("SIGINT");
  expect((await watch.done).code).toBe(0);
});
