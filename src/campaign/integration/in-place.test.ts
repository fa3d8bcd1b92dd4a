import { describe, expect, test } from "@jest/globals";
import { parseScenario } from "../request/scenario.ts";
import { eventsOf, smallProfile, smallRun } from "../testing/small-campaign.ts";

type Mode = "direct-xip" | "direct-xip-revert";
const board = (mode: Mode, ...faults: string[]) =>
  smallProfile(
    ["swap-move", mode],
    [', encryption: "builtin:twin-enc-p256.pem" }', " }\nimages: { encryption: none }"],
    ["[] }", `[ ${faults.join(", ")} ] }`],
  );

/** The old image is for slot 0, the new one for slot 1. @param rest fields of the scenario, as YAML. */
const scenario = (rest: string, image = "") =>
  parseScenario(
    `schema: 1
name: in place
images:
  old: { version: "1.0.0", payload: { generate_bytes: 6000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 }${image} }
  encrypt: false
${rest}
`,
    "/tmp/in-place.yaml",
  );
const cutting = (cuts: string) => scenario(`cuts: { ${cuts} }`);

describe("a campaign where images run in place", () => {
  test.each<[Mode, string]>([
    ["direct-xip", "count: 4"],
    ["direct-xip", "count: 3, in: upload"],
    ["direct-xip-revert", "count: 4"],
    ["direct-xip-revert", "count: 3, in: upload"],
    ["direct-xip-revert", "count: 3, in: request"],
    ["direct-xip-revert", "count: 3, in: revert"],
    ["direct-xip-revert", "every: operation"],
  ])("of %s passes with cuts: %s", async (mode, cuts) => {
    const outcome = await smallRun({ board: board(mode), scenario: cutting(cuts) });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", failed: 0, cutsJudged: outcome.result.cutsPlanned });
    expect(outcome.result.cutsJudged).toBeGreaterThan(0);
  });

  test("lists the new image as active in slot 1, and uploads for that slot's address", async () => {
    const outcome = await smallRun({ board: board("direct-xip"), scenario: cutting("count: 1") });
    const active = eventsOf(outcome.events, "image-state").flatMap(({ images }) =>
      images.filter(({ flags }) => flags.includes("active")).map(({ slot, version }) => `${version} in ${slot}`),
    );
    expect(new Set(active)).toEqual(new Set(["0.1.0 in 0", "1.0.0 in 0", "2.0.0 in 1"]));
  });

  test.each<[Mode, string]>([
    ["direct-xip", "count: 3"],
    ["direct-xip", "count: 2, in: upload"],
    ["direct-xip-revert", "count: 3"],
    ["direct-xip-revert", "count: 2, in: revert"],
  ])("of %s passes from slot 1 to slot 0, too, with cuts: %s", async (mode, cuts) => {
    const outcome = await smallRun({ board: board(mode), scenario: scenario(`start: { slot: 1 }\ncuts: { ${cuts} }`) });
    expect(outcome.error).toBeUndefined();
    expect(outcome.result).toMatchObject({ outcome: "pass", failed: 0, cutsJudged: outcome.result.cutsPlanned });
    const active = eventsOf(outcome.events, "image-state").flatMap(({ images }) =>
      images.filter(({ flags }) => flags.includes("active")).map(({ slot, version }) => `${version} in ${slot}`),
    );
    expect(active).toEqual(expect.arrayContaining(["1.0.0 in 1", "2.0.0 in 0"]));
    expect(active.filter((text) => /1\.0\.0 in 0|2\.0\.0 in 1/.test(text))).toEqual([]);
  });

  test("from slot 1 is refused where only slot 0 runs", async () => {
    const file = scenario("start: { slot: 1 }\ncuts: { count: 1 }");
    await expect(smallRun({ board: smallProfile(), scenario: file })).rejects.toThrow(
      /start\.slot .*from slot 0 alone/,
    );
  });

  test.each<[Mode, string, string]>([
    ["direct-xip-revert", "no-revert", "count: 0"],
    ["direct-xip", "DZ-105028", "count: 1"],
    ["direct-xip-revert", "DZ-105028", "count: 1"],
    ["direct-xip-revert", "stale-image-list", "count: 1"],
  ])("of %s finds the fault %s", async (mode, fault, cuts) => {
    const outcome = await smallRun({ board: board(mode, fault), scenario: cutting(cuts), failFast: true });
    expect(outcome.result.outcome).toBe("fail");
  });

  test("finds a bootloader that runs what it has not checked", async () => {
    const file = scenario("cuts: { count: 0 }", ", damage: body");
    const good = await smallRun({ board: board("direct-xip"), scenario: file });
    expect([good.error, good.result.outcome]).toEqual([undefined, "pass"]);
    const bad = await smallRun({ board: board("direct-xip", "swap-unvalidated"), scenario: file });
    expect(bad.result.outcome).toBe("fail");
  });

  test.each([
    ["direct-xip", "cuts: { count: 1, in: request }", /cuts\.in .*no application can be asked/],
    ["direct-xip", "cuts: { count: 1, in: revert }", /cuts\.in .*nothing of this upgrade ever is/],
    ["direct-xip", "cuts: { count: 1 }\nrequest: permanent", /request .*no application can be asked/],
  ] as const)("of %s refuses %s", async (mode, text, wrong) => {
    const file = scenario(text);
    await expect(smallRun({ board: board(mode), scenario: file })).rejects.toThrow(wrong);
  });

  test("wants a flasher where nothing else brings the old image back, and images in clear", () => {
    expect(() => smallProfile(["swap-move", "direct-xip"])).toThrow(/images\.encryption .*must be none/);
  });
});
