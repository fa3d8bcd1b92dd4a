import { describe, expect, test } from "@jest/globals";
import type { WearLedger } from "../../board/index.ts";
import type { RunEvent } from "../record/run-event.ts";
import { WearMeter } from "./wear.ts";

const PAGE = 4096;

function meter(cyclesMax: number, ledger?: WearLedger) {
  const events: RunEvent[] = [];
  const wear = new WearMeter({ cyclesMax, pageBytes: PAGE, ledger });
  return { wear, events, report: () => wear.report({ event: (event) => events.push(event) }, 5) };
}

const times = (count: number, offset: number) => Array.from({ length: count }, () => offset);

describe("wear", () => {
  test("is that of the page that was erased most often", () => {
    const { wear } = meter(100);
    expect(wear.worst).toEqual({ cycles: 0, offset: 0 });
    wear.count([PAGE, 2 * PAGE, PAGE]);
    wear.count(times(3, 5 * PAGE + 8));
    expect(wear.worst).toEqual({ cycles: 3, offset: 5 * PAGE });
  });

  test("lets a cut happen while a page has eight erases left, and not with seven", () => {
    const { wear } = meter(10);
    wear.count(times(2, PAGE));
    wear.allowNext();
    wear.count([PAGE]);
    expect(() => wear.allowNext()).toThrow("the page at 0x1000 has been erased 3 times of the 10 it is allowed.");
    expect(() => wear.allowNext()).toThrow(expect.objectContaining({ kind: "bench" }));
  });

  test("is reported each time, with a warning once when half of a page's life is spent", () => {
    const { wear, events, report } = meter(10);
    wear.count(times(4, PAGE));
    report();
    expect(events).toEqual([{ atUs: 5, event: "wear", cyclesMax: 10, spent: 4, page: "0x1000" }]);
    wear.count([PAGE]);
    report();
    report();
    expect(events.filter((event) => event.event === "warning")).toEqual([
      { atUs: 5, event: "warning", text: "the page at 0x1000 has spent 5 of its 10 erase cycles" },
    ]);
    expect(events.filter((event) => event.event === "wear")).toHaveLength(3);
  });

  test("of earlier runs counts, and what this one adds is kept page by page", () => {
    let kept: Readonly<Record<string, number>> = { 7: 40, 2: 1 };
    const ledger: WearLedger = {
      load: () => kept,
      save: (cycles) => {
        kept = cycles;
      },
    };
    const { wear, report } = meter(100, ledger);
    wear.count([2 * PAGE, 3 * PAGE]);
    expect(wear.worst).toEqual({ cycles: 40, offset: 7 * PAGE });
    report();
    expect(kept).toEqual({ 2: 2, 3: 1, 7: 40 });
    expect(meter(100, ledger).wear.worst.cycles).toBe(40);
  });
});
