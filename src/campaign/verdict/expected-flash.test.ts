import { describe, expect, test } from "@jest/globals";
import type { LoadedProfile } from "../../board/index.ts";
import { Random, VirtualClock } from "../../core/index.ts";
import { imageListOf } from "../../mcuboot/index.ts";
import { buildMaterial } from "../request/material.ts";
import { type Edit, smallProfile, smallScenario } from "../testing/small-campaign.ts";
import type { ExpectedFlash } from "./expected-flash.ts";

const PAGE = 4096;
const PRIMARY = 0x10000;
const SECONDARY = 0x20000;
const LAST_PAGE = 15;

async function bench(...edits: Edit[]) {
  const board: LoadedProfile = smallProfile(...edits);
  const clock = new VirtualClock();
  return buildMaterial({ scenario: smallScenario(), board }, { clock }, Random.fromSeed(1));
}

const listed = (expected: ExpectedFlash) =>
  imageListOf(expected.flash, expected.build).map(({ slot, version, active }) => `${slot} ${version} ${active}`);

/** Pages of the secondary slot, by number. */
const secondaryPages = (erased: readonly number[]) =>
  erased.filter((offset) => offset >= SECONDARY).map((offset) => (offset - SECONDARY) / PAGE);

const counted = (erased: readonly number[]) => {
  const counts = new Map<number, number>();
  for (const offset of erased) counts.set(offset, (counts.get(offset) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([a], [b]) => a - b));
};

describe("the model's view of a board", () => {
  test("follows what was put there, uploaded and confirmed", async () => {
    const { images, expected } = await bench();
    expected.place(images.old);
    expect(listed(expected)).toEqual(["0 1.0.0 true"]);
    expect([expected.holds(images.new), expected.takes(images.new)]).toEqual([false, false]);
    expected.uploaded(images.new);
    expect([expected.holds(images.new), expected.takes(images.new)]).toEqual([true, true]);
    expected.requestTest();
    const [after] = expected.outcomes();
    expected.adopt(after ?? expected);
    expect(listed(expected)).toEqual(["0 2.0.0 true", "1 1.0.0 false"]);
    expected.confirm();
    expect(expected.timeline().operations).toEqual([]);
  });

  test("knows one outcome of a boot that nobody disturbs, and several of one that was cut somewhere", async () => {
    const { images, expected } = await bench();
    expected.place(images.old, images.new);
    expected.requestTest();
    expect(expected.outcomes().map((outcome) => outcome.ending)).toEqual(["upgraded"]);
    const { operationsUs } = expected.timeline();
    const outcomes = expected.outcomes({ fromUs: -1, toUs: operationsUs + 1 });
    const right = outcomes.filter((outcome) => outcome.knownDefect === undefined).map((outcome) => outcome.ending);
    expect([...new Set(right)].toSorted()).toEqual(["resumed", "reverted", "upgraded"]);
  });

  test("of a board that it adopts is a copy: what happens to the one does not happen to the other", async () => {
    const { images, expected } = await bench();
    expected.place(images.old, images.new);
    const known = expected.flash.snapshot();
    const name = known.identity();
    expected.adopt({ flash: known });
    expected.requestTest();
    expect(known.identity()).toBe(name);
  });

  test("asks what the bootloader would take without asking the board for anything", async () => {
    const { images, expected } = await bench();
    expected.place(images.old, images.new);
    const before = expected.flash.identity();
    expect([expected.takes(images.new), expected.takes(images.old)]).toEqual([true, false]);
    expect(expected.flash.identity()).toBe(before);
  });

  test("for swap using offset sees that a fallback lies where no update is looked for", async () => {
    const { images, expected } = await bench(["swap-move", "swap-offset"]);
    expected.place(images.old);
    expected.uploaded(images.new);
    expect(expected.takes(images.new)).toBe(true);
    expected.requestTest();
    expected.adopt(expected.outcomes()[0] ?? expected);
    expected.confirm();
    expect([expected.holds(images.old), expected.takes(images.old)]).toEqual([true, false]);
  });

  test("reaches to the end of a scratch area behind the slots", async () => {
    const { images, expected } = await bench(
      ["swap-move", "swap-scratch"],
      ["keys:", "  scratch: { offset: 0x30000, bytes: 0x2000 }\nkeys:"],
    );
    expected.place(images.old, images.new);
    expected.requestTest();
    expect(expected.outcomes().map((outcome) => outcome.ending)).toEqual(["upgraded"]);
    expect(expected.erasedBy().some((offset) => offset >= 0x30000)).toBe(true);
  });
});

describe("what was erased", () => {
  test("by an upload is each page of the image and the trailer's page, once", async () => {
    const { images, expected } = await bench();
    expected.place(images.old);
    const pages = Math.ceil(images.new.file.length / PAGE);
    expected.uploaded(images.new);
    const erased = secondaryPages(expected.erasedBy());
    expect(erased).toEqual([...Array.from({ length: pages }, (_, page) => page), LAST_PAGE]);
    expect(expected.erasedBy()).toEqual([]);
  });

  test("is nothing where the board was only found as it is", async () => {
    const { images, expected } = await bench();
    expected.place(images.old, images.new);
    expect(expected.erasedBy()).toEqual([]);
  });

  test("by a boot is what its operations erase, page by page", async () => {
    const { images, expected } = await bench();
    expected.place(images.old, images.new);
    expected.requestTest();
    const erases = expected.timeline().operations.filter(({ operation }) => operation.kind === "erase");
    const erased = expected.erasedBy();
    expect(erased.length).toBeGreaterThanOrEqual(erases.length);
    expect(erased.every((offset) => offset % PAGE === 0 && offset >= PRIMARY && offset < 2 * SECONDARY)).toBe(true);
    expect(erased).toContain(PRIMARY);
    expect(erased).toContain(SECONDARY);
  });

  test("by a boot that was cut before its first operation is what one whole boot erases", async () => {
    const { images, expected } = await bench();
    expected.place(images.old, images.new);
    expected.requestTest();
    const whole = counted(expected.erasedBy());
    expect(counted(expected.erasedBy({ fromUs: -1, toUs: 0 }))).toEqual(whole);
  });

  test("by a boot that was cut in its middle is more than by a whole one, by what had to be done again", async () => {
    const { images, expected } = await bench();
    expected.place(images.old, images.new);
    expected.requestTest();
    const whole = expected.erasedBy().length;
    const { operations } = expected.timeline();
    const late = operations.findLast(({ operation }) => operation.kind === "erase");
    const cut = expected.erasedBy({ fromUs: -1, toUs: (late?.startUs ?? 0) + 1 }).length;
    expect(cut).toBeGreaterThanOrEqual(whole);
    expect(cut).toBeLessThan(2 * whole);
  });

  test("by a boot that was cut after its last operation is the revert, too: nobody had confirmed", async () => {
    const { images, expected } = await bench();
    expected.place(images.old, images.new);
    expected.requestTest();
    const whole = expected.erasedBy().length;
    const cut = expected.erasedBy({ fromUs: -1, toUs: expected.timeline().operationsUs + 1 }).length;
    expect(cut).toBeGreaterThan(1.5 * whole);
  });
});

describe("what a cut in an upload may leave", () => {
  const lists = (expected: ExpectedFlash, states: readonly { readonly flash: ExpectedFlash["flash"] }[]) =>
    states.map(({ flash }) =>
      imageListOf(flash, expected.build)
        .filter(({ slot }) => slot === 1)
        .map(({ version }) => version)
        .join(),
    );
  const states = async (takenBytes: (fileBytes: number) => number, ...edits: Edit[]) => {
    const { images, expected } = await bench(...edits);
    expected.place(images.new, images.old);
    const flashes = expected.uploadStates(images.new, takenBytes(images.new.file.length));
    return {
      expected,
      lists: lists(
        expected,
        flashes.map((flash) => ({ flash })),
      ),
    };
  };

  test("before the first answer: what was there, nothing, or the new image", async () => {
    expect((await states(() => 0)).lists).toEqual(["1.0.0", "", "2.0.0"]);
  });

  test("after the first answer never what was there before", async () => {
    expect((await states(() => 600)).lists).toEqual(["", "2.0.0"]);
  });

  test("up to 511 bytes that were answered for may be missing: only whole blocks are sure to be in the flash", async () => {
    const { images, expected } = await bench();
    expected.place(images.new, images.old);
    const least = (takenBytes: number) => expected.uploadStates(images.new, takenBytes)[0]?.identity();
    expect(least(1023)).toBe(least(512));
    expect(least(1024)).not.toBe(least(1023));
  });

  test("and the model's own flash stays what it was", async () => {
    const { expected } = await states(() => 0);
    expect(listed(expected)).toEqual(["0 2.0.0 true", "1 1.0.0 false"]);
  });
});
