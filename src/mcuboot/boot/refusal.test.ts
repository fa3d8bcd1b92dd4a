import { describe, expect, test } from "@jest/globals";
import type { BootMode } from "../builds/boot-mode.ts";
import { isOperation } from "../steps/steps.ts";
import { eachGeneration, requestedBoard, type SmallBoard, smallBoard } from "../testing/small-board.ts";
import { boot } from "./boot.ts";

/** Every log line of a boot and the number of operations that were done when it was printed. */
function linesAtOperations({ build, flash }: SmallBoard): string[] {
  const after = flash.snapshot();
  const lines: string[] = [];
  let done = 0;
  for (const step of boot(after, build)) {
    if (step.kind === "log") lines.push(`${done} ${step.text}`);
    if (!isOperation(step)) continue;
    after.apply(step);
    done += 1;
  }
  return [...lines, `${done} end`];
}

/** A board that is asked for an image with one wrong byte. */
function refusing(generation: string, mode: BootMode): SmallBoard {
  const board = requestedBoard({ generation, mode });
  const at = (board.build.images[0]?.secondary.offset ?? 0) + 9_000;
  board.flash.load(at, Uint8Array.of((board.flash.read(at, 1)[0] ?? 0) ^ 1));
  return board;
}

const NOT_VALID = "Image in the secondary slot is not valid!";

describe("the line about a refused image against the operations of the boot", () => {
  test.each(["move", "scratch", "overwrite"] as const)("%s: after the erase up to 2.3, before it since", (mode) => {
    const found = eachGeneration((name) => {
      const lines = linesAtOperations(refusing(name, mode));
      return `${lines.find((line) => line.endsWith(NOT_VALID))?.split(" ")[0]} of ${lines.at(-1)}`;
    });
    expect(found).toEqual(["ncs-1.7 to ncs-3.0: 1 of 1 end", "ncs-3.1 to 2.3.0: 16 of 16 end", "current: 0 of 16 end"]);
  });

  test("direct-XIP: an unfit primary slot is refused in the same order", () => {
    const found = ["2.1.0", "current"].map((generation) => {
      const board = smallBoard({ generation, mode: "direct-xip", encrypted: false });
      board.flash.load(9_000, new Uint8Array(4));
      board.flash.load((board.build.images[0]?.secondary.offset ?? 0) + 9_000, new Uint8Array(4));
      return linesAtOperations(board).filter((line) => line.includes("is not valid"));
    });
    expect(found).toEqual([
      ["1 Image in the secondary slot is not valid!", "2 Image in the primary slot is not valid!"],
      ["0 Image in the secondary slot is not valid!", "16 Image in the primary slot is not valid!"],
    ]);
  });

  test("other reasons to erase are told before they are acted on, on every release", () => {
    const found = eachGeneration((name) => {
      const board = requestedBoard({ generation: name, downgradePrevention: true, encrypted: false });
      const [areas] = board.build.images;
      // Version 9 of the image that runs: no hash is looked at before the versions are compared.
      board.flash.load((areas?.primary.offset ?? 0) + 20, Uint8Array.of(9));
      const line = linesAtOperations(board).find((text) => text.includes("downgrade prevention"));
      return line?.split(" ")[0] ?? "no such check";
    });
    expect(found).toEqual(["ncs-1.7 to ncs-2.0: no such check", "ncs-2.2 to current: 0"]);
  });
});
