import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { type LoadedProfile, loadProfile } from "../../board/index.ts";
import {
  builtInScenarios,
  faultWants,
  loadScenario,
  requireFaultsAct,
  type ScenarioFile,
} from "../../campaign/index.ts";
import { smallProfile, smallScenario } from "../../campaign/testing/small-campaign.ts";
import { isHilError } from "../../core/index.ts";
import { FAULT_NEEDS, type FaultColumns, modeRow } from "../../mcuboot/index.ts";
import { TWIN_FAULTS } from "../../twin/index.ts";

const BOARDS = fileURLToPath(new URL("../../../boards/", import.meta.url));

const boards = new Map<string, LoadedProfile>();
const scenarios = new Map<string, ScenarioFile>();
const faults = TWIN_FAULTS;

beforeAll(async () => {
  for (const file of readdirSync(BOARDS, { recursive: true, encoding: "utf8" })) {
    if (!/^(twin|small\/).*\.yaml$/.test(file)) continue;
    const name = file.replace(".yaml", "");
    boards.set(name, await loadProfile(name, { cwd: "/" }));
  }
  for (const name of builtInScenarios()) scenarios.set(name, await loadScenario(name, "/"));
});

/** What a fault misses, by names of what ships with the package. */
function wants(fault: FaultColumns, scenario: string, board: string): string | undefined {
  const [file, loaded] = [scenarios.get(scenario), boards.get(board)];
  if (file === undefined || loaded === undefined) throw new RangeError(`no ${scenario} or no ${board}`);
  return faultWants(fault, loaded.profile, { scenario: file.value });
}

describe("of every fault", () => {
  test("the run that is recommended has what it needs, and three act in none that ships with the package", () => {
    const wanting = faults.flatMap((fault) => {
      const { name, shownBy } = fault;
      const missed = shownBy && wants(fault, shownBy.scenario, shownBy.board);
      return missed === undefined ? [] : [[name, missed]];
    });
    expect(wanting).toEqual([]);
    const unshown = faults.filter((row) => row.shownBy === undefined);
    expect(unshown.map((row) => row.name)).toEqual(["NCSDK-34106", "half-duplex", "radio-silent"]);
    expect(unshown.filter((row) => row.shownTo === undefined)).toEqual([]);
    expect(faults.length).toBeGreaterThanOrEqual(43);
  });

  test("no run on a board of a mode without it is let through", () => {
    const pairs = [...boards].flatMap(([board, { profile }]) =>
      [...scenarios.keys()].map((scenario) => ({ board, scenario, mode: modeRow(profile.bootloader.mode).mode })),
    );
    const without = faults.flatMap((fault) =>
      pairs.filter(({ mode }) => !fault.modes.includes(mode)).map((pair) => ({ fault, ...pair })),
    );
    const through = without.filter(({ fault, scenario, board }) => wants(fault, scenario, board) === undefined);
    expect(through.map(({ fault, scenario, board }) => [fault.name, scenario, board])).toEqual([]);
    expect(without.length).toBeGreaterThan(10_000);
  });

  test("each need is one that some run misses, and the refusal says it", () => {
    const texts: readonly string[] = Object.values(FAULT_NEEDS);
    const missed = new Set<string>();
    for (const fault of faults)
      for (const board of boards.keys())
        for (const scenario of scenarios.keys()) missed.add(wants(fault, scenario, board) ?? "");
    expect(texts.filter((text) => !missed.has(text))).toEqual([]);
  });
});

function complaint(board: LoadedProfile, scenario?: ScenarioFile): string {
  try {
    requireFaultsAct(board, scenario && { scenario: scenario.value });
  } catch (error) {
    if (!isHilError(error)) throw error;
    expect([error.kind, error.exitCode]).toEqual(["usage", 2]);
    return error.paragraph();
  }
  return "no complaint";
}

const planted = (fault: string, ...changes: (readonly [string, string])[]) =>
  smallProfile(["faults: []", `faults: [${fault}]`], ...changes);

describe("a fault that a profile names", () => {
  test("is refused where the bootloader's mode has no such fault", () => {
    expect(complaint(planted("R31-2341"))).toBe(
      "the fault R31-2341 needs a bootloader of mode overwrite (this one is swap-move): in small it would change nothing, and the run would show nothing about it. Here it acts: hil run faults/R31-2341 --board small/overwrite --fault R31-2341 (docs/faults.md).",
    );
  });

  test("is refused in a scenario that has not what it needs, and not where nobody says what is run", () => {
    const plain = smallScenario(["cuts: {", "  encrypt: false\ncuts: {"]);
    expect(complaint(planted("forget-keys"), plain)).toMatch(
      /^the fault forget-keys needs encrypted images .*--board twin/,
    );
    expect(complaint(planted("forget-keys"), smallScenario())).toBe("no complaint");
    expect(complaint(planted("recovery-loses-chunk"), smallScenario())).toMatch(/upload by serial recovery/);
    expect(complaint(planted("recovery-loses-chunk"))).toBe("no complaint");
  });

  test("and that needs a fix to be taken back is refused where the fix is not named", () => {
    const offset = ["mode: swap-move", "mode: swap-offset"] as const;
    expect(complaint(planted("U1", offset))).toMatch(/^the fault U1 needs a bootloader whose profile names the fix/);
  });
});
