import { describe, expect, test } from "@jest/globals";
import { BenchError } from "../../core/index.ts";
import {
  type FlashContent,
  type FlashOperation,
  NRF5340_INTERNAL,
  runSteps,
  SWEPT_TEARS,
  setPending,
  timeline,
  uploadedFlash,
} from "../../mcuboot/index.ts";
import { smallBuild, smallImage } from "../../mcuboot/testing/small-board.ts";
import type { FirmwareBoot } from "../emulated/boot-difference.ts";
import { type SweepShare, sharesTogether, sweepFirmware } from "./firmware-sweep.ts";

const build = smallBuild({ slotSectors: 5, mode: "move", encrypted: false });
const old = smallImage("1.0.0", 3_000, false).plain;
const next = smallImage("2.0.0", 4_000, false).file;

function asked(): FlashContent {
  const { flash } = uploadedFlash({ build, old, next });
  runSteps(setPending(flash, build, 0, false), flash);
  return flash;
}

/** A bootloader that does what the model says, but for what is changed of it. */
function bench(change: (boot: FirmwareBoot, at: FlashContent) => FirmwareBoot = (boot) => boot) {
  let boots = 0;
  return {
    timing: NRF5340_INTERNAL,
    content: (model: FlashContent) => model.snapshot(),
    boot: (content: FlashContent): FirmwareBoot => {
      boots += 1;
      const { operations, flash } = timeline(content, build, NRF5340_INTERNAL);
      const all = operations.map(({ operation }) => operation);
      return change({ operations: all, log: ["up"], isUp: true, faults: [], flash, us: 1 }, content);
    },
    confirm: (_content: FlashContent, _found: FirmwareBoot) => {},
    boots: () => boots,
  };
}

interface Asked {
  readonly torn?: boolean;
  readonly budget?: number;
  readonly share?: SweepShare;
}

function swept(
  board: ReturnType<typeof bench>,
  { torn = false, budget = Number.POSITIVE_INFINITY, share }: Asked = {},
) {
  const steps = sweepFirmware({ bench: board, build, start: asked(), torn: torn ? SWEPT_TEARS : [], share });
  let turn = steps.next();
  while (turn.done !== true) turn = steps.next(turn.value.booted >= budget);
  return turn.value;
}

describe("sweepFirmware", () => {
  test("cuts before every operation of the upgrade and of its revert, and boots equal contents once", () => {
    const board = bench();
    const { cuts, cutPoints, operations, booted, findings } = swept(board);
    expect(findings).toEqual([]);
    expect(operations.every((count) => count > 20)).toBe(true);
    expect([cuts, cutPoints]).toEqual([operations[0] as number, cuts].map((_, at) => (at === 0 ? cutPoints : cuts)));
    expect(booted).toBeLessThanOrEqual(cuts);
    expect(board.boots()).toBe(booted + 2);
  });

  test("parts of a sweep look at each cut once, and find together what one process finds", () => {
    const brick = (boot: FirmwareBoot, at: FlashContent): FirmwareBoot =>
      at.read(0, 4).every((byte) => byte === 0xff) ? { ...boot, isUp: false } : boot;
    const whole = swept(bench(brick), { torn: true });
    const parts = [0, 1, 2].map((part) => swept(bench(brick), { torn: true, share: { part, of: 3 } }));
    const together = sharesTogether(parts);
    expect(parts.every(({ cuts }) => cuts > 0 && cuts < whole.cuts)).toBe(true);
    expect([together.cuts, together.booted]).toEqual([whole.cuts, whole.booted]);
    expect(together.findings).toHaveLength(whole.findings.length);
    expect(sharesTogether([...parts].reverse()).findings).toEqual(together.findings);
  });

  test("torn operations are cut points of their own, and a budget leaves out what it must and says so", () => {
    const { cuts, cutPoints, booted } = swept(bench(), { torn: true, budget: 12 });
    expect(booted).toBeGreaterThanOrEqual(12);
    expect(cuts).toBeLessThan(cutPoints);
  });

  test("the operation at which a binary leaves the model's way is named", () => {
    const wrong: FlashOperation = { kind: "erase", offset: 0, bytes: 4096 };
    let boots = 0;
    const { findings } = swept(
      bench((boot) => {
        boots += 1;
        return boots === 4 ? { ...boot, operations: boot.operations.with(1, wrong) } : boot;
      }),
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]?.what).toMatch(/^operation \d+ is erase 0; the model's is /u);
    expect(findings[0]?.cut).toMatchObject({ boot: 0 });
  });

  test("a boot that ends too early, one that never comes up and one that faults are findings of their own", () => {
    const changes: ((boot: FirmwareBoot) => FirmwareBoot)[] = [
      (boot) => ({ ...boot, operations: boot.operations.slice(0, -1) }),
      (boot) => ({ ...boot, isUp: false, log: ["I: Starting bootloader", ""] }),
      (boot) => ({ ...boot, faults: ["the processor locked up at 0x100"] }),
    ];
    const told = changes.map((change) => {
      let boots = 0;
      const { findings } = swept(bench((boot) => ((boots += 1) === 3 ? change(boot) : boot)));
      return findings.map(({ what }) => what);
    });
    expect(told).toEqual([
      [expect.stringMatching(/^it ends before operation \d+: write /u)],
      ["no application came up; the last line: I: Starting bootloader"],
      ["the processor locked up at 0x100"],
    ]);
  });

  test("a boot that another chip does not confirm is an error of the emulator, and no finding", () => {
    let boots = 0;
    const board = bench((boot) => ((boots += 1) === 4 ? { ...boot, isUp: false } : boot));
    board.confirm = (content, found) => {
      if (timeline(content, build, NRF5340_INTERNAL).operations.length === found.operations.length && !found.isUp) {
        throw new BenchError("emulator error: interpreted and translated code do not do the same.");
      }
    };
    expect(() => swept(board)).toThrow("emulator error");
  });
});
