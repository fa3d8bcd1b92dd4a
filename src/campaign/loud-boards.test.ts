import { describe, expect, test } from "@jest/globals";
import { loudBoard, loudRun, VOICES, wrongWithGood } from "./testing/loud-boards.ts";
import { eventsOf } from "./testing/small-campaign.ts";

/** `npx tsx scripts/nightly/loud-boards.ts` runs 200 of them. */
const SEEDS = [1, 3, 4, 5, 7];
const SUITE_MS = 120_000;

describe("a good board that logs, or says nothing", () => {
  test.each(SEEDS.map(loudBoard))(
    "passes: $voice.name, $bytesPerS bytes/s at $baudRate baud",
    async (board) => {
      expect(await wrongWithGood(board)).toBeUndefined();
    },
    SUITE_MS,
  );

  test(
    "is judged only after a boot was seen, and the record says what showed it",
    async () => {
      const kinds = [];
      for (const voice of VOICES) {
        const { events } = await loudRun({ seed: 3, voice, bytesPerS: 2000, baudRate: 1_000_000 });
        kinds.push([...new Set(eventsOf(events, "boot-seen").map(({ evidence }) => evidence))].toSorted());
      }
      expect(kinds).toEqual([["banner"], ["banner"], ["power", "slots"], ["banner"], ["power", "slots"]]);
    },
    SUITE_MS,
  );
});
