import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { boardCommand } from "../../board/board.ts";
import { command } from "../../testing/command.ts";
import { runCommand } from "../run.ts";

const CAMPAIGN_MS = 300_000;

/** A twin whose relay needs 30 ms, give or take 2, and a profile that knows nothing of it; in virtual time. */
function slowBench(): string {
  const folder = mkdtempSync(join(tmpdir(), "hil-calibrated-"));
  const small = readFileSync(new URL("../../../../boards/small/move.yaml", import.meta.url), "utf8");
  writeFileSync(join(folder, "slow.yaml"), `${small}\ntwin:\n  relay: { off_ms: 30, on_ms: 12, spread_ms: 2 }\n`);
  writeFileSync(
    join(folder, "small.yaml"),
    `schema: 1
name: small
images:
  old: { version: "1.0.0", payload: { generate_bytes: 7000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }
cuts: { count: 12 }
revert_check: false
`,
  );
  return folder;
}

const campaign = (folder: string, ...more: string[]) =>
  command(runCommand, ["small.yaml", "--board", "slow.yaml", ...more], folder);
/** Just before the bootloader's first line: a relay that is 30 ms late cuts in the middle of its log. */
const BEFORE_LOG = ["--cut-at", "265"];

describe("a switch that is slower than its profile says", () => {
  test(
    "is found out without a calibration, and judged rightly with one: latency subtracted, date in the record",
    async () => {
      const folder = slowBench();
      const blind = await campaign(folder, ...BEFORE_LOG);
      expect([blind.code, blind.out + blind.error]).toEqual([3, expect.stringContaining("power was not cut")]);

      const measured = await command(boardCommand, ["calibrate", "--board", "slow.yaml", "--json"], folder);
      const { off } = JSON.parse(measured.out.split("\n").find((line) => line.startsWith("{")) ?? "{}");
      expect(Math.abs(off.latencyUs - 30_000)).toBeLessThan(1000);
      expect(off.uncertaintyUs).toBeGreaterThan(1500);
      expect(off.uncertaintyUs).toBeLessThan(3000);
      expect(existsSync(join(folder, "slow.calibration.json"))).toBe(true);

      expect((await campaign(folder, ...BEFORE_LOG)).out).toMatch(/PASS {2}1 of 1 cut as MCUboot allows/);
      const aimed = await campaign(folder);
      expect(aimed.out).toMatch(
        /^switch +a cut falls (29|30)\.\d ms ± \d\.\d ms after its command \(measured 20\d\d-/m,
      );
      expect(aimed.out).toMatch(/PASS {2}12 of 12 cuts as MCUboot allows/);
      expect(aimed.code).toBe(0);
      const newest = readdirSync(join(folder, "runs")).toSorted().at(-1) ?? "";
      const lines = readFileSync(join(folder, "runs", newest, "events.jsonl"), "utf8")
        .trim()
        .split("\n");
      const events: readonly { event: string; latencyUs?: number }[] = lines.map((line) => JSON.parse(line));
      expect(events.find(({ event }) => event === "calibration")?.latencyUs).toBe(off.latencyUs);
    },
    CAMPAIGN_MS,
  );
});
