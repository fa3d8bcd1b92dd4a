import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isHilError } from "../../core/index.ts";
import { buildImage, parseVersion } from "../../image/index.ts";
import { machineOf, toldHistory, unknownBoard, unknownBuild } from "../testing/told-history.ts";
import { gather } from "./gather.ts";
import { plainVersion } from "./plain-version.ts";
import { readBoots } from "./read-boots.ts";
import { readPiece } from "./read-piece.ts";
import { factsOf } from "./say.ts";

const pieceOf = (name: string, bytes: Uint8Array) => readPiece(name, bytes, unknownBoard, [unknownBoard.loaded]);
const ask = { acts: [{ kind: "ask" }] } as const;

describe("a boot log", () => {
  test("without a banner is read by its wording: who prints it, and which modes", () => {
    const old =
      "I: Starting bootloader\nI: Primary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3\nI: Swap type: none\n";
    const seen = readBoots(old, unknownBuild);
    expect(seen?.generations.map(({ name }) => name)).not.toContain("current");
    expect(seen?.modes).toEqual(["move", "scratch"]);
    const later = readBoots(
      `${old}I: Image index: 0, Swap type: none\n`.replace("I: Swap type: none\n", ""),
      unknownBuild,
    );
    expect(later?.generations.map(({ name }) => name)).not.toContain("ncs-1.7");
    expect(later?.generationTold).toBe(false);
  });

  test("of a release that prints the image's version is not taken for an older one's, nor the other way round", () => {
    const boot = (end: string) => `I: Starting bootloader\nI: Image index: 0, Swap type: none\n${end}`;
    const chain = "I: Bootloader chainload address offset: 0xc000\n";
    const names = (text: string) => readBoots(text, unknownBuild)?.generations.map(({ name }) => name) ?? [];
    expect(names(boot(`${chain}I: Image version: v1.0.0\nI: Jumping to the first image slot\n`))).not.toContain(
      "ncs-2.6",
    );
    expect(names(boot(`${chain}I: Jumping to the first image slot\n`))).not.toContain("current");
  });

  test("its banner names the release; the application's own banner does not", () => {
    const { generations, generationTold } = toldHistory(machineOf({ generation: "ncs-1.7" }), [ask]);
    expect([generations.map(({ name }) => name), generationTold]).toEqual([["ncs-1.7"], true]);
  });
});

describe("what people write", () => {
  test.each([
    ["The board is bricked after the power was lost", ["does not boot", "power was lost"]],
    ["After the reset the old version runs again", ["old runs"]],
    ["The new image was reverted", ["old runs"]],
    ["It does not revert, the new version stays", ["new runs"]],
    ["The application never starts", ["application never starts"]],
    ["It is not encrypted", []],
    ["Nobody confirmed it", ["nobody confirmed"]],
    ["an endless reboot loop", ["reboots for ever"]],
  ])("%s", (text, facts) => {
    expect([...factsOf([text])].toSorted()).toEqual(facts.toSorted());
  });
});

describe("a file", () => {
  const { image } = buildImage(new Uint8Array(3000).fill(7), {
    version: parseVersion("1.2.3"),
    headerBytes: 512,
    padHeader: true,
  });

  test("that is a signed image tells its version, and whose key it is", async () => {
    const piece = await pieceOf("update.bin", image);
    expect(piece).toMatchObject({
      kind: "images",
      files: [{ version: "1.2.3", encrypted: false, bytes: image.length }],
    });
  });

  test("whose hash does not fit is told as a contradiction", async () => {
    const damaged = image.slice();
    damaged[600] = 9;
    const { contradicts } = gather([await pieceOf("update.bin", damaged)], [], unknownBoard);
    expect(contradicts).toEqual(["update.bin: its hash does not fit"]);
  });

  test("that is a whole dump tells both trailers and what lies in the slots", async () => {
    const dump = new Uint8Array(0x10_0000).fill(0xff);
    dump.set(image, 0xc000);
    const piece = await pieceOf("flash.bin", dump);
    expect(piece).toMatchObject({ kind: "dump", slots: [{ slot: 0, version: "1.2.3" }] });
    expect(piece.kind === "dump" && piece.trailers.map(({ text }) => text)).toEqual([
      "unset none unset unset",
      "unset none unset unset",
    ]);
  });

  test("that is one slot is refused until its name says which", async () => {
    const slot = new Uint8Array(0x7_4000).fill(0xff);
    await expect(pieceOf("dump.bin", slot)).rejects.toThrow("its name does not tell which");
    expect(await pieceOf("slot1.bin", slot)).toMatchObject({ kind: "dump", trailers: [{ slot: 1 }] });
  });

  test("that is a core dump is opaque", async () => {
    expect(await pieceOf("core.txt", Buffer.from("#CD:BEGIN#\n#CD:5a4501000500\n#CD:END#\n"))).toMatchObject({
      kind: "opaque",
    });
  });

  test("of any bytes is read, or refused with exit 2", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        try {
          await pieceOf("given", bytes);
        } catch (error) {
          if (!isHilError(error)) throw error;
          expect(error.exitCode).toBe(2);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test("versions are compared without a build number of 0", () => {
  expect(["v1.2.3", "1.2.3+0", "1.2.3.0", "1.2.0", "1.2.3+4"].map(plainVersion)).toEqual([
    "1.2.3",
    "1.2.3",
    "1.2.3",
    "1.2.0",
    "1.2.3+4",
  ]);
});
