import { describe, expect, test } from "@jest/globals";
import { machineOf, searched, toldHistory } from "../testing/told-history.ts";
import type { Leg } from "../world/machine.ts";

const ask: Leg = { acts: [{ kind: "ask" }] };
const idle: Leg = { acts: [] };

/** The operation after the last move of an upgrade to an image of five sectors. */
const AFTER_THE_LAST_MOVE = 36;

describe("a search for what a log shows", () => {
  test("names an image that nobody confirmed, and is sure of it", () => {
    const evidence = toldHistory(machineOf({ generation: "ncs-3.0" }), [idle, ask, idle], { list: true });
    const result = searched(evidence);
    expect(result.candidates[0]?.cause).toBe("unconfirmed");
    expect([result.sure, result.fitting]).toEqual([true, 1]);
  });

  test("names #1588 by a cut right after the last move, in the release that a banner names", () => {
    const legs = [ask, idle, idle].map((leg, at) =>
      at === 0 ? { ...leg, cut: { operation: AFTER_THE_LAST_MOVE } } : leg,
    );
    const result = searched(toldHistory(machineOf({ generation: "ncs-2.2" }), legs));
    expect(result.candidates[0]).toMatchObject({ cause: "R11-1588", distance: 0, generations: ["ncs-2.2"] });
  });

  test("needs no banner, and takes time stamps and a log that begins in the middle of a boot", () => {
    const evidence = toldHistory(machineOf({ generation: "ncs-3.0" }), [ask, idle, idle], {
      style: "time stamps",
      spoilt: (log) => log.split("\n").slice(4).join("\n"),
    });
    expect(evidence.boots[0]?.headSeen).toBe(false);
    expect(searched(evidence).candidates[0]?.cause).toBe("unconfirmed");
  });

  test("of two lines that no bootloader prints together nothing fits, and it says what is nearest", () => {
    const evidence = toldHistory(machineOf({ generation: "ncs-3.0" }), [ask, idle], {
      spoilt: (log) => log.replaceAll("Boot source: none", "Boot source: primary slot"),
    });
    const result = searched(evidence);
    expect([result.fitting, result.sure]).toEqual([0, false]);
  });

  test("is not sure when its budget ends before all worlds were looked in", () => {
    const evidence = toldHistory(machineOf({ generation: "ncs-3.0" }), [idle, ask, idle]);
    const result = searched(evidence, 3);
    expect([result.complete, result.sure]).toEqual([false, false]);
  });

  test("gives the same answer twice", () => {
    const evidence = toldHistory(machineOf({ generation: "ncs-2.4" }), [ask, idle]);
    const [one, two] = [searched(evidence), searched(evidence)];
    expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  });

  test("a list and a sentence without a log name what may be, and are never called sure", () => {
    const machine = machineOf({ generation: "ncs-3.0" });
    const evidence = {
      ...toldHistory(machine, [ask, idle], { list: true, say: ["The old version runs again."] }),
      boots: [],
    };
    const result = searched({ ...evidence, modes: ["move"], generations: evidence.generations.slice(0, 1) });
    expect(result.candidates.map(({ cause }) => cause)).toContain("unconfirmed");
    expect(result.sure).toBe(false);
  });
});
