import { describe, expect, test } from "@jest/globals";
import { explain, explainFlash, factsOfLog, typeOfFlags } from "./explain.ts";
import { nextSwapType, slotFlags } from "./image-state.ts";
import { outcomeOf } from "./run-boot.ts";
import { afterBoot, cutAt, requestedBoard, smallBoard, smallBuild } from "./testing/small-board.ts";

const logOf = (flash: Parameters<typeof outcomeOf>[0], build: Parameters<typeof outcomeOf>[1]): readonly string[] =>
  outcomeOf(flash, build).log.map((line) => line.text);

describe("what MCUboot will do next", () => {
  test.each([
    ["nothing asked for", () => smallBoard(), "validates slot 0 and, if it is fit, runs it"],
    ["a test asked for", () => requestedBoard(), "swaps it in for a test"],
    ["a permanent upgrade asked for", () => requestedBoard({}, true), "swaps it in for good"],
    ["an image on trial", () => afterBoot(requestedBoard()), "swaps the two images back"],
    [
      "a swap cut in the middle",
      () => ({ ...requestedBoard(), flash: cutAt(requestedBoard(), 60) }),
      "goes on with the swap",
    ],
  ] as const)("flash and log tell the same: %s", (_, board, expected) => {
    const { flash, build } = board();
    const { next } = explainFlash(flash, build).explanation;
    expect(next).toContain(expected);
    const facts = factsOfLog(logOf(flash, build), build);
    expect(facts && explain(facts).next).toBe(next);
  });

  test("the flags of an image list mean the swap type that made them", () => {
    const boards = [smallBoard(), requestedBoard(), requestedBoard({}, true), afterBoot(requestedBoard())];
    const told = boards.map(({ flash, build }) => typeOfFlags(...slotFlags(flash, build, 0)));
    expect(told).toEqual(boards.map(({ flash, build }) => nextSwapType(flash, build, 0)));
  });

  test("a row of the swap table and its source are named", () => {
    const { flash, build } = requestedBoard();
    const { because, source } = explainFlash(flash, build).explanation;
    expect(because).toContain("row 1 of the swap table: test");
    expect(source).toContain("loader.c");
  });

  test("the banner of the application that follows a boot does not end what the boot said", () => {
    const { flash, build } = afterBoot(requestedBoard());
    const facts = factsOfLog([...logOf(flash, build), "*** Booting Zephyr OS build v4.1.99 ***"], build);
    expect(facts?.type).toBe("revert");
  });

  test("a log without a line of the bootloader explains nothing", () => {
    expect(factsOfLog(["[00:00:01] app: hello"], smallBuild())).toBeUndefined();
  });
});
