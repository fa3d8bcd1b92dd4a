import { describe, expect, test } from "@jest/globals";
import { Scheduler } from "./scheduler.ts";

function scheduled() {
  let now = 0;
  const earlier: number[] = [];
  const scheduler = new Scheduler(
    () => now,
    (cycle) => earlier.push(cycle),
  );
  const runTo = (cycle: number) => {
    now = cycle;
    scheduler.runDue();
  };
  return { scheduler, runTo, earlier };
}

describe("Scheduler", () => {
  test("does what is due in the order of time, and equal moments in the order they were asked for", () => {
    const { scheduler, runTo } = scheduled();
    const done: string[] = [];
    for (const [cycles, name] of [
      [20, "c"],
      [10, "a"],
      [10, "b"],
    ] as const) {
      scheduler.after(cycles, () => done.push(name));
    }
    runTo(9);
    expect(done).toEqual([]);
    runTo(20);
    expect(done).toEqual(["a", "b", "c"]);
  });

  test("nothing happens at the moment it is asked for: loops between peripherals take time", () => {
    const { scheduler, earlier } = scheduled();
    scheduler.after(0, () => undefined);
    expect([scheduler.next, earlier]).toEqual([1, [1]]);
  });

  test("what was taken back does not happen", () => {
    const { scheduler, runTo } = scheduled();
    let done = false;
    const cancel = scheduler.after(5, () => {
      done = true;
    });
    cancel();
    runTo(100);
    expect([done, scheduler.next]).toEqual([false, Number.POSITIVE_INFINITY]);
  });
});
