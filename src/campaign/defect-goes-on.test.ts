import { expect, test } from "@jest/globals";
import { subjectText } from "./record/subject.ts";
import { type Edit, eventsOf, smallProfile, smallRun, smallScenario } from "./testing/small-campaign.ts";

/** The old image is longer than the new one by more than a sector: MCUboot's swap using offset has U1 then. */
const SHORTER: readonly Edit[] = [
  ["generate_bytes: 6000", "generate_bytes: 15000"],
  ["generate_bytes: 9000 } }", "generate_bytes: 3000 } }\n  encrypt: false"],
  ["cuts: { count: 4 }", "start: { flash_each: true }\ncuts: { every: erase }\nboots_after: 1"],
  ["revert_check: true", "revert_check: false"],
];

test("every erase of a swap is cut once, and the boot after a known defect says what it came to", async () => {
  const scenario = smallScenario(...SHORTER);
  const board = smallProfile(["mode: swap-move", "mode: swap-offset"]);
  const { events, result } = await smallRun({ scenario, board });
  const [plan] = eventsOf(events, "plan");
  expect(plan?.cuts).toHaveLength(8);
  const verdicts = eventsOf(events, "verdict").map((event) => event.verdict);
  const failed = verdicts.filter(({ pass }) => !pass);
  expect(failed.map(({ subject }) => subjectText(subject))).toEqual(["cut 8", "boot 1 after cut 8"]);
  expect(failed[0]?.because).toMatch(/^known defect U1: /);
  expect(failed[1]?.because).toBe(
    'known defect U1 goes on: "Image in the secondary slot is not valid!", so an image that nobody confirmed cannot be taken back',
  );
  expect(result).toMatchObject({ outcome: "fail", failed: 2 });
});
