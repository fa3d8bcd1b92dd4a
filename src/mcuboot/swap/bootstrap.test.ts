import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "../boot/run-boot.ts";
import { type SmallBoardOptions, smallBoard } from "../testing/small-board.ts";
import { readTrailer } from "../trailer/trailer.ts";

/** What bootstrap makes of an empty primary slot, and how many bytes of each slot it writes and erases. */
function bootstrapped(mode: "move" | "offset" | "scratch", generation: string, more: SmallBoardOptions = {}) {
  const { build, flash } = smallBoard({ mode, generation, bootstrap: true, encrypted: false, ...more });
  const [areas] = build.images;
  if (areas === undefined) throw new Error("no image");
  const { primary, secondary } = areas;
  flash.load(primary.offset, new Uint8Array(primary.bytes).fill(0xff));
  const before = flash.snapshot();
  const { result, flash: after, log } = outcomeOf(flash, build);
  const copied = log.map(({ text }) => /primary slot: 0x([0-9a-f]+) bytes/.exec(text)?.[1]).find(Boolean);
  const first = (content: typeof flash) => content.read(secondary.offset, 32).every((byte) => byte === 0xff);
  return {
    kind: result.kind,
    copiedBytes: Number.parseInt(copied ?? "0", 16),
    magic: readTrailer(after, build, primary).magic,
    losesFirstSector: !first(before) && first(after),
  };
}

const SLOT = 16 * 4096;
const IMAGE = 30_000;

describe("bootstrap in the swap modes", () => {
  test("copies the image alone since 2.5, and leaves it in the secondary slot", () => {
    const found = bootstrapped("move", "current");
    expect(found).toMatchObject({ kind: "run", magic: "good", losesFirstSector: false });
    expect(found.copiedBytes).toBeGreaterThan(IMAGE);
    expect(found.copiedBytes).toBeLessThan(IMAGE + 2_048);
    expect(bootstrapped("offset", "current")).toMatchObject({ kind: "run", magic: "good" });
  });

  test.each(["ncs-2.4", "ncs-3.4", "2.2.0", "2.3.0"])(
    "copied the whole slot in %s, and erased the secondary's header",
    (name) => {
      expect(bootstrapped("move", name)).toMatchObject({ kind: "run", copiedBytes: SLOT, losesFirstSector: true });
    },
  );

  test("using offset read past the secondary slot before that: no boot, where both slots are as large", () => {
    const larger = {
      images: [{ primary: { offset: 0, bytes: SLOT }, secondary: { offset: SLOT, bytes: SLOT + 4096 } }],
    };
    expect(bootstrapped("offset", "2.3.0").kind).toBe("panic");
    expect(bootstrapped("offset", "2.3.0", larger).kind).toBe("run");
    expect(bootstrapped("offset", "current").kind).toBe("run");
  });
});
