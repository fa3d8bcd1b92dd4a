import { expect, test } from "@jest/globals";
import { eventsOf, smallProfile, smallRun } from "./testing/small-campaign.ts";

test("a campaign whose cuts take the ports along passes: they are opened again after each", async () => {
  const { error, result, events } = await smallRun({ board: smallProfile(["cuts: soc", "cuts: board"]) });
  expect(error).toBeUndefined();
  expect(result).toMatchObject({ outcome: "pass", cutsPlanned: 4, cutsJudged: 4, failed: 0 });
  // What the bootloader said before the host had the port again is lost, and is no evidence that power stayed on.
  const firstBytes = eventsOf(events, "cut").map(({ facts }) => (facts.firstByteUs ?? 0) - facts.onSentUs);
  expect(firstBytes.every((us) => us > 1_000_000)).toBe(true);
});

test("a campaign whose profile forgets that they go ends with the port that vanished", async () => {
  const board = smallProfile(["cuts: soc", "cuts: board"], ["baud_rate: 1000000", "baud_rate: 1000000, reopen: false"]);
  const { error } = await smallRun({ board });
  expect(error).toMatchObject({ kind: "bench", message: expect.stringContaining("twin:app vanished") });
});
