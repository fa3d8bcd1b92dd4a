import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { PROOFS, unverifiedRows } from "../../board/index.ts";
import { mainIn } from "../main.ts";
import { memoryIo } from "../testing/memory-io.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-prove-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function hil(more: Parameters<typeof memoryIo>[0], ...argv: readonly string[]) {
  const io = memoryIo({ cwd: folder, env: { HIL_LOCKS: folder }, ...more });
  const code = await mainIn(io, ["board", "prove", ...argv]);
  return { code, out: io.printed(), err: io.complained() };
}

interface Kept {
  readonly simulated: boolean;
  readonly rows: readonly {
    readonly id: string;
    readonly outcome: string;
    readonly what: string;
    readonly text: string;
  }[];
}

const kept = () => JSON.parse(readFileSync(join(folder, "seen.json"), "utf8")) as Kept;

test("every proof is for one row of the page, and says it as the page does", () => {
  for (const { page } of PROOFS) {
    expect([page, unverifiedRows().filter(({ what }) => what.startsWith(page)).length]).toEqual([page, 1]);
  }
  expect(unverifiedRows().length).toBeGreaterThan(50);
});

describe("hil board prove, on the twin", () => {
  test("shows what the twin can show, says why the rest was not asked, and strikes nothing", async () => {
    const { code, out, err } = await hil({}, "--board", "twin", "--yes", "-o", "seen.json");
    expect([code, err]).toEqual([0, ""]);
    const { rows, simulated } = kept();
    expect(simulated).toBe(true);
    expect(Object.fromEntries(rows.map(({ id, outcome }) => [id, outcome]))).toEqual({
      "large-frames": "shown",
      switch: "shown",
      "ports-stay": "shown",
      // Its application is not the fixture's.
      resetreas: "not told",
      "ram-goes": "not told",
      "network-line": "not asked",
      "serial-recovery": "not asked",
    });
    expect(out).toContain("nothing of it strikes a row");
  });

  test("asks before it moves power, and leaves alone what nobody agreed to", async () => {
    const asked: string[] = [];
    const ask = async (question: string) => {
      asked.push(question);
      return undefined;
    };
    const { code } = await hil(
      { ask },
      "--board",
      "twin",
      "-o",
      "seen.json",
      "--row",
      "switch",
      "--row",
      "large-frames",
    );
    expect(code).toBe(0);
    expect(asked).toEqual(["switch: cuts its power 10 times. Go on? Type yes: "]);
    expect(kept().rows.map(({ outcome }) => outcome)).toEqual(["shown", "not asked"]);
  });

  test("a profile whose switch is slower than it says is contradicted: exit 1", async () => {
    const profile = readFileSync("boards/twin.yaml", "utf8");
    expect(profile).toContain("cut_latency_ms: 0");
    // The measured figure, and a profile's that is far from it.
    writeFileSync(join(folder, "slow.yaml"), profile.replace("cut_latency_ms: 0", "cut_latency_ms: 300"));
    const { code, out } = await hil({}, "--board", "slow.yaml", "--yes", "--row", "switch", "-o", "seen.json");
    expect(out).toMatch(/contradicted +switch +power went [\d.]+ to [\d.]+ ms after the command; the profile says 300/);
    expect(code).toBe(1);
  });

  test("--by-hand prints every other row, with how to look at it", async () => {
    const { out } = await hil({}, "--board", "twin", "--row", "large-frames", "-o", "seen.json", "--by-hand");
    expect(out).toContain(`by hand (${unverifiedRows().length - PROOFS.length} rows):`);
    expect(out).toContain("voltmeter");
  });

  test("a row that is not there is a wrong request", async () => {
    const { code, err } = await hil({}, "--board", "twin", "--row", "everything");
    expect(code).toBe(2);
    expect(err).toContain("The rows are large-frames, switch,");
  });
});
