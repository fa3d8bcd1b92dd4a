import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { imageCrypto, profileKeys } from "../../board/index.ts";
import { Random } from "../../core/index.ts";
import { buildImage, generatePayload, parseVersion } from "../../image/index.ts";
import { ownFirmware } from "../../mcuboot/index.ts";
import { parseScenario } from "../request/scenario.ts";
import { type Edit, eventsOf, smallProfile, smallRun } from "../testing/small-campaign.ts";

const HALVES = { s0: 0x8000, s1: 0xe000 } as const;
/** @param fields of `bootloader`, besides second_stage. */
const board = (fields = "generation: ncs-3.4, fixes: [N1]", ...edits: readonly Edit[]) =>
  smallProfile(
    ["{ mode: swap-move }", `{ mode: swap-move, second_stage: true, ${fields} }`],
    [
      /primary: .*\n {2}secondary: .*/,
      "s0: { offset: 0x8000, bytes: 0x6000 }\n  s1: { offset: 0xe000, bytes: 0x6000 }\n" +
        "  primary: { offset: 0x14000, bytes: 0x10000 }\n  secondary: { offset: 0x24000, bytes: 0x10000 }",
    ],
    ...edits,
  );
const inClear: Edit = [', encryption: "builtin:twin-enc-p256.pem" }', " }\nimages: { encryption: none }"];
const fault = (name: string): Edit => ["faults: []", `faults: [${name}]`];

const scenario = (bootloader: string, cuts = "count: 4", rest = "") =>
  parseScenario(
    `schema: 1
name: own
images:
  old: { version: "1.0.0", payload: { generate_bytes: 6000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }
  bootloader: ${bootloader}
  encrypt: false
cuts: { in: bootloader, ${cuts} }
${rest}`,
    "/tmp/own.yaml",
  );
const generated = "{ generate_bytes: 12000 }";

const folder = mkdtempSync(join(tmpdir(), "hil-own-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An update as a build leaves it. */
function updateFile(half: keyof typeof HALVES, version: number): string {
  const address = HALVES[half] + 512;
  const name = `${half}-${version}`;
  const payload = generatePayload({
    random: Random.fromSeed(name),
    name,
    version: "1",
    bodyAddress: address,
    bytes: 8000,
  });
  const { image } = buildImage(ownFirmware(payload, { version, address }, 512), {
    version: parseVersion(`${version}.0.0`),
    headerBytes: 512,
    padHeader: true,
    romFixed: HALVES[half],
    ...imageCrypto(profileKeys(board()), false),
  });
  const path = join(folder, `${name}.bin`);
  writeFileSync(path, image);
  return path;
}

describe("a campaign of updates of MCUboot itself", () => {
  test.each([
    ["count: 6", "generation: ncs-3.4, fixes: [N1]"],
    ["pairs: 3", "generation: ncs-3.4, fixes: [N1]"],
    ["every: erase", "generation: ncs-3.4, fixes: [N1]"],
    ["operations: [[0], [6, 5.5], [29.5]]", "generation: ncs-3.4, fixes: [N1]"],
    // Where a failed assertion does nothing, N1 shows nothing.
    ["count: 4", "generation: ncs-3.0"],
  ])("passes with cuts: { %s } and %s, and the newest one upgrades the application", async (cuts, fields) => {
    const outcome = await smallRun({ board: board(fields, inClear), scenario: scenario(generated, cuts) });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", failed: 0, cutsJudged: outcome.result.cutsPlanned });
    const { cutsJudged } = outcome.result;
    expect(cutsJudged).toBeGreaterThan(0);
    const verdicts = eventsOf(outcome.events, "verdict").map(({ verdict }) => verdict);
    const told = verdicts.map(({ found }) => /MCUboot (\d+) in (S\d)/.exec(found)?.slice(1).join(" "));
    const turns = Array.from({ length: cutsJudged + 1 }, (_, at) => `${at + 2} ${at % 2 === 0 ? "S1" : "S0"}`);
    expect(told.slice(0, turns.length)).toEqual(turns);
    expect(verdicts.at(-2)).toMatchObject({ subject: { kind: "upgrade" }, ending: "upgraded", pass: true });
    expect(verdicts.at(-1)).toMatchObject({ subject: { kind: "revert" }, pass: true });
  });

  test("says which MCUboot went to which, and is the same twice", async () => {
    const ask = () => smallRun({ board: board(), scenario: scenario(generated, "count: 2") });
    const [first, second] = [await ask(), await ask()];
    expect(first.events).toEqual(second.events);
    const verdicts = eventsOf(first.events, "verdict").map(({ verdict }) => verdict);
    expect(verdicts.slice(0, 3).map(({ from, to, ending }) => `${from} > ${to}: ${ending}`)).toEqual([
      "MCUboot 1 in S0 > MCUboot 2 in S1: bootloader updated",
      "MCUboot 2 in S1 > MCUboot 3 in S0: bootloader updated",
      "MCUboot 3 in S0 > MCUboot 4 in S1: bootloader updated",
    ]);
  });

  test("takes files in turn", async () => {
    const files = [updateFile("s1", 5), updateFile("s0", 6), updateFile("s1", 9)];
    const outcome = await smallRun({
      board: board(),
      scenario: scenario(`{ updates: [${files.join(", ")}] }`, "count: 2"),
    });
    expect([outcome.error, outcome.result.outcome]).toEqual([undefined, "pass"]);
    expect(eventsOf(outcome.events, "verdict")[2]?.verdict.to).toBe("MCUboot 9 in S1");
  });

  test.each([
    ["own-update-in-place", "count: 6", "no boot"],
    ["N1", "count: 6", "no boot"],
  ])("finds the fault %s", async (name, cuts, ending) => {
    const profile = board("generation: ncs-3.4, fixes: [N1]", inClear, fault(name));
    const outcome = await smallRun({ board: profile, scenario: scenario(generated, cuts), failFast: true });
    expect(outcome.result.outcome).toBe("fail");
    expect(eventsOf(outcome.events, "verdict").at(-1)?.verdict).toMatchObject({ ending, pass: false });
  });

  test("names the known defect where the profile's bootloader has it", async () => {
    const outcome = await smallRun({
      board: board("generation: ncs-3.4", inClear),
      scenario: scenario(generated, "operations: [[9]]"),
      failFast: true,
    });
    const last = eventsOf(outcome.events, "verdict").at(-1)?.verdict;
    expect(last).toMatchObject({ pass: false, ending: "no boot", expected: "no image boots (known defect N1)" });
  });

  test("is refused before anything moves where the first update would leave nothing that boots", async () => {
    const asked = smallRun({ board: board("generation: ncs-3.4"), scenario: scenario(generated) });
    await expect(asked).rejects.toThrow(/images\.bootloader names .*nothing that boots: boot_swap_image: rc >= 0/);
  });

  test.each([
    [
      "too few files",
      () => `{ updates: [${updateFile("s1", 5)}] }`,
      /updates is used up: no update is left for half s0 above .* 5/,
    ],
    [
      "a version that is not higher",
      () => `{ updates: [${[updateFile("s1", 5), updateFile("s0", 5)].join()}] }`,
      /used up/,
    ],
    [
      "a file that is no update",
      () => `{ updates: [${join(folder, "nothing.bin")}] }`,
      /updates\[0\] names .*cannot be used/,
    ],
    [
      "an update that does not fit",
      () => "{ generate_bytes: 30000 }",
      /would be refused: 0x\w+ bytes; .* takes 0x6000/,
    ],
  ])("refuses %s", async (_, bootloader, said) => {
    await expect(smallRun({ board: board(), scenario: scenario(bootloader(), "count: 1") })).rejects.toThrow(said);
  });

  test("is refused on a board without halves, and where a scenario would not be heard", async () => {
    const plain = smallRun({ scenario: scenario(generated) });
    await expect(plain).rejects.toThrow(/images\.bootloader wants .*no halves/);
    const boots = smallRun({ board: board(), scenario: scenario(generated, "count: 1", "boots_after: 2") });
    await expect(boots).rejects.toThrow(/boots_after has no meaning/);
  });

  test.each([
    ["one half", [/ {2}s1: .*\n/, ""], /slots\.s1 is missing/],
    ["a generation before 2.8", ["ncs-3.4", "ncs-2.7"], /slots\.s1 .*ncs-2\.7/],
    ["swap using offset", ["swap-move, second", "swap-offset, second"], /slots\.s1 goes with/],
    ["no first stage", ["second_stage: true, ", ""], /slots\.s0 needs bootloader\.second_stage/],
  ] as const)("wants a profile without %s", (_, edit, said) => {
    expect(() => board(undefined, edit as Edit)).toThrow(said);
  });
});

describe("a campaign of the application behind NSIB", () => {
  test("goes on as ever, through cuts, from whichever half", async () => {
    const ordinary = parseScenario(
      'schema: 1\nname: app\nimages:\n  old: { version: "1.0.0", payload: { generate_bytes: 6000 } }\n' +
        '  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }\ncuts: { count: 6 }\n',
      "/tmp/app.yaml",
    );
    const outcome = await smallRun({ board: board(), scenario: ordinary });
    expect([outcome.error, outcome.result.outcome]).toEqual([undefined, "pass"]);
    expect(outcome.result.cutsJudged).toBe(6);
  });
});
