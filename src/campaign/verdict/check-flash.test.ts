import { expect, test } from "@jest/globals";
import { Random, VirtualClock } from "../../core/index.ts";
import { FlashContent } from "../../mcuboot/index.ts";
import { buildMaterial } from "../request/material.ts";
import { boot, outcomeOf, shown } from "../testing/shown-boots.ts";
import { smallProfile, smallScenario } from "../testing/small-campaign.ts";
import { checkFlash } from "./check-flash.ts";
import { weigh } from "./weigh.ts";

async function build() {
  const bench = { scenario: smallScenario(), board: smallProfile() };
  const { expected } = await buildMaterial(bench, { clock: new VirtualClock() }, Random.fromSeed(1));
  return expected;
}

test("a board with the right slots and one wrong byte in its flash is no pass, and the byte is named", async () => {
  const { build: bootloader, flash } = await build();
  const outcomes = [outcomeOf(undefined, { flash })];
  const evidence = (content: FlashContent) => ({ flash: { content, build: bootloader } });
  expect(checkFlash(shown(evidence(flash.snapshot()), outcomes), { outcomes })).toBeUndefined();
  const real = flash.snapshot();
  const { primary } = bootloader.images[0] ?? { primary: { offset: 0 } };
  const at = primary.offset + 2 * bootloader.sectorBytes;
  real.load(at, Uint8Array.of(0));
  const because = `the flash differs from MCUboot's in slot 0, sector 2, byte 0x${at.toString(16)}: 0x00 instead of 0xff`;
  expect(checkFlash(shown(evidence(real), outcomes), { outcomes })).toEqual({ ending: "wrong slots", because });
});

test("of outcomes that list the same slots, the one whose flash the board holds is the one that was met", async () => {
  const { build: bootloader, flash } = await build();
  const other = flash.snapshot();
  other.load(bootloader.images[0]?.secondary.offset ?? 0, Uint8Array.of(1));
  const outcomes = [outcomeOf(undefined, { flash }), outcomeOf(undefined, { flash: other, ending: "resumed" })];
  const found = weigh(boot({ flash: { content: other.snapshot(), build: bootloader } }), { outcomes });
  expect([found.pass, found.matched]).toEqual([true, outcomes[1]]);
});

test("a board whose flash cannot be read is not held to it", () => {
  expect(
    checkFlash(shown({}), { outcomes: [outcomeOf(undefined, { flash: FlashContent.erased(8192) })] }),
  ).toBeUndefined();
});
