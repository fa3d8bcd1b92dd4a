import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isHilError } from "../../core/index.ts";
import { outcomeOf } from "../boot/run-boot.ts";
import type { BootMode } from "../builds/boot-mode.ts";
import { requestedBoard, type SmallBoard, smallBoard } from "../testing/small-board.ts";
import { trailerBytesOf } from "../trailer/trailer.ts";
import { endsInMagic, explainFlash, explainSlot } from "./index.ts";

const SLOT_BYTES = 16 * 4096;
const plain = { encrypted: false } as const;

/** A board on which something was written over flash, from an offset on. */
function changed(board: SmallBoard, ...writes: readonly (readonly [offset: number, bytes: Uint8Array])[]): SmallBoard {
  const flash = board.flash.snapshot();
  for (const [offset, bytes] of writes) flash.load(offset, bytes);
  return { ...board, flash };
}

const headline = ({ flash, build }: SmallBoard): string => explainFlash(flash, build).images[0]?.next ?? "";
const erased = (bytes: number) => new Uint8Array(bytes).fill(0xff);
const FLAGS_AT = SLOT_BYTES + 16;

describe("the headline of a dump is what the boot below it does", () => {
  const asked = requestedBoard(plain);

  test.each([
    ["nothing asked for", smallBoard(plain), /runs it: 1\.0\.0 is fit; nothing is asked for$/],
    ["a test", asked, /2\.0\.0 is fit, and swaps it in for a test: 2\.0\.0 runs$/],
    [
      "a wrong byte",
      changed(asked, [SLOT_BYTES + 9_000, erased(4)]),
      /sha256 of the image differs; slot 1 is erased, 1\.0\.0 stays$/i,
    ],
    [
      "no image in slot 1",
      changed(asked, [SLOT_BYTES, erased(4096)]),
      /slot 1 holds no image: its start is erased; the request is dropped, 1\.0\.0 stays$/,
    ],
    ["no image in slot 0", changed(asked, [0, erased(4096)]), /^no boot: slot 0 holds no image/],
    ["slot 0 damaged", changed(smallBoard(plain), [9_000, erased(4)]), /^no boot: the image in slot 0 is not valid/],
    ["not bootable", changed(asked, [FLAGS_AT, Uint8Array.of(0x10)]), /has the flag NON_BOOTABLE in its header/],
    ["encrypted", changed(asked, [FLAGS_AT, Uint8Array.of(0x08)]), /is encrypted, and this bootloader has no key/],
    [
      "compressed",
      changed(asked, [FLAGS_AT + 1, Uint8Array.of(0x04)]),
      /is compressed, and this bootloader decompresses nothing/,
    ],
    [
      "another AES",
      changed(requestedBoard(), [FLAGS_AT, Uint8Array.of(0x08)]),
      /is encrypted with AES-256, and this bootloader decrypts AES-128; slot 1 is erased, 1\.0\.0 stays/,
    ],
    [
      "too long",
      requestedBoard({ ...plain, bodyBytes: [20_000, 61_000] }),
      /takes 0x[0-9a-f]+ bytes, and this bootloader takes 0x[0-9a-f]+ bytes here/,
    ],
  ] as const)("%s", (_, board, expected) => {
    expect(headline(board)).toMatch(expected);
    const { result } = outcomeOf(board.flash, board.build);
    expect(explainFlash(board.flash, board.build).images[0]?.starts).toBe(result.kind === "run");
  });

  test("an older image is refused with the rule's name", () => {
    const board = requestedBoard(plain);
    const swapped = { ...board, flash: outcomeOf(board.flash, board.build).flash };
    const again = requestedBoard({ ...plain, downgradePrevention: true });
    const flash = again.flash.snapshot();
    for (const at of [0, SLOT_BYTES]) flash.load(at, swapped.flash.read(at, SLOT_BYTES - 4096));
    expect(headline({ flash, build: again.build })).toContain(
      "has a version lower than slot 0's (downgrade prevention)",
    );
  });
});

describe("numbers that a dump holds", () => {
  const MODES: readonly BootMode[] = ["move", "offset", "scratch", "overwrite", "direct-xip"];

  test.each(MODES)(
    "whatever stands in the trailers, a dump is explained or refused, never an internal error: %s",
    (mode) => {
      const board = requestedBoard({ ...plain, mode });
      const bytes = trailerBytesOf(board.build);
      const good = board.flash.read(2 * SLOT_BYTES - 16, 16);
      const junk = fc.tuple(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.constantFrom(64, 40, 48, bytes),
        fc.boolean(),
      );
      fc.assert(
        fc.property(junk, junk, ([first, at, firstGood], [second, other, secondGood]) => {
          const damaged = changed(
            board,
            [SLOT_BYTES - at, first.subarray(0, at)],
            [2 * SLOT_BYTES - other, second.subarray(0, other)],
            ...(firstGood ? [[SLOT_BYTES - 16, good] as const] : []),
            ...(secondGood ? [[2 * SLOT_BYTES - 16, good] as const] : []),
          );
          try {
            expect(explainFlash(damaged.flash, damaged.build).images).toHaveLength(1);
          } catch (error) {
            if (!isHilError(error)) throw error;
          }
        }),
        { numRuns: 60 },
      );
    },
  );
});

describe("one slot alone", () => {
  const { flash, build } = requestedBoard(plain, true);
  const slot1 = flash.read(SLOT_BYTES, SLOT_BYTES);

  test("slot 1 tells what is asked for, and whether its image is fit", () => {
    const { told, entry } = explainSlot(slot1, build, 0, 1);
    expect(told.may).toEqual(["perm", "refused"]);
    expect(told.because).toContain("2.0.0 is fit by hash and signature");
    expect(entry?.version).toBe("2.0.0");
    expect(told.open).toEqual(["what slot 0 holds and asks for"]);
  });

  test("an image that is not fit is refused whatever slot 0 says, and nothing is left open about it", () => {
    const damaged = slot1.slice();
    damaged[600] = (damaged[600] ?? 0) ^ 1;
    const { told } = explainSlot(damaged, build, 0, 1);
    expect([told.may, told.tells]).toEqual([["refused"], true]);
    expect(told.next).toMatch(/^does not take the image in slot 1/);
    expect(told.because).toContain("the image in slot 1 is not valid");
    expect(told.open).toEqual(["what slot 0 holds and asks for"]);
  });

  test("its trailer alone tells the same of the request, and nothing of an image", () => {
    const trailer = slot1.subarray(SLOT_BYTES - 48);
    expect([endsInMagic(trailer, build), endsInMagic(slot1.subarray(0, 4096), build)]).toEqual([true, false]);
    const { told, entry } = explainSlot(trailer, build, 0, 1);
    expect(told.may).toEqual(["perm", "refused"]);
    expect([entry, told.because]).toEqual([undefined, expect.stringContaining("only the last 48 bytes of slot 1")]);
  });

  test("slot 0 without a trailer leaves open what slot 1 asks for", () => {
    const { told } = explainSlot(flash.read(0, SLOT_BYTES), build, 0, 0);
    expect(told.tells).toBe(false);
    expect(told.may).toEqual(expect.arrayContaining(["stays", "test", "perm"]));
  });
});
