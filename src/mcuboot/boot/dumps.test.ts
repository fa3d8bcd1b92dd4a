import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { trailerMagic } from "../../image/index.ts";
import type { BootMode } from "../builds/boot-mode.ts";
import type { Area, BootloaderBuild } from "../builds/build.ts";
import { ASSERTIONS } from "../builds/generation-row.ts";
import { GENERATIONS } from "../builds/generations.ts";
import { explainFlash } from "../explain/index.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { legalOutcomes } from "../judge/index.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { SIZE_OUTSIDE } from "../swap/swap-sectors.ts";
import { writeStatus } from "../swap/swap-status.ts";
import { cutAt, requestedBoard, type SmallBoard, smallBoard } from "../testing/small-board.ts";
import { fieldOffset, layoutOf, statusOffset } from "../trailer/trailer.ts";
import { setPending } from "./app-api.ts";
import { imageListOf } from "./image-state.ts";
import { swapUnderWay } from "./prepare.ts";
import { recoveryList } from "./recovery.ts";
import { outcomeOf, runSteps } from "./run-boot.ts";
import { timeline } from "./timeline.ts";

const MODES = ["move", "offset", "scratch", "overwrite", "direct-xip"] as const satisfies readonly BootMode[];
/** More operations than any boot of a board of this size has: six erases and writes a chunk, and trailers. */
const OPERATIONS_MAX = 2_000;

const byte = fc.integer({ min: 0, max: 0xff });
const word = fc.oneof(
  fc.constantFrom(0, 0xffff_ffff),
  fc.integer({ min: 0, max: 0x20000 }),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);

/** What is written over one trailer, and how its status entries look; without it, as it was. */
const trailer = fc.record({
  magic: fc.option(fc.constantFrom("good", "torn"), { nil: undefined }),
  flags: fc.array(fc.tuple(fc.constantFrom("swapInfo", "copyDone", "imageOk"), byte), { maxLength: 3 }),
  sizes: fc.array(fc.tuple(fc.constantFrom("swapSize", "tlvSizes", "key0", "key1"), word), { maxLength: 3 }),
  entries: fc.array(fc.tuple(fc.nat({ max: 255 }), byte), { maxLength: 12 }),
  entriesUpTo: fc.nat({ max: 60 }),
});

const dump = fc.record({
  mode: fc.constantFrom(...MODES),
  generation: fc.constantFrom(...GENERATIONS.map(({ name }) => name)),
  assertions: fc.constantFrom(...ASSERTIONS, undefined),
  encrypted: fc.boolean(),
  cut: fc.nat({ max: 160 }),
  trailers: fc.array(fc.tuple(fc.nat({ max: 2 }), trailer), { maxLength: 3 }),
  /** Words written anywhere in the first and last kilobyte of an image: headers and TLVs. */
  words: fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 40 }), word), { maxLength: 4 }),
});
type Dump = typeof dump extends fc.Arbitrary<infer T> ? T : never;

function little(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function areasOf({ images, scratch }: BootloaderBuild): readonly Area[] {
  const [areas] = images;
  if (areas === undefined) throw new Error("a build without images");
  return [areas.primary, areas.secondary, scratch ?? areas.secondary];
}

function spoil(flash: FlashContent, build: BootloaderBuild, area: Area, what: Dump["trailers"][number][1]): void {
  const known = layoutOf(build, area).fields;
  const put = (field: keyof typeof known, bytes: Uint8Array) => {
    if (known[field] !== undefined) flash.load(fieldOffset(build, area, field), bytes);
  };
  for (const [field, value] of what.flags) put(field, Uint8Array.of(value));
  for (const [field, value] of what.sizes) put(field, little(value));
  const magic = trailerMagic(build.maxAlign);
  if (what.magic !== undefined) put("magic", what.magic === "good" ? magic : magic.map((value) => value | 0x10));
  const start = area.offset + statusOffset(build, area);
  const entries = Math.floor((fieldOffset(build, area, "magic") - start) / build.writeBytes);
  for (let entry = 0; entry < Math.min(what.entriesUpTo, entries); entry += 1) {
    flash.load(start + entry * build.writeBytes, Uint8Array.of(1));
  }
  for (const [entry, value] of what.entries) {
    if (entry < entries) flash.load(start + entry * build.writeBytes, Uint8Array.of(value));
  }
}

/** A board whose flash holds what no bootloader would leave there. */
function boardOf({ mode, generation, assertions, encrypted, cut, trailers, words }: Dump): SmallBoard {
  const crypted = encrypted && mode !== "direct-xip";
  const options = { mode, generation, encrypted: crypted, ...(assertions && { assertions }) };
  const asked = mode === "direct-xip" ? smallBoard(options) : requestedBoard(options);
  const flash = cut === 0 ? asked.flash : cutAt(asked, cut);
  const areas = areasOf(asked.build);
  for (const [index, place, value] of words) {
    const area = areas[index] as Area;
    const at = place < 20 ? place * 4 : 20_512 + (place - 20) * 4;
    if (at + 4 <= area.bytes) flash.load(area.offset + at, little(value));
  }
  for (const [index, what] of trailers) spoil(flash, asked.build, areas[index] as Area, what);
  return { build: asked.build, flash };
}

describe("whatever a dump holds", () => {
  test("a boot of it ends, and nothing that reads it throws", () => {
    fc.assert(
      fc.property(dump, (drawn) => {
        const { build, flash } = boardOf(drawn);
        const { result, operations } = outcomeOf(flash, build);
        expect(["run", "fail", "panic", "hang"]).toContain(result.kind);
        expect(operations).toBeLessThan(OPERATIONS_MAX);
        const line = timeline(flash, build, NRF5340_INTERNAL);
        expect(line.operations).toHaveLength(operations);
        expect(explainFlash(flash, build).operations).toBe(operations);
        expect(imageListOf(flash, build).length).toBeLessThanOrEqual(2);
        expect(runSteps(recoveryList(flash, build), flash.snapshot())).toHaveLength(2);
        if (build.mode !== "direct-xip") {
          const asked = flash.snapshot();
          runSteps(setPending(asked, build, 0, true), asked);
          swapUnderWay(flash, build, 0);
        }
      }),
      { numRuns: 80 },
    );
  }, 120_000);

  test("the judge has an outcome for it", () => {
    fc.assert(
      fc.property(dump, (drawn) => {
        const { build, flash } = boardOf(drawn);
        expect(legalOutcomes({ flash, build, timing: NRF5340_INTERNAL }).length).toBeGreaterThan(0);
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});

describe("a swap to be resumed whose size is larger than the slot", () => {
  test.each(["move", "offset", "scratch"] as const)(
    "%s: hangs, whatever the size is and whatever assertions do",
    (mode) => {
      const tooLarge = fc.integer({ min: 16 * 4096 + 1, max: 0xffff_ffff });
      fc.assert(
        fc.property(
          tooLarge,
          fc.constantFrom(...ASSERTIONS),
          fc.constantFrom("2.2.0", "current"),
          (bytes, assertions, generation) => {
            const { build, flash } = requestedBoard({ mode, assertions, generation });
            const [primary, secondary] = areasOf(build) as readonly [Area, Area];
            flash.apply({ kind: "erase", offset: secondary.offset + secondary.bytes - 4096, bytes: 4096 });
            flash.load(fieldOffset(build, primary, "magic"), trailerMagic(build.maxAlign));
            flash.load(fieldOffset(build, primary, "swapInfo"), Uint8Array.of(2));
            flash.load(fieldOffset(build, primary, "swapSize"), little(bytes));
            flash.apply(writeStatus(build, primary, 0, 1));
            const { result, operations } = outcomeOf(flash, build);
            expect(result).toEqual({ kind: "hang", reason: SIZE_OUTSIDE });
            expect(operations).toBe(0);
            const explained = explainFlash(flash, build);
            expect(explained.result).toBe(`hangs: ${SIZE_OUTSIDE}`);
          },
        ),
        { numRuns: 8 },
      );
    },
  );
});
