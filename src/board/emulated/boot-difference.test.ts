import { expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  FlashContent,
  type FlashOperation,
  NRF5340_INTERNAL,
  runSteps,
  setPending,
  timeline,
  uploadedFlash,
} from "../../mcuboot/index.ts";
import { smallBuild, smallImage } from "../../mcuboot/testing/small-board.ts";
import { countPieces, modelDifference } from "./boot-difference.ts";

const timing = NRF5340_INTERNAL;
const build = smallBuild({ slotSectors: 8 });
const { flash } = uploadedFlash({
  build,
  old: smallImage("1.0.0", 3_000, true).plain,
  next: smallImage("2.0.0", 4_000, true).file,
});
runSteps(setPending(flash, build, 0, false), flash);
const content = FlashContent.erased(flash.bytes, 4096);
content.load(0, flash.read(0, flash.bytes));
const model = timeline(content, build, timing);
const expected = model.operations.map(({ operation }) => operation);

/** What a boot of these operations is held to be. */
const differs = (operations: readonly FlashOperation[]) =>
  modelDifference({ operations, log: [], isUp: true, faults: [], flash: model.flash, us: 1 }, content, {
    build,
    timing,
    looksAtLog: false,
  });

/** The pieces of a boot as texts: a page or a word each. */
function texts(operations: readonly FlashOperation[]): readonly string[] {
  return operations.flatMap((operation) => {
    if (operation.kind === "erase") {
      const { offset, bytes } = operation;
      return Array.from({ length: bytes / timing.pageBytes }, (_, page) => `erase ${offset + page * timing.pageBytes}`);
    }
    return inWords(operation).map(({ offset, data }) => `write ${offset} ${Buffer.from(data).toString("hex")}`);
  });
}

function inWords({ offset, data }: Extract<FlashOperation, { kind: "write" }>) {
  const { wordBytes } = timing;
  return Array.from({ length: Math.ceil(data.length / wordBytes) }, (_, word) => ({
    kind: "write" as const,
    offset: offset + word * wordBytes,
    data: data.slice(word * wordBytes, (word + 1) * wordBytes),
  }));
}

const words = expected.flatMap((operation): readonly FlashOperation[] =>
  operation.kind === "write" ? inWords(operation) : [operation],
);
const modelled = texts(expected);

/** A boot with one thing changed in it; the place is a share of all its operations. */
const CHANGES: readonly ((list: FlashOperation[], at: number) => void)[] = [
  (list, at) => list.splice(at),
  (list, at) => list.splice(at, 1),
  (list, at) => list.push(list[at] as FlashOperation),
  (list, at) => {
    const { kind, offset, ...rest } = list[at] as FlashOperation;
    list[at] = { kind, offset: offset + timing.pageBytes, ...rest } as FlashOperation;
  },
  (list, at) => {
    const operation = list[at] as FlashOperation;
    if (operation.kind === "write") list[at] = { ...operation, data: operation.data.map((byte) => byte ^ 1) };
  },
  (list, at) => {
    const { offset } = list[at] as FlashOperation;
    list[at] = { kind: "erase", offset, bytes: timing.pageBytes };
  },
];

test("the model's operations word by word are no difference, and as many pieces", () => {
  expect(differs(words)).toBeUndefined();
  expect(differs(expected)).toBeUndefined();
  expect(countPieces(expected, timing)).toBe(modelled.length);
});

test("a changed boot differs at the first piece whose text is another one, and says both", () => {
  const place = fc.tuple(fc.boolean(), fc.nat(), fc.constantFrom(...CHANGES));
  fc.assert(
    fc.property(place, ([isInWords, number, change]) => {
      const list: FlashOperation[] = [...(isInWords ? words : expected)];
      change(list, number % list.length);
      const found = texts(list);
      const at = Array.from({ length: Math.max(found.length, modelled.length) }).findIndex(
        (_, index) => found[index] !== modelled[index],
      );
      const got = differs(list);
      if (at < 0) return expect(got).toBeUndefined();
      const what =
        found[at] === undefined
          ? `it ends before operation ${at}: ${modelled[at]}`
          : `operation ${at} is ${found[at]}; the model's is ${modelled[at] ?? "none: its boot was over"}`;
      expect(got).toEqual({ kind: "operations", what, operation: at });
    }),
  );
});
