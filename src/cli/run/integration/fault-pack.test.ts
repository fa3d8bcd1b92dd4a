import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { UPSTREAM_FAULTS } from "../../../twin/index.ts";
import { command } from "../../testing/command.ts";
import { runCommand } from "../run.ts";

const SUITE_MS = 120_000;
const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const SCENARIOS = join(ROOT, "scenarios", "faults");

interface Caught {
  readonly fault: string;
  /** Its name as one that ships with the package. */
  readonly board: string;
  /** How the first verdict that fails ends, and which one that is. */
  readonly ending: string;
  readonly check: RegExp;
  /** What is found, as a board shows it. */
  readonly found: RegExp;
}

const UNCUT = /^uninterrupted/;
const CUT = /^cut/;

const CAUGHT: readonly Caught[] = [
  { fault: "R1-480", board: "small/scratch", ending: "wrong flags", check: CUT, found: /1\.0\.0 running, unconfirmed/ },
  { fault: "R2-427", board: "small/scratch", ending: "no boot", check: CUT, found: /Unable to find bootable/ },
  { fault: "R4-762", board: "small/move", ending: "wrong log", check: /^boot 1/, found: /1\.0\.0 running/ },
  { fault: "R5-829", board: "small/move", ending: "no boot", check: CUT, found: /no application answered/ },
  { fault: "R6-855", board: "small/move", ending: "wrong image", check: CUT, found: /1\.0\.0 running, confirmed/ },
  { fault: "R9-e38b0afa", board: "small/move-long-header", ending: "no boot", check: UNCUT, found: /Unable to find/ },
  { fault: "R10-152cca07", board: "small/scratch-long-trailer", ending: "no boot", check: UNCUT, found: /no appl/ },
  { fault: "R11-1588", board: "small/move", ending: "no boot", check: CUT, found: /Unable to find bootable/ },
  { fault: "R12-1645", board: "small/scratch-whole", ending: "wrong slots", check: CUT, found: /2\.0\.0 in slot 1/ },
  { fault: "R18-2ac79767", board: "small/scratch", ending: "no boot", check: CUT, found: /Unable to find bootable/ },
  { fault: "R19-1966", board: "small/move", ending: "wrong image", check: CUT, found: /2\.0\.0 running, confirmed/ },
  { fault: "R23-2275", board: "small/scratch-two", ending: "no boot", check: CUT, found: /Unable to find bootable/ },
  { fault: "R25-1046", board: "small/move", ending: "no boot", check: CUT, found: /Unable to find bootable/ },
  { fault: "R26-7330df7c", board: "small/offset", ending: "wrong image", check: UNCUT, found: /1\.0\.0 running/ },
  {
    fault: "R27-2268",
    board: "small/offset",
    ending: "wrong image",
    check: UNCUT,
    found: /1\.0\.0 running.*slot 1 empty/,
  },
  { fault: "R28-0319e91c", board: "small/move", ending: "no boot", check: UNCUT, found: /no application answered/ },
  { fault: "R30-9d334f9b", board: "small/offset", ending: "wrong slots", check: UNCUT, found: /2\.0\.0 in slot 1/ },
  { fault: "R31-2341", board: "small/overwrite", ending: "wrong slots", check: UNCUT, found: /slot 1, pending a test/ },
  { fault: "R33-68a4c962", board: "small/move", ending: "wrong slots", check: /^request/, found: /slot 1 empty/ },
  { fault: "U1", board: "small/offset-mended", ending: "wrong image", check: /^boot 1/, found: /slot 1 empty/ },
  { fault: "N1", board: "twin-nsib", ending: "no boot", check: UNCUT, found: /no application answered/ },
  { fault: "U11", board: "small/move-no-downgrade", ending: "wrong image", check: CUT, found: /2\.0\.0 running/ },
  {
    fault: "NCSDK-13947",
    board: "small/net-no-downgrade",
    ending: "wrong image",
    check: UNCUT,
    found: /network core runs version 0/,
  },
  { fault: "SZ-3080", board: "small/move", ending: "wrong image", check: UNCUT, found: /1\.0\.0 running/ },
  {
    fault: "DZ-126603",
    board: "small/overwrite",
    ending: "no boot",
    check: UNCUT,
    found: /Jumping to the first image/,
  },
  { fault: "DZ-111701", board: "small/move", ending: "wrong image", check: UNCUT, found: /slot 1, pending a test/ },
  { fault: "DZ-105028", board: "small/move", ending: "boot loop", check: UNCUT, found: /boots seen/ },
];

interface Report {
  readonly result: { readonly outcome: string; readonly cutsPlanned: number; readonly cutsJudged: number };
  readonly verdicts: readonly {
    readonly check: string;
    readonly pass: boolean;
    readonly ending: string;
    readonly found: string;
    readonly because: string;
  }[];
}

async function campaign(row: Caught, ...args: string[]): Promise<{ readonly code: number; readonly report: Report }> {
  const runs = mkdtempSync(join(tmpdir(), "hil-fault-pack-"));
  const asked = ["--json", `faults/${row.fault}`, "--board", row.board, ...args];
  const { code, out } = await command(runCommand, asked, runs);
  return { code, report: JSON.parse(out) };
}

describe("an upstream bug", () => {
  for (const row of CAUGHT) {
    test(
      `${row.fault} is caught by what the board shows, and its scenario passes without it`,
      async () => {
        const bad = await campaign(row, "--fault", row.fault, "--fail-fast");
        expect(bad.code).toBe(1);
        // It acted: the run does not fail for another reason.
        expect(bad.report.result).not.toHaveProperty("idleFaults");
        const failed = bad.report.verdicts.find((verdict) => !verdict.pass);
        expect(failed).toMatchObject({ ending: row.ending });
        expect(failed?.check).toMatch(row.check);
        expect(failed?.found).toMatch(row.found);
        const good = await campaign(row);
        expect(good.report.verdicts.filter((verdict) => !verdict.pass)).toEqual([]);
        expect(good.code).toBe(0);
        expect(good.report.result.cutsJudged).toBe(good.report.result.cutsPlanned);
      },
      SUITE_MS,
    );
  }

  test("of the list has a scenario, and every scenario a bug; there are at least 25", () => {
    const scenarios = readdirSync(SCENARIOS).filter((name) => name.endsWith(".yaml"));
    const names = UPSTREAM_FAULTS.map((row) => row.name).toSorted();
    expect(scenarios.map((name) => basename(name, ".yaml")).toSorted()).toEqual(names);
    expect(CAUGHT.map((row) => row.fault).toSorted()).toEqual(names);
    expect(names.length).toBeGreaterThanOrEqual(25);
  });
});
