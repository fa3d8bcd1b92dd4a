import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import type { CurrentMeter, CurrentSamples, PowerSwitch } from "../../power/index.ts";
import type { Board } from "../parts/board.ts";
import {
  type CalibrationResult,
  type CalibrationTrial,
  calibrationOf,
  calibrationPath,
  saveCalibration,
} from "../profile/calibration-file.ts";
import { type LoadedProfile, loadProfile, parseProfile } from "../profile/profile.ts";
import { openTwin } from "../providers/twin.ts";
import { calibrate, resultOf, spreadOf } from "./calibrate.ts";

/** A twin whose relay is as slow as `relay` says, at the profile's 115200 baud, in virtual time. */
async function slowTwin(relay: string, more = ""): Promise<LoadedProfile> {
  const { text } = await loadProfile("twin", { cwd: "/" });
  const changed = text.replace(/twin:\n {2}faults: \[\].*/, `twin:\n  relay: ${relay}\n${more}`);
  expect(changed).not.toBe(text);
  return parseProfile(changed, join(mkdtempSync(join(tmpdir(), "hil-calibrate-")), "slow.yaml"));
}

const open = (loaded: LoadedProfile) => openTwin(loaded, { random: Random.fromSeed(3) });

function measured(board: Board, trials: number, more: { readonly bootUs?: number } = {}): Promise<CalibrationResult> {
  const { signal } = new AbortController();
  return calibrate(board, { trials, random: Random.fromSeed(5), signal, ...more });
}

const trial = (offUs: number, blindUs = 0, firstByteUs = 50_000): CalibrationTrial => ({ offUs, blindUs, firstByteUs });

describe("calibrating the twin, whose relay's latency is known", () => {
  test.each([
    [8, 0],
    [8, 3],
    [25, 2],
    [0, 0],
  ])(
    "finds %d ms ± %d ms in its window, and a window not wider than the spread and the chatter's pauses",
    async (offMs, spreadMs) => {
      await using board = await open(await slowTwin(`{ off_ms: ${offMs}, on_ms: 12, spread_ms: ${spreadMs} }`));
      const { off } = await measured(board, 30);
      const [fromUs, toUs] = [off.latencyUs - off.uncertaintyUs, off.latencyUs + off.uncertaintyUs];
      expect(fromUs).toBeLessThanOrEqual(Math.max(0, offMs - spreadMs / 2) * 1000);
      expect(toUs).toBeGreaterThanOrEqual((offMs + spreadMs / 2) * 1000);
      expect(toUs - fromUs).toBeLessThanOrEqual(2.1 * spreadMs * 1000 + 2 * off.blindUs);
      expect(Math.abs(off.latencyUs - offMs * 1000)).toBeLessThanOrEqual(200 + 100 * spreadMs);
      expect(off.blindUs).toBeLessThan(200);
    },
  );

  test("finds how long it takes to feed the board, once the time of a boot is known", async () => {
    // 20 ms from power to the first line, which is a chunk of its own: 43 characters and their line end.
    const bootUs = 20_000 + Math.ceil((45 * 10 * 1e6) / 115_200);
    await using board = await open(await slowTwin("{ off_ms: 5, on_ms: 12, spread_ms: 0 }"));
    const { on } = await measured(board, 3, { bootUs });
    expect(Math.abs((on.latencyUs ?? 0) - 12_000)).toBeLessThan(3000);
    expect(on.firstByte.trials).toBe(3);
  });

  test("measures the same for the same seed", async () => {
    const results: CalibrationResult[] = [];
    for (const _ of [1, 2]) {
      await using board = await open(await slowTwin("{ off_ms: 8, on_ms: 12, spread_ms: 3 }"));
      results.push(await measured(board, 5));
    }
    expect(results[0]).toEqual(results[1]);
  });

  test("says that a relay with a welded contact does not cut, and leaves power on", async () => {
    await using board = await open(await slowTwin("{ off_ms: 1 }", "  faults: [relay-stuck]"));
    await expect(measured(board, 3)).rejects.toMatchObject({
      kind: "bench",
      message: expect.stringContaining("power was not cut"),
    });
    expect(await board.smp.echo("there")).toBe("there");
  });

  test("given up in mid-trial leaves power on", async () => {
    await using board = await open(await slowTwin("{ off_ms: 1 }"));
    const stop = new AbortController();
    const onTrial = () => stop.abort(new Error("Ctrl-C"));
    const work = calibrate(board, { trials: 3, random: Random.fromSeed(1), signal: stop.signal, onTrial });
    await expect(work).rejects.toThrow("Ctrl-C");
    expect(await board.smp.echo("there")).toBe("there");
  });
});

/** The board's switch, with a meter in its supply: current flows until `fallUs` after "off", with a little noise. */
function metered(board: Board, fallUs: number): Board {
  const { clock, power } = board;
  const listeners = new Set<(samples: CurrentSamples) => void>();
  let offUs: number | undefined;
  const meter: CurrentMeter = {
    onSamples(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const BATCH = 100;
  const tick = () => {
    const atUs = clock.nowUs();
    const sampleUs = (index: number) => atUs - (BATCH - 1 - index) * 10;
    const flows = (index: number) => offUs === undefined || sampleUs(index) < offUs + fallUs;
    const microamps = Float32Array.from({ length: BATCH }, (_, index) => (flows(index) ? 5000 : 20) + (index % 7));
    for (const listener of listeners) listener({ atUs, everyUs: 10, microamps });
    if (!stopped) clock.at(atUs + 1000, tick);
  };
  let stopped = false;
  clock.at(clock.nowUs() + 1000, tick);
  const set: PowerSwitch["set"] = async (state, options) => {
    const done = await power.set(state, options);
    offUs = state === "off" ? done.sentAtUs : undefined;
    return done;
  };
  const dispose = async () => {
    stopped = true;
  };
  return {
    ...board,
    power: { facts: power.facts, set, current: meter, [Symbol.asyncDispose]: dispose },
    [Symbol.asyncDispose]: dispose,
  };
}

describe("with a meter in the supply", () => {
  test("the contact is told from the hold-up: the current ends before the board falls silent", async () => {
    await using board = await open(await slowTwin("{ off_ms: 8, on_ms: 12, spread_ms: 0 }"));
    await using seen = metered(board, 3000);
    const { off } = await measured(seen, 5);
    expect(off.contact).toMatchObject({ trials: 5 });
    expect(Math.abs((off.contact?.medianUs ?? 0) - 3000)).toBeLessThanOrEqual(20);
    // What a cut is aimed by stays the board's own silence.
    expect(Math.abs(off.latencyUs - 8000)).toBeLessThan(200);
    const kept = calibrationOf({ off, on: { firstByte: spreadOf([1]) } }, board.profile, new Date(0));
    expect(kept.off.contact?.trials).toBe(5);
  });

  test("a current that never stops, or never flowed, tells nothing", async () => {
    await using board = await open(await slowTwin("{ off_ms: 8, on_ms: 12, spread_ms: 0 }"));
    await using seen = metered(board, 60_000_000);
    expect((await measured(seen, 5)).off.contact).toBeUndefined();
  });
});

describe("the figures of a calibration", () => {
  test("cover the window in which any trial's power may have fallen, and what more trials would still show", () => {
    const few = [trial(7000, 500), trial(9000, 300), trial(8000, 100)];
    const { off } = resultOf(few, { kind: "virtual" });
    expect(off).toMatchObject({ latencyUs: 8150, uncertaintyUs: 2150, blindUs: 500 });
    const { off: more } = resultOf([...few, ...few, ...few], { kind: "virtual" });
    expect(more).toMatchObject({ latencyUs: 8150, uncertaintyUs: 1400 });
  });

  test("allow for bytes that a real port shows up to a USB frame late", () => {
    const { off } = resultOf([trial(7000)], { kind: "real" });
    expect(off).toMatchObject({ latencyUs: 6500, uncertaintyUs: 500 });
  });

  test("are never below zero, also when the last byte came before the command had left", () => {
    const { off } = resultOf([trial(-300, 400)], { kind: "real" });
    expect(off).toMatchObject({ latencyUs: 50, uncertaintyUs: 50, seen: { minUs: 0, maxUs: 0 } });
  });

  test("give order statistics of the trials", () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ trials: 5, minUs: 1, p5Us: 1, medianUs: 3, p95Us: 5, maxUs: 5 });
  });
});

describe("a calibration beside its profile", () => {
  const result = resultOf([trial(7000, 500), trial(9000, 300), trial(8000)], { kind: "virtual" }, 20_000);
  const date = new Date(Date.UTC(2026, 10, 21));

  test("takes the place of the profile's figures, and tells its date", async () => {
    const loaded = await slowTwin("{ off_ms: 8 }");
    saveCalibration(loaded.profile, calibrationOf(result, loaded.profile, date));
    await using board = await open(loaded);
    expect(board.cuts).toEqual({ latencyUs: 8150, uncertaintyUs: 2150, measured: "2026-11-21T00:00:00.000Z" });
  });

  test("of another switch is refused: its figures would move every cut unseen", async () => {
    const loaded = await slowTwin("{ off_ms: 8 }");
    saveCalibration(loaded.profile, calibrationOf(result, loaded.profile, date));
    const other = parseProfile(loaded.text.replace("channel: 1", "channel: 2"), loaded.file);
    await expect(open(other)).rejects.toMatchObject({ kind: "configuration" });
    await expect(open(other)).rejects.toThrow("made with another switch");
    const longer = parseProfile(loaded.text.replace("off_ms: 500", "off_ms: 700"), loaded.file);
    await using board = await open(longer);
    expect(board.cuts.latencyUs).toBe(8150);
  });

  test.each([
    ["no JSON", "{"],
    ["another schema", '{ "schema": 2 }'],
    ["a latency below zero", '{ "schema": 1, "off": { "latency_us": -1 } }'],
  ])("that holds %s is told with its path", async (_, text) => {
    const loaded = await slowTwin("{ off_ms: 8 }");
    writeFileSync(calibrationPath(loaded.file), text);
    await expect(open(loaded)).rejects.toMatchObject({ kind: "configuration" });
    await expect(open(loaded)).rejects.toThrow(calibrationPath(loaded.file));
  });

  test("that cannot be written is the bench's failure", async () => {
    const { profile } = await slowTwin("{ off_ms: 8 }");
    const nowhere = { ...profile, file: "/proc/hil/nowhere.yaml" };
    expect(() => saveCalibration(nowhere, calibrationOf(result, nowhere, date))).toThrow("cannot be written");
  });
});
