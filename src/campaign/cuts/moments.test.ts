import { expect, test } from "@jest/globals";
import { Random, VirtualClock } from "../../core/index.ts";
import { buildMaterial } from "../request/material.ts";
import { smallProfile, smallScenario } from "../testing/small-campaign.ts";
import { momentLeft } from "../verdict/real-flash.ts";
import { momentOf } from "./moments.ts";

/** Whole microseconds are what a planned moment has. */
const inside = (us: number | undefined, fromUs: number, toUs: number) =>
  us !== undefined && Math.round(us) >= Math.round(fromUs) && Math.round(us) <= Math.round(toUs);

test("the moment of a cut, worked out from what it left, is the moment that the cut was placed at", async () => {
  const bench = { scenario: smallScenario(), board: smallProfile() };
  const { images, expected } = await buildMaterial(bench, { clock: new VirtualClock() }, Random.fromSeed(1));
  expected.place(images.old, images.new);
  expected.requestTest();
  const { build, timing } = expected;
  const plan = expected.timeline();
  const flash = expected.flash.snapshot();
  const before = expected.flash;
  const told = new Set<string>();
  let places = 0;
  let changedUs = 0;
  for (const { index, operation, startUs, durationUs } of plan.operations) {
    const words = operation.kind === "write" ? operation.data.length / timing.wordBytes : 1;
    const left = flash.snapshot();
    for (let word = 0; word < words; word += 1) {
      // A word that changes nothing leaves what was there: its moment is that of the first that leaves the same.
      const isNew = !told.has(left.identity());
      told.add(left.identity());
      // Of a page's thousand words every hundredth, and the last.
      if (isNew && (words < 100 || word % 100 < 2 || word === words - 1)) {
        const moment = momentOf({ flash: before, build, timing, baudRate: 1_000_000 }, index + word / words);
        const atUs = momentLeft(before, plan, timing, left);
        const placedUs = moment?.intoSwapUs ?? Number.NaN;
        // Before an operation nothing changes while the bootloader computes: any moment of that is the same.
        const sinceUs = word === 0 ? changedUs : placedUs;
        expect({ index, word, isSame: inside(atUs, sinceUs, placedUs) }).toEqual({ index, word, isSame: true });
        places += 1;
      }
      if (operation.kind !== "write") continue;
      const at = word * timing.wordBytes;
      const data = operation.data.subarray(at, at + timing.wordBytes);
      left.apply({ kind: "write", offset: operation.offset + at, data });
    }
    flash.apply(operation);
    changedUs = startUs + durationUs;
  }
  expect(places).toBeGreaterThan(plan.operations.length);
});
