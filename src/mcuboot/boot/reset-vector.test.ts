import { describe, expect, test } from "@jest/globals";
import { Random, viewOf } from "../../core/index.ts";
import { buildImage, type PrivateKey, parseVersion } from "../../image/index.ts";
import { GENERATIONS } from "../builds/generations.ts";
import { refusalText } from "../builds/refusal-table.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { smallBoard } from "../testing/small-board.ts";
import { setPending } from "./app-api.ts";
import { runSteps } from "./run-boot.ts";
import { timeline } from "./timeline.ts";

/** The primary slot of a small board: 0x0 to 0xffff. */
const SLOT_END = 0x1_0000;

/** What a bootloader that looks at the reset vector makes of an update with these vectors. */
function boots(generation: string, reset: number, nmi: number) {
  const options = { generation, mode: "overwrite", encrypted: false, verifyAddress: true } as const;
  const { build, flash } = smallBoard(options);
  const body = Random.fromSeed("vectors").bytes(8_000);
  viewOf(body).setUint32(4, reset, true);
  viewOf(body).setUint32(8, nmi, true);
  const signer = { kind: "key", key: build.signature.key as PrivateKey } as const;
  const { image } = buildImage(body, { version: parseVersion("3.0.0"), headerBytes: 512, padHeader: true, signer });
  const { offset, bytes } = build.images[0]?.secondary ?? { offset: 0, bytes: 0 };
  flash.load(offset, new Uint8Array(bytes).fill(0xff));
  flash.load(offset, image);
  runSteps(setPending(flash, build, 0, false), flash);
  const { images, refusals } = timeline(flash, build, NRF5340_INTERNAL);
  return { runs: images.find(({ slot }) => slot === 0)?.version, refused: refusals.map(refusalText).join() };
}

const inside = 0x301;
const outside = 0x0100_8801;
/** What each release looks at, from the source's conditions. */
const ROWS = [
  { generations: ["ncs-1.9", "ncs-2.4", "ncs-2.9", "ncs-3.1", "1.10.0", "2.2.0"], word: 1, endIsIn: true },
  { generations: ["ncs-3.2", "ncs-3.3", "2.3.0"], word: 2, endIsIn: false },
  { generations: ["ncs-3.4.0", "ncs-3.4", "ncs-main", "current"], word: 1, endIsIn: false },
].flatMap(({ generations, ...row }) =>
  generations.filter((name) => GENERATIONS.some((known) => known.name === name)).map((name) => [name, row] as const),
);

describe.each(ROWS)("MCUBOOT_VERIFY_IMG_ADDRESS of %s", (name, { word, endIsIn }) => {
  const taken = (looked: number, other: number) =>
    (word === 1 ? boots(name, looked, other) : boots(name, other, looked)).runs === "3.0.0";

  test("goes by one word of the body, and by no other", () => {
    expect([taken(inside, outside), taken(outside, inside)]).toEqual([true, false]);
  });

  test("takes a vector from the slot's first byte on, and not from its end on", () => {
    expect([taken(0, inside), taken(SLOT_END - 1, inside), taken(SLOT_END, inside)]).toEqual([true, true, endIsIn]);
    expect(taken(SLOT_END + 1, inside)).toBe(false);
  });

  test("names the word that it looked at", () => {
    const { refused } = word === 1 ? boots(name, outside, inside) : boots(name, inside, outside);
    const said = word === 1 ? "reset vector" : "NMI vector (taken for the reset vector)";
    expect(refused).toBe(`its ${said} does not point into slot 0`);
  });
});
