import { describe, expect, test } from "@jest/globals";
import type { Clock } from "../../core/index.ts";
import { cycle, type PowerState, type PowerSwitch } from "../index.ts";

/** A switch with something behind it that a test can look at. */
export interface PowerRig extends AsyncDisposable {
  readonly power: PowerSwitch;
  readonly clock: Clock;
  /** What the supply really does: not what the switch says. */
  supply(): Promise<PowerState>;
  /** The states the supply went through, in order; one that was given twice may stand once or twice. */
  history(): Promise<readonly PowerState[]>;
}

interface Flags {
  readonly open: () => Promise<PowerRig>;
  readonly readsBack: boolean;
  readonly resetOnly?: boolean;
}

/**
 * What holds for every power switch; each driver's test calls it with a rig of its own.
 * @param flags.readsBack false for a switch that cannot be asked: then it must not pretend that it can.
 * @param flags.resetOnly true for one that can only pull reset: its rig counts a reset as off and on at once.
 */
export function powerSwitchContract(name: string, flags: Flags): void {
  describe(`power switch contract: ${name}`, () => {
    obedience(flags);
    order(flags);
    questions(flags);
  });
}

function obedience({ open, resetOnly = false }: Flags): void {
  const left = (state: PowerState) => (resetOnly ? "on" : state);

  test("opening and closing it moves nothing", async () => {
    const rig = await open();
    await rig.power[Symbol.asyncDispose]();
    expect(await rig.history()).toEqual([]);
    await rig[Symbol.asyncDispose]();
  });

  test("the supply follows what is set", async () => {
    await using rig = await open();
    if (resetOnly) await rig.power.set("off");
    for (const state of ["on", "off", "on"] as const) {
      await rig.power.set(state);
      expect(await rig.supply()).toBe(left(state));
    }
  });

  test("a state may be set twice", async () => {
    await using rig = await open();
    for (const state of ["off", "off", "on", "on"] as const) {
      await rig.power.set(state);
      expect(await rig.supply()).toBe(left(state));
    }
  });

  test("the moment it answers lies within the call, in whole microseconds", async () => {
    await using rig = await open();
    const before = rig.clock.nowUs();
    const { sentAtUs } = await rig.power.set("off");
    expect(Number.isInteger(sentAtUs)).toBe(true);
    expect(sentAtUs).toBeGreaterThanOrEqual(before);
    expect(sentAtUs).toBeLessThanOrEqual(rig.clock.nowUs());
  });
}

/** One command at a time, and no command after the end. */
function order({ open, resetOnly = false }: Flags): void {
  test("a cycle ends with power on", async () => {
    await using rig = await open();
    await rig.power.set("on");
    const { offAtUs, onAtUs } = await cycle(rig.power, { clock: rig.clock, offMs: 1 });
    expect((await rig.history()).slice(-2)).toEqual(["off", "on"]);
    expect(onAtUs - offAtUs).toBeGreaterThanOrEqual(1000);
  });

  test("calls that overlap are carried out in their order", async () => {
    await using rig = await open();
    await rig.power.set("on");
    const moments = await Promise.all([rig.power.set("off"), rig.power.set("on"), rig.power.set("off")]);
    const wanted: PowerState[] = resetOnly ? ["off", "on", "off", "on"] : ["off", "on", "off"];
    expect((await rig.history()).slice(-wanted.length)).toEqual(wanted);
    const sent = moments.map(({ sentAtUs }) => sentAtUs);
    expect(sent).toEqual(sent.toSorted((a, b) => a - b));
  });

  test("a signal that has already aborted throws its reason and moves nothing", async () => {
    await using rig = await open();
    await rig.power.set("on");
    const reason = new Error("given up");
    await expect(rig.power.set("off", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await rig.power.set("on");
    expect(await rig.history()).not.toContain("off");
  });

  test("it goes on working after a call was given up", async () => {
    await using rig = await open();
    await expect(rig.power.set("on", { signal: AbortSignal.abort(new Error("given up")) })).rejects.toThrow("given up");
    await rig.power.set("off");
    expect(await rig.supply()).toBe(resetOnly ? "on" : "off");
  });

  test("closing waits for commands that were already given", async () => {
    const rig = await open();
    const restored = rig.power.set(resetOnly ? "off" : "on");
    await rig.power[Symbol.asyncDispose]();
    await restored;
    expect(await rig.supply()).toBe("on");
    await rig[Symbol.asyncDispose]();
  });

  test("once closed it refuses, as a bench error, and may be closed again", async () => {
    await using rig = await open();
    await rig.power[Symbol.asyncDispose]();
    await expect(rig.power.set("on")).rejects.toMatchObject({ kind: "bench", exitCode: 3 });
    await rig.power[Symbol.asyncDispose]();
  });
}

function questions(flags: Flags): void {
  test(
    flags.readsBack ? "it can be asked, and says what was set" : "it does not pretend that it can be asked",
    async () => {
      await using rig = await flags.open();
      expect(rig.power.facts.readsBack).toBe(flags.readsBack);
      const said: string[] = [];
      for (const state of ["on", "off"] as const) {
        await rig.power.set(state);
        if (rig.power.read) said.push(await rig.power.read());
      }
      expect(said).toEqual(flags.readsBack ? ["on", "off"] : []);
    },
  );
}
