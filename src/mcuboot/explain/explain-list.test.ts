import { describe, expect, test } from "@jest/globals";
import { imageListOf, nextSwapType, slotFlags } from "../boot/image-state.ts";
import { actuallyDoes } from "../testing/recorded-boots.ts";
import { afterBoot, requestedBoard, type SmallBoard, smallBoard, smallBuild } from "../testing/small-board.ts";
import { explainList, type ListedSlot, typeOfFlags } from "./index.ts";

const build = smallBuild();
const told = (entries: readonly ListedSlot[], of = build) => explainList(entries, of)[0];
const slot = (number: number, flags: Partial<ListedSlot> = {}): ListedSlot => ({ image: 0, slot: number, ...flags });

const BOARDS: readonly SmallBoard[] = (["move", "offset", "scratch", "overwrite"] as const).flatMap((mode) => {
  const options = { mode, encrypted: false } as const;
  return [
    smallBoard(options),
    requestedBoard(options),
    requestedBoard(options, true),
    afterBoot(requestedBoard(options)),
  ];
});

describe("what an image list tells", () => {
  test("its flags mean the swap type that made them", () => {
    const types = BOARDS.map(({ flash, build: of }) => typeOfFlags(...slotFlags(flash, of, 0)));
    expect(types).toEqual(BOARDS.map(({ flash, build: of }) => nextSwapType(flash, of, 0)));
  });

  test("the list of a board that runs tells what its next boot does", () => {
    for (const { flash, build: of } of BOARDS) {
      const [really] = actuallyDoes(flash, of);
      expect(told(imageListOf(flash, of), of)?.may).toContain(really?.action);
    }
  });

  test.each([
    ["no entry", []],
    ["no flag, as in serial recovery", [slot(0), slot(1)]],
    ["flags that are all false", [slot(0, { active: false, confirmed: false }), slot(1, { pending: false })]],
    ["only a confirmed slot 1", [slot(0), slot(1, { confirmed: true })]],
  ])("%s: the list does not tell, and never a revert", (_, entries) => {
    expect(told(entries)).toMatchObject({ may: [], tells: false, next: expect.stringContaining("does not tell") });
  });

  test("slot 1 active is no swap board: nothing is reverted", () => {
    const list = [slot(0), slot(1, { active: true, confirmed: true })];
    expect(told(list)).toMatchObject({ may: ["runs slot 1"], because: expect.stringContaining("direct-XIP") });
    const waits = [slot(0, { pending: true }), slot(1, { active: true, confirmed: true })];
    expect(told(waits)?.may[0]).toBe("runs slot 0");
    expect(told([slot(0), slot(1, { active: true })])?.open.join()).toContain("MCUBOOT_DIRECT_XIP_REVERT");
  });

  test("an image on trial without anything in slot 1 has nothing to be swapped back to", () => {
    expect(told([slot(0, { active: true })])?.may).toEqual(["refused"]);
    expect(told([slot(0, { active: true }), slot(1)])?.may[0]).toBe("revert");
  });

  test("a second image is told beside the first, and does not change it", () => {
    const other = { image: 1, slot: 0, active: true };
    const answers = explainList(
      [slot(0, { active: true, confirmed: true }), other, { image: 1, slot: 1, pending: true }],
      build,
    );
    expect(answers.map(({ image, may }) => [image, may[0]])).toEqual([
      [0, "stays"],
      [1, "test"],
    ]);
  });
});
