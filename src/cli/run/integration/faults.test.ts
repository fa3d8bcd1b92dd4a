import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { command } from "../../testing/command.ts";
import { type RunReport, runReport } from "../../testing/run-report.ts";
import { runCommand } from "../run.ts";

const SUITE_MS = 120_000;

/** Runs `hil run` in this process, on the twin, and gives its exit code and its JSON. */
async function campaign(...args: string[]): Promise<{ readonly code: number; readonly report: RunReport }> {
  const runs = mkdtempSync(join(tmpdir(), "hil-faults-"));
  const { code, out } = await command(runCommand, ["--json", ...args], runs);
  return { code, report: runReport(out) };
}

/** What each fault makes a board show, and how the run says it. */
const CAUGHT = [
  { fault: "forget-resume", ending: "no boot", check: /^cut/, found: /Unable to find bootable image/ },
  { fault: "forget-keys", ending: "no boot", check: /^cut/, found: /Unable to find bootable image/ },
  { fault: "lose-fallback", ending: "wrong slots", check: /^cut/, found: /2\.0\.0 running.*slot 1 empty/ },
  { fault: "skip-copy-done", ending: "wrong flags", check: /^uninterrupted/, found: /2\.0\.0 running, confirmed/ },
  { fault: "no-revert", ending: "wrong flags", check: /^uninterrupted/, found: /2\.0\.0 running, confirmed/ },
  { fault: "revert-at-once", ending: "wrong image", check: /^cut/, found: /1\.0\.0 running/ },
  { fault: "boot-loop", ending: "boot loop", check: /^cut/, found: /[4-9] boots seen/ },
  { fault: "dead-after-resume", ending: "no boot", check: /^cut/, found: /no application answered/ },
] as const;

describe("a fault that is switched on", () => {
  test(
    "swap-unvalidated is caught by a damaged image, which a sound bootloader refuses",
    async () => {
      const bad = await campaign("damaged-image", "--fault", "swap-unvalidated", "--fail-fast");
      expect(bad.code).toBe(1);
      expect(bad.report.verdicts.at(-1)).toMatchObject({ pass: false, ending: "no boot" });
      const good = await campaign("damaged-image");
      expect([good.code, good.report.verdicts.every((verdict) => verdict.pass)]).toEqual([0, true]);
    },
    SUITE_MS,
  );

  for (const { fault, ending, check, found } of CAUGHT) {
    test(
      `${fault} fails the run with "${ending}" and says what was expected and found`,
      async () => {
        const { code, report } = await campaign("--fault", fault, "--cuts", "8", "--fail-fast");
        expect(code).toBe(1);
        expect(report.result.outcome).toBe("fail");
        expect(report.result).not.toHaveProperty("idleFaults");
        const failed = report.verdicts.find((verdict) => !verdict.pass);
        expect(failed).toMatchObject({ ending });
        expect(failed?.check).toMatch(check);
        expect(failed?.found).toMatch(found);
        expect(failed?.expected).toContain("running");
        expect(failed?.because).not.toBe("");
      },
      SUITE_MS,
    );
  }

  test(
    "a relay that does not switch is a bench failure, exit 3, found before anything is uploaded",
    async () => {
      const { code, report } = await campaign("--fault", "relay-stuck", "--cuts", "8");
      expect(code).toBe(3);
      expect(report.result.outcome).toBe("error");
      expect(report.error?.text).toContain("power was not cut");
      expect(report.verdicts).toEqual([]);
    },
    SUITE_MS,
  );

  test(
    "a board whose image list never changes is the firmware's fault, exit 1",
    async () => {
      const { code, report } = await campaign("--fault", "stale-image-list", "--cuts", "2");
      expect(code).toBe(1);
      expect(report.error?.text).toContain("refused");
    },
    SUITE_MS,
  );
});

describe("without a fault", () => {
  test(
    "the same campaign passes, and two runs of one seed give the same JSON to the byte",
    async () => {
      const first = await campaign("--cuts", "8", "--seed", "7");
      const second = await campaign("--cuts", "8", "--seed", "7");
      expect(first.code).toBe(0);
      expect(first.report.result.endings).toEqual({ upgraded: 1, resumed: 6, reverted: 1 });
      expect(JSON.stringify(second.report)).toBe(JSON.stringify(first.report));
    },
    SUITE_MS,
  );

  test(
    "another seed cuts at other moments",
    async () => {
      const moments = async (seed: string) => {
        const { report } = await campaign("--cuts", "8", "--seed", seed);
        return report.verdicts.map((verdict) => JSON.stringify(verdict)).join();
      };
      expect(await moments("1")).not.toBe(await moments("2"));
    },
    SUITE_MS,
  );
});
