import { describe, expect, test } from "@jest/globals";
import { runRandomCampaign } from "./testing/random-campaign.ts";

const SUITE_MS = 300_000;
/** `npx tsx scripts/nightly/random-campaigns.ts` runs 5,000 of them. */
const CAMPAIGNS = 40;
const BATCH = 10;

describe("random campaigns on the twin", () => {
  for (let first = 1; first <= CAMPAIGNS; first += BATCH) {
    const seeds = Array.from({ length: BATCH }, (_, order) => first + order);
    test(
      `agree with the judge in every verdict, seeds ${first} to ${first + BATCH - 1}`,
      async () => {
        let verdicts = 0;
        for (const seed of seeds) {
          const end = await runRandomCampaign(seed);
          expect({ seed, title: end.title, disagreements: end.disagreements }).toMatchObject({ disagreements: [] });
          verdicts += end.verdicts;
        }
        expect(verdicts).toBeGreaterThan(2 * BATCH);
      },
      SUITE_MS,
    );
  }
});
