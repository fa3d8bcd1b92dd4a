import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Bench, bench } from "mcuboot-hil/jest";

/** Real boards take their time; the twin needs none. */
const SUITE_MS = 600_000;

describe("an encrypted application upgrade", () => {
  let bed: Bench;

  beforeAll(async () => {
    bed = await bench({ seed: 11 });
  }, SUITE_MS);

  afterAll(async () => {
    await bed[Symbol.asyncDispose]();
  }, SUITE_MS);

  test(
    "runs after the swap, unconfirmed, with the old image as its fallback; confirming keeps it over resets",
    async () => {
      const old = bed.image({ version: "1.0.0" });
      const next = bed.image({ version: "1.1.0", bytes: 30_000 });
      await bed.start(old);
      await bed.upload(next);
      await bed.requestTest(next);
      await expect(bed).toHaveSlots({ 0: "1.0.0 active confirmed", 1: "1.1.0 pending" });
      await bed.reset();
      await expect(bed).toHaveSlots({ 0: "1.1.0 active", 1: "1.0.0 confirmed" });
      await bed.confirm();
      await expect(bed).toHaveSlots({ 0: "1.1.0 active confirmed", 1: "1.0.0" });
      await bed.reset();
      await bed.powerCycle();
      await expect(bed).toBeRunning("1.1.0");
    },
    SUITE_MS,
  );

  test(
    "that nobody confirms is reverted by the next reset, and the rejected image can be asked for again",
    async () => {
      const old = bed.image({ version: "2.0.0" });
      const next = bed.image({ version: "2.1.0" });
      await bed.start(old);
      await bed.upload(next);
      await bed.requestTest(next);
      await bed.reset();
      await expect(bed).toBeRunning("2.1.0");
      const seen = await bed.reset();
      expect(seen.lines.map((line) => line.text).join("\n")).toContain("Swap type: revert");
      await expect(bed).toHaveSlots({ 0: "2.0.0 active confirmed", 1: "2.1.0" });
      await bed.requestTest(next);
      await bed.reset();
      await expect(bed).toBeRunning("2.1.0");
    },
    SUITE_MS,
  );

  test(
    "is resumed after a power cut in mid-swap, and the fallback is intact",
    async () => {
      const old = bed.image({ version: "3.0.0" });
      const next = bed.image({ version: "3.1.0" });
      await bed.start(old);
      await bed.upload(next);
      await bed.requestTest(next);
      const { seen, facts } = await bed.resetAndCutOn(/Starting swap/, 900);
      expect(facts.lastByteUs).toBeLessThanOrEqual(facts.offSentUs);
      const log = seen.lines.map((line) => line.text).join("\n");
      expect(log).toContain("Boot source: primary slot");
      await expect(bed).toHaveSlots({ 0: "3.1.0 active", 1: "3.0.0 confirmed" });
      await bed.reset();
      await expect(bed).toHaveSlots({ 0: "3.0.0 active confirmed", 1: "3.1.0" });
    },
    SUITE_MS,
  );
});
