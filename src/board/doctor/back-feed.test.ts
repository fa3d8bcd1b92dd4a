import { describe, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import type { PowerState, PowerSwitch } from "../../power/index.ts";
import type { Board } from "../parts/board.ts";
import { loadProfile, parseProfile } from "../profile/profile.ts";
import { openTwin } from "../providers/twin.ts";
import { backFeeding, type SwitchedBench } from "./back-feed.ts";

interface Rig {
  readonly bench: SwitchedBench;
  readonly board: Board;
  /** What the switch was told, in order; "port" where it was told with the port open. */
  readonly told: string[];
}

/** A twin whose port can be opened and closed; `fed`: while it is open its relay has no effect. */
async function rig(
  options: { fed?: boolean; stuck?: boolean; cuts?: "reset only"; onOff?: () => void } = {},
): Promise<Rig> {
  const { text, file } = await loadProfile("twin", { cwd: "/" });
  const changed = options.stuck ? text.replace("faults: []", "faults: [relay-stuck]") : text;
  const board = await openTwin(parseProfile(changed, file), { random: Random.fromSeed(1) });
  const told: string[] = [];
  let portOpen = false;
  const power = (close: () => void): PowerSwitch => ({
    facts: { ...board.power.facts, cuts: options.cuts ?? board.power.facts.cuts },
    set: async (state: PowerState, more = {}) => {
      more.signal?.throwIfAborted();
      told.push(portOpen ? `${state}, port` : state);
      if (state === "off") options.onOff?.();
      if (options.fed && portOpen && state === "off") return { sentAtUs: board.clock.nowUs() };
      return board.power.set(state, more);
    },
    [Symbol.asyncDispose]: async () => close(),
  });
  const bench: SwitchedBench = {
    clock: board.clock,
    open: async () => {
      portOpen = true;
      const close = () => {
        portOpen = false;
      };
      return { ...board, power: power(() => {}), [Symbol.asyncDispose]: async () => close() };
    },
    openSwitch: async () => power(() => {}),
  };
  return { bench, board, told };
}

const { signal } = new AbortController();

describe("relay off: does the board still talk", () => {
  test("no: it is silent without power and boots when it is back", async () => {
    const { bench, board, told } = await rig();
    await using _board = board;
    expect(await backFeeding(bench, signal)).toMatchObject({ id: "back-feed", outcome: "ok", findings: [] });
    expect(told).toEqual(["on, port", "off, port", "on, port", "on, port"]);
  });

  test("yes, and no longer once its port is closed: it is fed through its UART pins", async () => {
    const { bench, board, told } = await rig({ fed: true });
    await using _board = board;
    const { findings } = await backFeeding(bench, signal);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ level: "problem", where: "twin" });
    expect(findings[0]?.what).toBe("relay off, but it answers; with its port closed it does lose its power.");
    expect(findings[0]?.remedy).toMatch(/through its UART pins.*2\.2 kOhm/);
    expect(told).toContain("off");
    expect(await board.smp.echo("there")).toBe("there");
  });

  test("yes, also with its port closed: the relay does not cut it", async () => {
    const { bench, board } = await rig({ stuck: true });
    await using _board = board;
    const { findings } = await backFeeding(bench, signal);
    expect(findings[0]?.what).toBe("relay off, but it answers.");
    expect(findings[0]?.remedy).toMatch(/channel and contact \(NO or NC\)/);
  });

  test("nobody can say with a switch that only resets", async () => {
    const { bench, board, told } = await rig({ cuts: "reset only" });
    await using _board = board;
    expect((await backFeeding(bench, signal)).findings[0]).toMatchObject({ level: "note" });
    expect(told).toEqual([]);
  });

  test.each([1, 2])("given up after %d times off leaves power on", async (times) => {
    const stop = new AbortController();
    let offs = 0;
    const onOff = () => {
      offs += 1;
      if (offs === times) stop.abort(new Error("Ctrl-C"));
    };
    const { bench, board } = await rig({ fed: true, onOff });
    await using _board = board;
    await expect(backFeeding(bench, stop.signal)).rejects.toThrow("Ctrl-C");
    expect(await board.smp.echo("there")).toBe("there");
  });
});
