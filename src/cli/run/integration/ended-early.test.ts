import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { hil } from "../../testing/process.ts";

const REAL_TIME_MS = 60_000;

describe("a run whose process is told to end", () => {
  test.each([
    ["once", ["SIGINT"]],
    // Two kinds, since a system makes one of two equal signals that nobody has taken yet.
    ["by an impatient user, twice", ["SIGINT", "SIGTERM"]],
  ] as const)(
    "%s: the record says that it was interrupted, and JUnit has an error",
    async (_, signals) => {
      const folder = mkdtempSync(join(tmpdir(), "hil-ended-"));
      const run = hil(folder, "run", "--cuts", "4000", "--junit", "out.xml");
      await run.printed(/swap {6}/);
      for (const signal of signals) run.child.kill(signal);
      const { code } = await run.done;
      expect(code).toBe(4);
      const [record = ""] = readdirSync(join(folder, "runs"));
      const read = (name: string) => readFileSync(join(folder, "runs", record, name), "utf8");
      const document: unknown = JSON.parse(read("run.json"));
      expect(document).toMatchObject({ state: "finished", result: { outcome: "interrupted" } });
      const last = read("events.jsonl").trimEnd().split("\n").at(-1) ?? "";
      expect(JSON.parse(last)).toMatchObject({ event: "run-finished" });
      expect(readdirSync(join(folder, "runs", record))).not.toContain(".reserve");
      expect(readFileSync(join(folder, "out.xml"), "utf8")).toMatch(/<testsuites name="hil" .* errors="1" /);
    },
    REAL_TIME_MS,
  );
});
