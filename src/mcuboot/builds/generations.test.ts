import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "../boot/run-boot.ts";
import { afterBoot, counted, cutAt, eachGeneration, requestedBoard, shown } from "../testing/small-board.ts";
import { GENERATIONS, generation, generationTitle } from "./generations.ts";
import { compareReleases, isWithin } from "./release.ts";

describe("bootloader generations", () => {
  test("swap using move does the same operations in all of them", () => {
    const all = eachGeneration((name) => counted(requestedBoard({ generation: name, encrypted: false })));
    expect(all).toEqual(["ncs-1.7 to current: 26 + 124"]);
  });

  test("R11: one cut between the last move and the first swapped sector bricks NCS 1.7 to 2.3; later ones are not", () => {
    // From the operations' order: the cut after the last move's status entry, and its two neighbours.
    const found = eachGeneration((name) => {
      const board = requestedBoard({ generation: name, encrypted: false });
      const cuts = [53, 54, 55].filter((cut) => outcomeOf(cutAt(board, cut), board.build).result.kind !== "run");
      return cuts.join();
    });
    expect(found).toEqual(["ncs-1.7 to ncs-2.3: 54", "ncs-2.4 to current: "]);
  });

  test("R19: before 2.2 (NCS 3.0) a torn magic at the start of a revert keeps the bad image for ever", () => {
    const magic = 3;
    const ends = eachGeneration((name) => {
      const board = afterBoot(requestedBoard({ generation: name }));
      return shown(outcomeOf(cutAt(board, magic, "head"), board.build)).slice(0, 10);
    });
    expect(ends).toEqual(["ncs-1.7 to ncs-2.8: run: 2.0.0", "ncs-3.0 to current: run: 1.0.0"]);
  });

  test("a refused image is erased by one call up to NCS 3.0, by one a sector since", () => {
    const erases = eachGeneration((name) => {
      const board = requestedBoard({ generation: name });
      board.flash.load((board.build.images[0]?.secondary.offset ?? 0) + 9_000, new Uint8Array(4));
      return outcomeOf(board.flash, board.build).operations;
    });
    expect(erases).toEqual(["ncs-1.7 to ncs-3.0: 1", "ncs-3.1 to current: 16"]);
  });

  test("downgrade prevention is in the swap modes from NCS 2.2 on", () => {
    const ends = eachGeneration((name) => {
      const board = requestedBoard({ generation: name, downgradePrevention: true, encrypted: false });
      // Version 9 of the image that runs: its hash is looked at after the decision.
      board.flash.load((board.build.images[0]?.primary.offset ?? 0) + 20, Uint8Array.of(9));
      const { log } = outcomeOf(board.flash, board.build);
      return log.find(({ text }) => text.includes("downgrade"))?.text ?? "-";
    });
    expect(ends).toEqual([
      "ncs-1.7 to ncs-2.0: -",
      "ncs-2.2 to 1.10.0: Image in slot 1 erased due to downgrade prevention",
      "ncs-2.5 to current: Image 0 in slot 1 erased due to downgrade prevention",
    ]);
  });

  test("an unknown name is refused with the nearest known one", () => {
    expect(() => generation("ncs-3.5")).toThrow('no MCUboot generation is named "ncs-3.5"');
    expect(compareReleases(generation("current").release, "2.4")).toBeGreaterThan(0);
  });

  test("are called by their SDK, or by MCUboot's own release", () => {
    expect(["ncs-2.8", "2.2.0", "current"].map((name) => generationTitle(generation(name)))).toEqual([
      "MCUboot of NCS 2.8 to 2.9",
      "MCUboot 2.2.0",
      "MCUboot after 2.4",
    ]);
  });

  test("there is one, and only one, for each release of nRF Connect SDK from 1.7 to 3.4.1", () => {
    const releases = ["1.7", "1.7.99", "1.8", "1.9", "2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7"] as const;
    const later = ["2.8", "2.9", "2.9.99", "3.0", "3.1", "3.2", "3.2.99", "3.3", "3.4", "3.4.99", "3.5"] as const;
    for (const release of [...releases, ...later]) {
      const rows = GENERATIONS.filter((row) => "sdk" in row && isWithin(release, row.sdk)).map(({ name }) => name);
      expect([release, rows.length]).toEqual([release, 1]);
    }
  });
});
