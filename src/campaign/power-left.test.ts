import { describe, expect, test } from "@jest/globals";
import { badBench } from "../board/testing/bad-bench.ts";
import { BenchError, InterruptedError, isHilError } from "../core/index.ts";
import type { RunEvent } from "./record/run-event.ts";
import { eventsOf, smallProfile, smallRun, smallScenario } from "./testing/small-campaign.ts";

const exitOf = (error: unknown) => (isHilError(error) ? error.exitCode : undefined);
const LOST = "the relay does not take the command";

/** A campaign whose relay takes no command any more from a moment on. */
function runUntil(isOver: (event: RunEvent) => boolean) {
  let over = false;
  return smallRun({
    scenario: smallScenario(["count: 4", "count: 1"], ["revert_check: true", "revert_check: false"]),
    onEvent: (event) => {
      over ||= isOver(event);
    },
    open: badBench({
      toRelay: async (frame, forward) => {
        if (over) throw new BenchError(LOST, "");
        await forward(frame);
      },
    }),
  });
}

const warnings = (events: readonly RunEvent[]) => eventsOf(events, "warning").map(({ text }) => text);
const MAY_BE_OFF = expect.stringMatching(new RegExp(`^power may be off: .*${LOST}`));

describe("a switch that fails when the board is left", () => {
  test("ends a campaign that went well with the bench's failure, and says that power may be off", async () => {
    const outcome = await runUntil(({ event }) => event === "cut");
    expect(warnings(outcome.events)).toContainEqual(MAY_BE_OFF);
    expect([outcome.result.outcome, exitOf(outcome.error)]).toEqual(["error", 3]);
  });

  test("does not take the place of what had ended the campaign before, and is said all the same", async () => {
    const outcome = await runUntil(({ event }) => event === "plan");
    expect(warnings(outcome.events)).toContainEqual(MAY_BE_OFF);
    expect([outcome.result.outcome, exitOf(outcome.error)]).toEqual(["error", 3]);
    expect(eventsOf(outcome.events, "failure")).toHaveLength(1);
  });
});

describe("a board that its profile wants dark", () => {
  const LEAVE = ["cuts: soc }", "cuts: soc, leave: off }"] as const;
  const scenario = smallScenario(["count: 4", "count: 1"], ["revert_check: true", "revert_check: false"]);
  const lastPower = (events: readonly RunEvent[]) => eventsOf(events, "power").at(-1)?.state;

  test("is left without power by a campaign that passed, and the record says so", async () => {
    const outcome = await smallRun({ scenario, board: smallProfile(LEAVE) });
    expect(outcome.result).toMatchObject({ outcome: "pass", powerLeft: "off" });
    expect([lastPower(outcome.events), eventsOf(outcome.events, "left")]).toEqual(["off", [expect.anything()]]);
  });

  test("is left without power by one that was given up, without another moment of it", async () => {
    const gaveUp = new AbortController();
    const outcome = await smallRun({
      scenario,
      board: smallProfile(LEAVE),
      signal: gaveUp.signal,
      onEvent: ({ event }) => {
        if (event === "plan") gaveUp.abort(new InterruptedError("enough"));
      },
    });
    const states = eventsOf(outcome.events, "power").map(({ state }) => state);
    expect(outcome.result).toMatchObject({ outcome: "interrupted", powerLeft: "off" });
    expect(states.slice(-2)).toEqual(["on", "off"]);
    const [left] = eventsOf(outcome.events, "left");
    expect(eventsOf(outcome.events, "power").filter(({ atUs }) => atUs >= (left?.atUs ?? 0) - 1_000_000)).toHaveLength(
      1,
    );
  });

  test("keeps its power where the profile says nothing", async () => {
    const outcome = await smallRun({ scenario });
    expect(outcome.result.powerLeft).toBeUndefined();
    expect([lastPower(outcome.events), eventsOf(outcome.events, "left")]).toEqual(["on", []]);
  });
});
