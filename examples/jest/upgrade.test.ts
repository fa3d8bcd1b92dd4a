import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { bench } from "mcuboot-hil/jest";

// The firmware of this product. Without these variables a payload is made up, which the twin boots as it would any other.
const firmware = (name: "OLD_FIRMWARE" | "NEW_FIRMWARE") => {
  const file = process.env[name];
  return file === undefined ? { bytes: 60_000 } : { payload: readFileSync(file) };
};

describe("an upgrade from 1.0.0 to 1.1.0", () => {
  test("runs for one boot, and for good once it is confirmed", async () => {
    await using bed = await bench();
    await bed.start(bed.image({ version: "1.0.0", ...firmware("OLD_FIRMWARE") }));
    const next = bed.image({ version: "1.1.0", ...firmware("NEW_FIRMWARE") });
    await bed.upload(next);
    await bed.requestTest(next);
    await bed.reset();
    await expect(bed).toBeRunning("1.1.0");
    await bed.confirm();
    await bed.reset();
    await expect(bed).toHaveSlots({ 0: "1.1.0 active confirmed", 1: "1.0.0" });
  });

  test("that nobody confirms is taken back", async () => {
    await using bed = await bench();
    await bed.start(bed.image({ version: "1.0.0", ...firmware("OLD_FIRMWARE") }));
    const next = bed.image({ version: "1.1.0", ...firmware("NEW_FIRMWARE") });
    await bed.upload(next);
    await bed.requestTest(next);
    await bed.reset();
    await bed.reset();
    await expect(bed).toBeRunning("1.0.0");
  });

  test.each([100, 900, 2500])("survives a loss of power %i ms into the swap", async (delayMs) => {
    await using bed = await bench();
    await bed.start(bed.image({ version: "1.0.0", ...firmware("OLD_FIRMWARE") }));
    const next = bed.image({ version: "1.1.0", ...firmware("NEW_FIRMWARE") });
    await bed.upload(next);
    await bed.requestTest(next);
    await bed.resetAndCutOn(/Starting swap/, delayMs);
    await expect(bed).toBeRunning("1.1.0");
  });
});
