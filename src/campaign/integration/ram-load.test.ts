import { describe, expect, test } from "@jest/globals";
import { parseScenario } from "../request/scenario.ts";
import { type Edit, eventsOf, smallProfile, smallRun } from "../testing/small-campaign.ts";

const LOAD = "0x20020000";
const board = (mode: string, ...edits: readonly Edit[]) =>
  smallProfile(["swap-move", mode], ["twin: {", `images: { load_address: ${LOAD} }\ntwin: {`], ...edits);

const scenario = (rest: string, image = "", encrypt = true) =>
  parseScenario(
    `schema: 1
name: in RAM
images:
  old: { version: "1.0.0", payload: { generate_bytes: 6000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 }${image} }
  encrypt: ${encrypt}
${rest}
`,
    "/tmp/in-ram.yaml",
  );

describe("a campaign where the newest image is loaded into RAM", () => {
  test.each([
    ["ram-load", "cuts: { count: 4 }", true],
    ["ram-load", "cuts: { count: 3, in: upload }", false],
    ["ram-load-revert", "cuts: { count: 4 }", true],
    ["ram-load-revert", "cuts: { count: 3, in: upload }", true],
    ["ram-load-revert", "cuts: { count: 3, in: request }", true],
    ["ram-load-revert", "cuts: { count: 3, in: revert }", true],
    ["ram-load-revert", "cuts: { every: operation }", true],
  ] as const)("of %s passes with %s, encrypted: %s", async (mode, rest, encrypt) => {
    const outcome = await smallRun({ board: board(mode), scenario: scenario(rest, "", encrypt) });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", failed: 0, cutsJudged: outcome.result.cutsPlanned });
    expect(outcome.result.cutsJudged).toBeGreaterThan(0);
  });

  test("lists the new image as active in the slot that it was uploaded to", async () => {
    const outcome = await smallRun({ board: board("ram-load"), scenario: scenario("cuts: { count: 1 }") });
    const active = eventsOf(outcome.events, "image-state").flatMap(({ images }) =>
      images.filter(({ flags }) => flags.includes("active")).map(({ slot, version }) => `${version} in ${slot}`),
    );
    expect(new Set(active)).toEqual(new Set(["0.1.0 in 0", "1.0.0 in 0", "2.0.0 in 1"]));
  });

  test.each([
    ["ram-load", "cuts: { count: 3 }", true],
    ["ram-load", "cuts: { count: 2, in: upload }", false],
    ["ram-load-revert", "cuts: { count: 3 }", true],
    ["ram-load-revert", "cuts: { count: 2, in: request }", true],
    ["ram-load-revert", "cuts: { count: 2, in: revert }", true],
  ] as const)("of %s passes from slot 1 to slot 0, too, with %s, encrypted: %s", async (mode, rest, encrypt) => {
    const file = scenario(`start: { slot: 1 }\n${rest}`, "", encrypt);
    const outcome = await smallRun({ board: board(mode), scenario: file });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", failed: 0, cutsJudged: outcome.result.cutsPlanned });
    expect(outcome.result.cutsJudged).toBeGreaterThan(0);
    const active = eventsOf(outcome.events, "image-state").flatMap(({ images }) =>
      images.filter(({ flags }) => flags.includes("active")).map(({ slot, version }) => `${version} in ${slot}`),
    );
    expect(active).toEqual(expect.arrayContaining(["1.0.0 in 1", "2.0.0 in 0"]));
    expect(active.filter((text) => /1\.0\.0 in 0|2\.0\.0 in 1/.test(text))).toEqual([]);
  });

  test.each([
    ["ram-load-revert", "no-revert", "cuts: { count: 0 }"],
    ["ram-load-revert", "stale-image-list", "cuts: { count: 1 }"],
  ] as const)("of %s from slot 1 finds the fault %s", async (mode, fault, rest) => {
    const file = scenario(`start: { slot: 1 }\n${rest}`);
    const outcome = await smallRun({ board: board(mode, ["faults: []", `faults: [${fault}]`]), scenario: file });
    expect(outcome.result.outcome).toBe("fail");
  });

  test("finds a bootloader that runs what it has not checked, and one that takes nothing back", async () => {
    const damaged = scenario("cuts: { count: 0 }", ", damage: body", false);
    const good = await smallRun({ board: board("ram-load"), scenario: damaged });
    expect([good.error, good.result.outcome]).toEqual([undefined, "pass"]);
    const fault = (name: string): Edit => ["faults: []", `faults: [${name}]`];
    const unchecked = await smallRun({ board: board("ram-load", fault("swap-unvalidated")), scenario: damaged });
    expect(unchecked.result.outcome).toBe("fail");
    const kept = await smallRun({
      board: board("ram-load-revert", fault("no-revert")),
      scenario: scenario("cuts: { count: 0 }"),
    });
    expect(kept.result.outcome).toBe("fail");
  });

  test.each([
    ["nothing that says where images lie", () => smallProfile(["swap-move", "ram-load"]), /load_address .*is missing/],
    [
      "an address outside of that memory",
      () => board("ram-load", [LOAD, "0x20080000"]),
      /load_address is 0x20080000; bootloader\.image_ram is 0x/,
    ],
    [
      "an address where nothing is loaded",
      () => smallProfile(["twin: {", `images: { load_address: ${LOAD} }\ntwin: {`]),
      /load_address .*no use/,
    ],
  ] as const)("refuses a profile with %s", (_, profile, said) => {
    expect(profile).toThrow(said);
  });
});
