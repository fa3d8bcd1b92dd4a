import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { command } from "../../testing/command.ts";
import { runCommand } from "../run.ts";

const SUITE_MS = 120_000;

describe("an update of both cores at once", () => {
  test(
    "passes as a campaign with power cuts; on a board without the slot it is refused before anything moves",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "hil-net-"));
      const args = ["app-and-net", "--cuts", "8", "--json", "--board"];
      const { code, out } = await command(runCommand, [...args, "twin-net"], folder);
      const report: { verdicts: { pass: boolean; found: string }[] } = JSON.parse(out);
      expect([code, report.verdicts.map((verdict) => verdict.pass)]).toEqual([0, Array(9).fill(true)]);
      expect(new Set(report.verdicts.map(({ found }) => found))).toEqual(
        new Set([
          "2.0.0 running, confirmed; slot 1 empty; the network core runs version 4 (its UART)",
          "1.0.0 running, confirmed; slot 1 empty; the network core runs version 3 (its UART)",
        ]),
      );
      const refused = await command(runCommand, [...args, "twin"], folder);
      expect([refused.code, refused.error]).toEqual([2, expect.stringContaining("has no slot for them")]);
    },
    SUITE_MS,
  );
});
