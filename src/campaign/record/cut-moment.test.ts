import { describe, expect, test } from "@jest/globals";
import { type CutMoment, cutsIn, PLANNED_CUT_SCHEMA } from "./cut-moment.ts";

/** One cut of each kind, as records of 0.1.0 have it, and what it can be made in. */
const ROWS: readonly (readonly [CutMoment, string])[] = [
  [{ kind: "time", afterResetUs: 1 }, "boot upload request"],
  [{ kind: "log", pattern: "Starting swap", delayUs: 2 }, "boot"],
  [{ kind: "operation", operation: 6.5 }, "boot upload"],
  [{ kind: "upload", bytes: 3, delayUs: 4 }, "upload"],
  [{ kind: "smp", after: "request", delayUs: 5 }, "request"],
  [{ kind: "current", edge: "rise", microamps: 6, forUs: 7, delayUs: 8 }, "boot"],
];

describe("the moment of a cut", () => {
  test.each(ROWS)("%j is read from a replay as it is, with and without cuts that follow", (moment) => {
    const cut = { index: 1, ...moment };
    const pair = { ...cut, following: [{ operation: 6.5 }, { share: 0.5 }] };
    expect([cut, pair].map((row) => PLANNED_CUT_SCHEMA.parse(row))).toEqual([cut, pair]);
  });

  test.each(ROWS)("%j lacks nothing and has nothing more: else a replay is refused", (moment) => {
    const fields = Object.entries({ index: 1, ...moment });
    for (const [name] of fields) {
      const less = Object.fromEntries(fields.filter(([other]) => other !== name));
      expect({ name, ok: PLANNED_CUT_SCHEMA.safeParse(less).success }).toEqual({ name, ok: false });
    }
    expect(PLANNED_CUT_SCHEMA.safeParse({ index: 1, ...moment, more: 1 }).success).toBe(false);
  });

  test.each(ROWS)("%j can be made in: %s", (moment, places) => {
    const cut = { index: 9, ...moment };
    const found = (["boot", "upload", "request"] as const).filter((place) => {
      try {
        return cutsIn(place, [cut]).length === 1;
      } catch (error) {
        expect(String(error)).toContain("cut 9");
        return false;
      }
    });
    expect(found.join(" ")).toBe(places);
  });
});
