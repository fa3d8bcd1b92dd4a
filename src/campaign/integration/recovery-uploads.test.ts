import { describe, expect, test } from "@jest/globals";
import { type BadBench, badBench } from "../../board/testing/bad-bench.ts";
import { parseScenario } from "../request/scenario.ts";
import { type Edit, eventsOf, smallProfile, smallRun } from "../testing/small-campaign.ts";

const SECONDARY: Edit = [/ {2}secondary: .*\n/, ""];
const bootloader = (text: string): Edit => ["mode: swap-move", text];
const enter = (text: string): Edit => ["slots:", `recovery: { ${text} }\nslots:`];
const BUTTON = 'enter: button, press: { driver: lcus, port: { path: "twin:relay" }, channel: 2, contact: NO }';

/** A board with one slot, by the ways into serial recovery that it is built with. */
const single = (recovery = "button, no-application", way = BUTTON, more = "", ...edits: readonly Edit[]) =>
  smallProfile(bootloader(`mode: single-slot, recovery: [${recovery}]${more}`), SECONDARY, enter(way), ...edits);
/** One with two. */
const pair = (mode: string, recovery: string, way: string) =>
  smallProfile(bootloader(`mode: ${mode}, recovery: [${recovery}]`), enter(way));

const scenario = (rest: string, encrypt = false) =>
  parseScenario(
    `schema: 1
name: in recovery
images:
  old: { version: "1.0.0", payload: { generate_bytes: 6000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }
  encrypt: ${encrypt}
${rest}
`,
    "/tmp/in-recovery.yaml",
  );
const RAW: Edit = ["baud_rate: 1000000 }", "baud_rate: 1000000, framing: raw }"];
const UPLOADS = "upload: serial-recovery\n";

const passed = (outcome: Awaited<ReturnType<typeof smallRun>>) => {
  expect(outcome.error).toBeUndefined();
  expect(outcome.result).toMatchObject({ outcome: "pass", failed: 0, cutsJudged: outcome.result.cutsPlanned });
  return outcome.result;
};

describe("a campaign of uploads in serial recovery", () => {
  test.each([
    ["a single slot", single(), "cuts: { count: 6 }"],
    ["a single slot, at every operation", single(), "cuts: { every: operation }"],
    ["a single slot, at bytes", single(), "cuts: { in: upload, on: [{ upload_bytes: 5000, delay_ms: 3 }] }"],
    ["a single slot, at a time", single(), "cuts: { at_ms: [1, 90, 400] }"],
    ["a single slot, inside operations", single(), "cuts: { operations: [[0.5], [2.5], [4]] }"],
    ["a single slot, by the pin", single("pin-reset", BUTTON.replace("button", "pin-reset")), "cuts: { count: 3 }"],
    ["a single slot that waits", single("wait", "enter: wait"), "cuts: { count: 4 }"],
    ["a single slot, by boot mode", single("boot-mode, no-application", "enter: boot-mode"), "cuts: { count: 4 }"],
    [
      "a single slot, in packets without frames",
      single("button, no-application", BUTTON, "", RAW),
      "cuts: { count: 3 }",
    ],
    ["two slots that are swapped", pair("swap-move", "wait", "enter: wait"), `${UPLOADS}cuts: { count: 4 }`],
    ["swap using offset", pair("swap-offset", "button", BUTTON), `${UPLOADS}cuts: { count: 4 }`],
    ["two slots by overwriting", pair("overwrite-only", "button", BUTTON), `${UPLOADS}cuts: { every: erase }`],
  ])("into %s passes", async (_, board, rest) => {
    const { endings, cutsJudged } = passed(await smallRun({ board, scenario: scenario(rest) }));
    expect(cutsJudged).toBeGreaterThan(0);
    expect(
      Object.keys(endings).every((name) => ["kept", "upgraded", "in recovery", "nothing to boot"].includes(name)),
    ).toBe(true);
  });

  test("cuts the decryption of an encrypted image, too, after which neither image is there", async () => {
    const outcome = await smallRun({ board: single(), scenario: scenario("cuts: { every: operation }", true) });
    passed(outcome);
    const cuts = eventsOf(outcome.events, "verdict").filter(({ verdict }) => verdict.subject.kind === "cut");
    const decrypting = cuts.filter(({ verdict }) => verdict.swapPhase === "decrypt");
    expect(decrypting.length).toBeGreaterThan(3);
    expect(decrypting.filter(({ verdict }) => verdict.ending !== "in recovery").length).toBeLessThan(2);
  });

  test("brings the image by another upload after each cut, and goes to and fro", async () => {
    const outcome = await smallRun({ board: single(), scenario: scenario("cuts: { count: 3 }") });
    passed(outcome);
    const told = eventsOf(outcome.events, "verdict").map(({ verdict: { subject, from, to } }) => {
      return `${subject.kind} ${from} to ${to}`;
    });
    expect(told).toEqual([
      "upgrade 1.0.0 to 2.0.0",
      "cut 2.0.0 to 1.0.0",
      "upload again 2.0.0 to 1.0.0",
      "cut 1.0.0 to 2.0.0",
      "upload again 1.0.0 to 2.0.0",
      "cut 2.0.0 to 1.0.0",
      "upload again 2.0.0 to 1.0.0",
    ]);
  });

  test.each([
    ["old", "1.0.0 to 2.0.0"],
    ["new", "2.0.0 to 1.0.0"],
  ] as const)("makes a replayed cut where the %s image runs", async (startWith, direction) => {
    const cuts = [{ index: 7, kind: "time", afterResetUs: 200_000 }] as const;
    const outcome = await smallRun({ board: single(), scenario: scenario("cuts: { count: 3 }"), cuts, startWith });
    passed(outcome);
    const [cut] = eventsOf(outcome.events, "verdict").filter(({ verdict }) => verdict.subject.kind === "cut");
    expect(cut?.verdict).toMatchObject({ subject: { in: "upload", index: 7 }, ending: "in recovery" });
    expect(`${cut?.verdict.from} to ${cut?.verdict.to}`).toBe(direction);
  });

  test("makes no cut but the one that is asked for, also where the scenario cuts at every operation", async () => {
    const cuts = [{ index: 3, kind: "operation", operation: 2 }] as const;
    const outcome = await smallRun({ board: single(), scenario: scenario("cuts: { every: operation }"), cuts });
    expect(passed(outcome)).toMatchObject({ cutsPlanned: 1, cutsJudged: 1 });
    expect(eventsOf(outcome.events, "plan")).toMatchObject([{ cuts: [{ index: 3 }] }]);
  });

  test("calls no cut void that has its verdict when the bench breaks in the upload after it", async () => {
    let bench: BadBench | undefined;
    let [isJudged, isBroken] = [false, false];
    const { events, error } = await smallRun({
      board: single(),
      scenario: scenario("cuts: { count: 3 }"),
      open: badBench({}, (opened) => {
        bench = opened;
      }),
      onEvent: (event) => {
        isJudged ||= event.event === "verdict" && event.verdict.subject.kind === "cut";
        if (isBroken || !isJudged || event.event !== "reset") return;
        isBroken = true;
        bench?.clock.suspend(3000, "stopped");
      },
    });
    expect([isBroken, String(error)]).toEqual([true, expect.stringMatching(/host/)]);
    expect(eventsOf(events, "verdict").at(-1)?.verdict.subject).toMatchObject({ kind: "cut", index: 1 });
    expect(eventsOf(events, "cut-void")).toEqual([]);
  });

  test("calls a cut void when the port goes before its verdict: the record says which cut has none", async () => {
    let bench: BadBench | undefined;
    const { events, error, result } = await smallRun({
      board: single(),
      scenario: scenario("cuts: { count: 3 }"),
      open: badBench({}, (opened) => {
        bench = opened;
      }),
      onEvent: (event) => {
        if (event.event === "cut") bench?.app.vanish();
      },
    });
    expect([result.outcome, String(error)]).toEqual(["error", expect.stringMatching(/vanished/)]);
    expect(eventsOf(events, "cut-void")).toMatchObject([{ index: 1, again: false }]);
    expect(result.cutsJudged).toBe(0);
  });

  test("writes the same record for the same seed", async () => {
    const run = () => smallRun({ board: single(), scenario: scenario("cuts: { count: 3 }"), seed: 9 });
    const [first, second] = [await run(), await run()];
    expect(JSON.stringify(first.events)).toBe(JSON.stringify(second.events));
  });

  test("finds a bootloader that starts what it has not checked", async () => {
    const board = single(undefined, undefined, undefined, ["faults: []", "faults: [swap-unvalidated]"]);
    const { result, events } = await smallRun({ board, scenario: scenario("cuts: { count: 6 }") });
    expect(result.outcome).toBe("fail");
    expect(result.endings["half an image"]).toBeGreaterThan(2);
    const [first] = eventsOf(events, "verdict").filter(({ verdict }) => !verdict.pass);
    expect(first?.verdict.expected).toContain("serial recovery waits for an image");
  });

  test("finds a serial recovery that answers for what it does not write", async () => {
    const board = single(undefined, undefined, undefined, ["faults: []", "faults: [recovery-loses-chunk]"]);
    const { result, events } = await smallRun({ board, scenario: scenario("cuts: { count: 1 }") });
    expect(result.outcome).toBe("fail");
    expect(eventsOf(events, "verdict").at(-1)?.verdict).toMatchObject({
      subject: { kind: "upgrade" },
      ending: "no boot",
    });
  });

  test("fails a build that validates once: its mark of the image before vouches for half of the next", async () => {
    const board = single(undefined, undefined, ", validate_primary: false, validate_once: true");
    const { result, events } = await smallRun({ board, scenario: scenario("cuts: { count: 6 }"), failFast: true });
    expect(result.outcome).toBe("fail");
    const [failed] = eventsOf(events, "verdict").filter(({ verdict }) => !verdict.pass);
    expect(failed?.verdict).toMatchObject({
      ending: "half an image",
      because: expect.stringContaining("CONFIG_BOOT_VALIDATE_SLOT0_ONCE"),
    });
  });

  test.each([
    [
      "an operation that the upload does not come to",
      "cuts: { operations: [[3], [400]] }",
      single(),
      /cut 2 is at flash operation 400; this upload has \d+/,
    ],
  ])("says before the first cut of %s", async (_, rest, board, said) => {
    const { error, result } = await smallRun({ board, scenario: scenario(rest) });
    expect([String(error), result.cutsJudged]).toEqual([expect.stringMatching(said), 0]);
  });

  test.each([
    ["no way in", smallProfile(bootloader("mode: single-slot"), SECONDARY), "", /upload .*no way into it/],
    [
      "only an image that does not boot as a way in",
      single("no-application", "enter: no-application"),
      "",
      /upload .*no way/,
    ],
    ["boot mode without anything to do after a cut", single("boot-mode", "enter: boot-mode"), "", /upload .*no way/],
    ["a revert", single(), "revert_check: true", /revert_check .*no meaning/],
    ["cuts of an upgrade", single(), "cuts: { count: 1, in: upgrade }", /cuts\.in .*no meaning/],
    ["pairs", single(), "cuts: { pairs: 1 }", /cuts\.pairs .*no meaning/],
    ["an image for good", single(), "request: permanent", /request .*no meaning/],
    ["an image to be refused", single(), "expect: refused", /expect .*no meaning/],
    ["the application as the taker", single(), "upload: application", /upload .*its application cannot write/],
  ] as const)("refuses %s", async (_, board, rest, said) => {
    await expect(smallRun({ board, scenario: scenario(rest) })).rejects.toThrow(said);
  });
});

describe("a board that waits for requests", () => {
  test("is not kept in serial recovery by who watches it: a swap with cuts passes", async () => {
    const board = smallProfile(bootloader("mode: swap-move, recovery: [wait]"));
    passed(await smallRun({ board }));
  });
});
