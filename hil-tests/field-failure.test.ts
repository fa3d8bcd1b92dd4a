import { describe, expect, test } from "@jest/globals";
import { bench } from "mcuboot-hil/jest";

const SUITE_MS = 120_000;

describe("the failure from the field: an encrypted application on nRF Connect SDK 1.7.1", () => {
  test(
    "comes back on every reset until the slot is written anew, and costs a second each time",
    async () => {
      await using bed = await bench({ board: "twin-ncs171", seed: 5 });
      const next = bed.image({ version: "1.0.1" });
      await bed.upload(next);
      await bed.requestTest(next);
      for (let reset = 0; reset < 3; reset += 1) {
        const { lines } = await bed.reset();
        const at = (text: string) => lines.find((line) => line.text.includes(text))?.atUs ?? Number.NaN;
        expect(at("Network core update failed") - at("Turned on network core")).toBeGreaterThanOrEqual(1_000_000);
      }
      await expect(bed).toHaveSlots({ 0: "0.1.0 active confirmed", 1: "1.0.1 pending" });
      const net = bed.board.logs.net?.since(0).map((line) => line.text) ?? [];
      expect(net.filter((text) => text.startsWith("Unable to find valid firmware inside 0x80200"))).toHaveLength(3);
    },
    SUITE_MS,
  );
});
