import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "../boot/run-boot.ts";
import { afterBoot, counted, cutAt, requestedBoard, shown } from "../testing/small-board.ts";
import { GENERATIONS, generation } from "./generations.ts";
import { compareReleases } from "./release.ts";

describe("bootloader generations", () => {
  test("swap using move does the same operations in all of them", () => {
    const all = GENERATIONS.map((row) => counted(requestedBoard({ generation: row.name, encrypted: false })));
    expect(new Set(all)).toEqual(new Set(["26 + 124"]));
  });

  test("R11: NCS 1.7 is bricked by a cut between the last move and the first swapped sector; later ones are not", () => {
    const ends = GENERATIONS.map((row) => {
      const board = requestedBoard({ generation: row.name, encrypted: false });
      const { operations } = outcomeOf(board.flash, board.build);
      const dead = Array.from({ length: operations }, (_, cut) => outcomeOf(cutAt(board, cut), board.build)).filter(
        ({ result }) => result.kind !== "run",
      );
      return `${row.name} ${dead.length}`;
    });
    expect(ends).toEqual(["ncs-1.7 1", "1.10.0 0", "2.1.0 0", "2.2.0 0", "2.3.0 0", "current 0"]);
  });

  test("R19: before 2.2 a torn magic at the start of a revert keeps the bad image for ever", () => {
    const magic = 3;
    const ends = GENERATIONS.map((row) => {
      const board = afterBoot(requestedBoard({ generation: row.name }));
      return shown(outcomeOf(cutAt(board, magic, "head"), board.build)).slice(0, 10);
    });
    expect(ends).toEqual(["run: 2.0.0", "run: 2.0.0", "run: 2.0.0", "run: 1.0.0", "run: 1.0.0", "run: 1.0.0"]);
  });

  test("a refused image is erased by one call before 2.2, by one a sector since", () => {
    const erases = GENERATIONS.map((row) => {
      const board = requestedBoard({ generation: row.name });
      board.flash.load((board.build.images[0]?.secondary.offset ?? 0) + 9_000, new Uint8Array(4));
      return outcomeOf(board.flash, board.build).operations;
    });
    expect(erases).toEqual([1, 1, 1, 16, 16, 16]);
  });

  test("an unknown name is refused with the nearest known one", () => {
    expect(() => generation("ncs-1.8")).toThrow('no MCUboot generation is named "ncs-1.8"');
    expect(compareReleases(generation("current").release, "2.4")).toBeGreaterThan(0);
  });
});
