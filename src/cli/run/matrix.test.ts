import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { smallProfile } from "../../campaign/testing/small-campaign.ts";
import { complaintOf, type MemoryIo, memoryIo } from "../testing/memory-io.ts";
import { runCommand } from "./run.ts";

const MATRIX = `schema: 1
name: small
matrix:
  old:
    - { name: "1.0", version: "1.0.0", payload: { generate_bytes: 6000 } }
    - { name: "1.1", version: "1.1.0", payload: { generate_bytes: 7000 } }
  new:
    - { name: "2.0", version: "2.0.0", payload: { generate_bytes: 9000 } }
    - { name: "2.1", version: "2.1.0", payload: { generate_bytes: 8000 } }
  cells: [{ old: "1.1", new: "2.1", skip: "not sold" }]
cuts: { count: 1 }
revert_check: false
`;

function lab(text = MATRIX): MemoryIo {
  const io = memoryIo();
  writeFileSync(join(io.cwd, "small.yaml"), smallProfile().text);
  writeFileSync(join(io.cwd, "m.yaml"), text);
  return io;
}

const ARGV = ["m.yaml", "--board", "small.yaml"];
/** The same folder, another command. */
const again = (io: MemoryIo, more: Partial<MemoryIo> = {}) => memoryIo({ cwd: io.cwd, ...more });
const recordsIn = (io: MemoryIo) => readdirSync(join(io.cwd, "runs")).filter((name) => !name.startsWith("matrix-"));

describe("hil run of a matrix", () => {
  test("shows its cells without moving anything, in the order in which least is uploaded", async () => {
    const io = lab();
    expect(await runCommand([...ARGV, "--dry-run", "--json"], io)).toBe(0);
    const plan = JSON.parse(io.printed());
    expect(plan.cells.map((cell: { old: string; new: string }) => `${cell.old}>${cell.new}`)).toEqual([
      "1.0>2.1",
      "1.0>2.0",
      "1.1>2.0",
    ]);
    expect([plan.bytes, plan.bytesAsGiven]).toEqual([6000 + 8000 + 9000 + 7000, 6000 + 9000 + 8000 + 7000 + 9000]);
    expect(plan.skipped).toEqual([{ old: "1.1", new: "2.1", request: "test", board: "small", because: "not sold" }]);
    expect(readdirSync(io.cwd)).not.toContain("runs");
    const text = again(io);
    await runCommand([...ARGV, "--dry-run"], text);
    expect(text.printed()).toContain("   1  1.0 to 2.1, test on small: 14,000 B before its first cut");
  });

  test("runs each cell as a campaign of its own, and ends with one table, one JUnit file, one document", async () => {
    const io = lab();
    expect(await runCommand([...ARGV, "--junit", "m.xml"], io)).toBe(0);
    expect(io.printed()).toMatch(
      /from \\ to +2\.0 test +2\.1 test\n +1\.0 +PASS 1\/1 +PASS 1\/1\n +1\.1 +PASS 1\/1 +skipped\n/,
    );
    expect(recordsIn(io)).toHaveLength(3);
    const xml = readFileSync(join(io.cwd, "m.xml"), "utf8");
    expect(xml.match(/<testsuite name="[^"]+/g)).toEqual([
      '<testsuite name="small: 1.0 to 2.1, test on small',
      '<testsuite name="small: 1.0 to 2.0, test on small',
      '<testsuite name="small: 1.1 to 2.0, test on small',
    ]);
    const json = again(io);
    expect(await runCommand([...ARGV, "--json", "--resume"], json)).toBe(0);
    const document = JSON.parse(json.printed());
    expect(document.cells.map((cell: { resumed: boolean }) => cell.resumed)).toEqual([true, true, true]);
    expect(document.cells[0].run.result.outcome).toBe("pass");
    expect(document.cells[0].run.verdicts.length).toBeGreaterThan(1);
  });

  test("goes on after Ctrl-C with the cells that are left, and tells how", async () => {
    const io = lab();
    const giveUp = new AbortController();
    let said = "";
    const stopped = again(io, {
      signal: giveUp.signal,
      out: (text) => {
        if (text.includes("cell 2 of 3")) giveUp.abort();
        said += text;
      },
    });
    expect(await runCommand(ARGV, stopped)).toBe(4);
    expect(said).toContain("resume    npx hil run m.yaml --board small.yaml --resume: 2 cells to go");
    expect(said).toContain("not run");
    const resumed = again(io);
    const code = await runCommand([...ARGV, "--resume", "--junit", "m.xml"], resumed);
    expect([code, resumed.complained()]).toEqual([0, ""]);
    expect(resumed.printed()).not.toContain("cell 1 of 3");
    expect(resumed.printed()).toContain("PASS 1/1 *");
    expect(readFileSync(join(io.cwd, "m.xml"), "utf8").match(/<testsuite /g)).toHaveLength(3);
  });

  test("runs a cell again whose image, scenario or seed is another one, or whose record is gone", async () => {
    const io = lab(
      MATRIX.replace("  new:\n", "  new:\n")
        .replace(/ {4}- \{ name: "(1\.1|2\.1)".*\n/g, "")
        .replace(/ {2}cells.*\n/, ""),
    );
    const ran = async (...argv: string[]) => {
      const own = again(io);
      expect(await runCommand([...ARGV, "--resume", ...argv], own)).toBe(0);
      return own.printed().includes("cell 1 of 1");
    };
    expect(await ran()).toBe(true);
    expect(await ran()).toBe(false);
    expect(await ran("--seed", "2")).toBe(true);
    for (const name of recordsIn(io)) rmSync(join(io.cwd, "runs", name), { recursive: true });
    expect(await ran()).toBe(true);
  });

  test("shows which cell fails, and has the exit code of a failed verdict", async () => {
    const io = lab();
    expect(await runCommand([...ARGV, "--fault", "forget-keys", "--fail-fast"], io)).not.toBe(0);
    expect(io.printed()).toMatch(/FAIL \d+ of \d+/);
    expect(io.printed()).toContain("not run");
  });

  test.each([
    [["--cuts", "3"], /a matrix says itself where power goes/],
    [["--board", "nowhere.yaml"], /nowhere/],
  ])("refuses %j", async (more, said) => {
    const { text, code } = await complaintOf(runCommand(["m.yaml", "--board", "small.yaml", ...more], lab()));
    expect([text, code]).toEqual([expect.stringMatching(said), 2]);
  });

  test("refuses what is wrong with any cell before the first one begins", async () => {
    const io = lab(MATRIX.replace("generate_bytes: 8000", "generate_bytes: 800000"));
    const { text, code } = await complaintOf(runCommand(ARGV, io));
    expect([text, code]).toEqual([expect.stringContaining("m.yaml [1.0 to 2.1, test]"), 2]);
    expect(readdirSync(io.cwd)).not.toContain("runs");
  });
});
