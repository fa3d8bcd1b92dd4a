import { describe, expect, test } from "@jest/globals";
import { type Board, type Health, type HealthMark, openBoard } from "../../board/index.ts";
import { BenchError, Random } from "../../core/index.ts";
import type { RunEvent } from "../record/run-event.ts";
import { buildMaterial } from "../request/material.ts";
import { type Edit, eventsOf, smallProfile, smallScenario } from "../testing/small-campaign.ts";
import { smallTrial } from "../testing/small-trial.ts";
import { RecordedBoard } from "./recorded-board.ts";
import { leaveBoard, wakeBoard } from "./recover.ts";
import { StartingPoint } from "./starting-point.ts";

const BOOT_MS = 20_000;

/** A mark in memory. */
function markOf(first: Health): HealthMark & { now: Health } {
  const since = "2026-11-21T14:00:00.000Z";
  const mark: HealthMark & { now: Health } = {
    now: first,
    load: () => mark.now,
    markDirty: (because) => void (mark.now = { schema: 1, state: "dirty", since, because }),
    markBad: (because) => void (mark.now = { schema: 1, state: "bad", since, because }),
    clear: () => void (mark.now = { state: "good" }),
  };
  return mark;
}

const DIRTY: Health = { schema: 1, state: "dirty", since: "2026-11-21T13:00:00.000Z", because: "a run" };

/** A small twin with a mark; `changed` says what else is other than a twin's. */
async function bench(first: Health, changed: (board: Board) => Partial<Board> = () => ({}), ...edits: readonly Edit[]) {
  const loaded = smallProfile(...edits);
  const random = Random.fromSeed(1);
  const twin = await openBoard(loaded, { random });
  const health = markOf(first);
  const board: Board = { ...twin, health, ...changed(twin), [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose]() };
  const { images, expected } = await buildMaterial({ scenario: smallScenario(), board: loaded }, board, random);
  const events: RunEvent[] = [];
  const recorded = new RecordedBoard(board, { event: (event) => events.push(event) }, new AbortController().signal);
  const recovery = {
    startingPoint: new StartingPoint(smallTrial(recorded, expected), images),
    images,
    bootMs: BOOT_MS,
  };
  return {
    board,
    health,
    events,
    recorded,
    wake: () => wakeBoard(recorded, recovery),
    steps: () => eventsOf(events, "recovery").map(({ step, worked }) => `${step}: ${worked}`),
    /** What no bootloader starts. */
    brick: () => twin.flasher?.programPrimary(new Uint8Array(64)) ?? Promise.resolve(),
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

describe("a board that a run left in the middle of something", () => {
  test("is awake after power on, and dirty again from then on", async () => {
    await using bed = await bench(DIRTY);
    await bed.board.power.set("off");
    await bed.wake();
    expect(bed.steps()).toEqual(["power on: true"]);
    expect(bed.health.now).toMatchObject({ state: "dirty", because: "a run was under way and did not end" });
  });

  test("is flashed when it does not boot", async () => {
    await using bed = await bench(DIRTY);
    await bed.brick();
    await bed.wake();
    expect(bed.steps()).toEqual(["power on: false", "power cycle: false", "old image flashed: true"]);
    expect((await bed.recorded.imageState())[0]).toMatchObject({ version: "1.0.0", slot: 0 });
  });

  test("is brought back through serial recovery by its button, without a debug probe", async () => {
    const press = `{ driver: lcus, port: { path: "twin:relay" }, channel: 2, contact: NO }`;
    await using bed = await bench(
      DIRTY,
      () => ({ flasher: undefined as never }),
      ["mode: swap-move", "mode: swap-move, recovery: [button]"],
      ["slots:", `recovery: { enter: button, press: ${press} }\nslots:`],
    );
    await bed.brick();
    await bed.wake();
    expect(bed.steps()).toEqual(["power on: false", "power cycle: false", "old image by serial recovery: true"]);
    expect((await bed.recorded.imageState())[0]).toMatchObject({ version: "1.0.0", slot: 0 });
  });

  test("gets its baseline when flashing alone does not help, and then the old image", async () => {
    const acts: string[] = [];
    await using bed = await bench(DIRTY, (twin) => ({
      profile: { ...twin.profile, flasher: { tool: "nrfutil", timeoutMs: 1, baseline: { app: "baseline.hex" } } },
      flasher: {
        programPrimary: async (image) => {
          acts.push("program");
          // The bootloader is broken until the baseline has brought it back.
          await twin.flasher?.programPrimary(acts.includes("recover") ? image : new Uint8Array(64));
        },
        recover: async () => void acts.push("recover"),
      },
    }));
    await bed.brick();
    await bed.wake();
    expect(acts).toEqual(["program", "recover", "program"]);
    expect(bed.steps().at(-1)).toBe("baseline flashed: true");
  });

  test("is never erased without a baseline in its profile: that would take its bootloader", async () => {
    const acts: string[] = [];
    await using bed = await bench(DIRTY, () => ({
      flasher: {
        programPrimary: async () => void acts.push("program"),
        recover: async () => void acts.push("recover"),
      },
    }));
    await bed.brick();
    await expect(bed.wake()).rejects.toThrow(/^small is marked bad: it did not come back/);
    expect(acts).toEqual(["program"]);
  });

  test("that nothing brings back is marked bad: exit 3, with what was tried and how to clear the mark", async () => {
    await using bed = await bench(DIRTY, () => ({
      flasher: {
        programPrimary: () => Promise.reject(new BenchError("programming by nrfutil failed (no probe), exit code 1.")),
      },
    }));
    await bed.brick();
    await expect(bed.wake()).rejects.toMatchObject({
      exitCode: 3,
      permanent: true,
      message: expect.stringMatching(/power on: .*; power cycle: .*; old image flashed: programming by nrfutil failed/),
      hint: expect.stringContaining("hil board recover"),
    });
    expect(bed.health.now).toMatchObject({ state: "bad", because: expect.stringContaining("power cycle: ") });
  });

  test("is not blamed for a switch that is gone: the mark stays what it was", async () => {
    await using bed = await bench(DIRTY, (twin) => ({
      power: {
        ...twin.power,
        facts: twin.power.facts,
        set: () => Promise.reject(new BenchError("the switch is gone.")),
      },
    }));
    await expect(bed.wake()).rejects.toThrow("the switch is gone.");
    expect(bed.health.now).toBe(DIRTY);
  });
});

describe("a board that is good", () => {
  test("is marked before its power moves, and only once it has answered: a wrong port marks nothing", async () => {
    await using bed = await bench({ state: "good" });
    await bed.wake();
    expect(bed.health.now).toMatchObject({ state: "dirty" });
    expect(bed.steps()).toEqual([]);
    await using silent = await bench({ state: "good" }, () => ({ flasher: undefined as never }));
    await silent.brick();
    await expect(silent.wake()).rejects.toThrow("small does not answer");
    expect(silent.health.now).toEqual({ state: "good" });
  });

  test("loses its mark at the end of a run when it answers, and keeps it when it does not", async () => {
    await using bed = await bench({ state: "good" });
    await bed.wake();
    await leaveBoard(bed.recorded, BOOT_MS);
    expect(bed.health.now).toEqual({ state: "good" });
    await bed.wake();
    await bed.brick();
    await bed.board.power.set("off");
    await bed.board.power.set("on");
    await leaveBoard(bed.recorded, BOOT_MS);
    expect(bed.health.now).toMatchObject({ state: "dirty" });
    expect(eventsOf(bed.events, "warning").at(-1)?.text).toMatch(/^the next run will recover the board: /);
  });
});
