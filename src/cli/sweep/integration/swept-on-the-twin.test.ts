import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { runCommand } from "../../run/run.ts";
import { command } from "../../testing/command.ts";
import { sweepCommand } from "../sweep.ts";

const SUITE_MS = 120_000;
const BOARD = fileURLToPath(new URL("../../../../cases/boards/six-sector-offset.yaml", import.meta.url));

const SCENARIO = (cuts: string) => `schema: 1
name: swept
images:
  old: { version: "1.0.0", payload: { generate_bytes: 9000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 11000 } }
  encrypt: false
start: { flash_each: true }
cuts: ${cuts}
revert_check: false
`;

interface Swept {
  readonly findings: readonly {
    readonly known: string;
    readonly class: string;
    readonly path: readonly { readonly kind: string; readonly operation?: number }[];
  }[];
}

interface Report {
  readonly verdicts: readonly { readonly pass: boolean; readonly ending: string; readonly because: string }[];
}

describe("a sequence of clean cuts that a sweep found", () => {
  test(
    "does on the twin, cut by its relay in a campaign, what it did in process: U2 bricks the board",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "hil-swept-"));
      const scenario = join(folder, "swept.yaml");
      writeFileSync(scenario, SCENARIO("{ count: 1 }"));
      const asked = [scenario, "--board", BOARD, "--revert", "--cuts", "2", "--json", "--out", folder];
      const swept: Swept = JSON.parse((await command(sweepCommand, asked, folder)).out);
      const [finding] = swept.findings;
      expect(finding).toMatchObject({ known: "U2", class: "brick" });
      const operations = finding?.path.flatMap((step) => (step.kind === "cut" ? [step.operation] : [])) ?? [];
      expect(operations).toHaveLength(2);
      writeFileSync(scenario, SCENARIO(`{ operations: [[${operations.join(", ")}]], in: revert }`));
      const { code, out } = await command(runCommand, ["--json", scenario, "--board", BOARD], folder);
      const { verdicts }: Report = JSON.parse(out);
      expect(code).toBe(1);
      expect(verdicts.filter((verdict) => !verdict.pass)).toEqual([
        expect.objectContaining({ ending: "no boot", because: expect.stringContaining("known defect U2") }),
      ]);
    },
    SUITE_MS,
  );
});
