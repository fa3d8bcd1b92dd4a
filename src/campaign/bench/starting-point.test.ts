import { describe, expect, test } from "@jest/globals";
import { type Board, openBoard } from "../../board/index.ts";
import { Random } from "../../core/index.ts";
import type { RunEvent } from "../record/run-event.ts";
import { buildMaterial } from "../request/material.ts";
import { eventsOf, smallProfile, smallScenario } from "../testing/small-campaign.ts";
import { smallTrial } from "../testing/small-trial.ts";
import { RecordedBoard } from "./recorded-board.ts";
import { StartingPoint } from "./starting-point.ts";

const BOOT_MS = 20_000;

/** A twin that runs its factory image and has no flasher, and the images of a campaign. */
async function bench() {
  const loaded = smallProfile();
  const random = Random.fromSeed(1);
  const twin = await openBoard(loaded, { random });
  const { flasher: _, ...rest } = twin;
  const board: Board = { ...rest, [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose]() };
  const { images, expected } = await buildMaterial({ scenario: smallScenario(), board: loaded }, board, random);
  const events: RunEvent[] = [];
  const recorded = new RecordedBoard(board, { event: (event) => events.push(event) }, new AbortController().signal);
  await recorded.untilUp(0, BOOT_MS);
  return {
    recorded,
    images,
    how: () => eventsOf(events, "baseline").map(({ how }) => how),
    baseline: () => new StartingPoint(smallTrial(recorded, expected), images).baseline(),
    slots: async () =>
      (await recorded.imageState()).map(({ version, flags }) => `${version} ${flags.join(" ")}`.trim()),
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
}

describe("the baseline of a board without a flasher", () => {
  test("is uploaded and confirmed where another image runs", async () => {
    await using bed = await bench();
    await bed.baseline();
    expect(bed.how()).toEqual(["uploaded"]);
    expect(await bed.slots()).toEqual(["1.0.0 active confirmed", "0.1.0"]);
  });

  test("is confirmed where an earlier run died before that", async () => {
    await using bed = await bench();
    await bed.recorded.upload(bed.images.old);
    await bed.recorded.requestTest(bed.images.old);
    await bed.recorded.untilUp(await bed.recorded.reset(), BOOT_MS);
    await bed.baseline();
    expect(bed.how()).toEqual(["already running"]);
    expect(await bed.slots()).toEqual(["1.0.0 active confirmed", "0.1.0"]);
  });

  test("is swapped in where an earlier run died between its request and the reset", async () => {
    await using bed = await bench();
    await bed.recorded.upload(bed.images.old);
    await bed.recorded.requestTest(bed.images.old);
    await bed.baseline();
    expect(bed.how()).toEqual(["already running"]);
    expect(await bed.slots()).toEqual(["1.0.0 active confirmed", "0.1.0"]);
  });

  test("takes the place of the new image where that was to come, or runs unconfirmed", async () => {
    for (const restarts of [false, true]) {
      await using bed = await bench();
      await bed.recorded.upload(bed.images.new);
      await bed.recorded.requestTest(bed.images.new);
      if (restarts) await bed.recorded.untilUp(await bed.recorded.reset(), BOOT_MS);
      await bed.baseline();
      expect(bed.how()).toEqual(["uploaded"]);
      expect(await bed.slots()).toEqual(["1.0.0 active confirmed", "2.0.0"]);
    }
  });
});
