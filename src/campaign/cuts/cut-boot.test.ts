import { describe, expect, test } from "@jest/globals";
import { openBoard } from "../../board/index.ts";
import { Random } from "../../core/index.ts";
import { RecordedBoard } from "../bench/recorded-board.ts";
import { StartingPoint } from "../bench/starting-point.ts";
import type { CutIn } from "../record/cut-moment.ts";
import { buildMaterial } from "../request/material.ts";
import { smallProfile, smallScenario } from "../testing/small-campaign.ts";
import { smallTrial } from "../testing/small-trial.ts";
import { cutUpgrade } from "./cut-boot.ts";
import { referenceUpgrade } from "./upgrade.ts";

const AFTER_SWAP: CutIn<"boot"> = {
  index: 1,
  kind: "log",
  pattern: "Jumping to the first image slot",
  delayUs: 2_000,
};

/** An upgrade cut after its swap, on a host that took the reference swap for `factor` times as long as it was. */
async function cutAfterSwap(factor: number) {
  const loaded = smallProfile();
  const random = Random.fromSeed(1);
  await using board = await openBoard(loaded, { random });
  const { images, expected } = await buildMaterial({ scenario: smallScenario(), board: loaded }, board, random);
  const recorded = new RecordedBoard(board, { event: () => undefined }, new AbortController().signal);
  const direction = { from: images.old, to: images.new };
  const trial = smallTrial(recorded, expected);
  const preparation = new StartingPoint(trial, images);
  await preparation.wake();
  await preparation.baseline();
  const { reference } = await referenceUpgrade(trial, direction);
  if (reference === undefined) throw new Error("the reference upgrade failed");
  await preparation.reflash();
  const slow = { ...reference, scale: reference.scale * factor };
  return await cutUpgrade(trial, direction, AFTER_SWAP, slow);
}

describe("a cut after the bootloader said that it starts the application", () => {
  test.each([1, 2, 5])("is one after the swap, also when the reference swap ran %i times slower", async (factor) => {
    const { verdict } = await cutAfterSwap(factor);
    expect(verdict).toMatchObject({ pass: true, where: "after the swap's last write", ending: "reverted" });
  });
});
