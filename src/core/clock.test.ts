import { describe, expect, test } from "@jest/globals";
import { RealClock, sleep, sleepUntil, UNNOTICED } from "./clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe("VirtualClock moved by hand", () => {
  test("two sleeps due at one time wake in the order they were asked", async () => {
    const clock = new VirtualClock({ auto: false });
    const woke: string[] = [];
    for (const name of ["a", "b", "c"]) void sleep(clock, 10).then(() => woke.push(name));
    await clock.advance(10);
    expect(woke).toEqual(["a", "b", "c"]);
  });

  test("advance is relative: two steps of ten end at twenty", async () => {
    const clock = new VirtualClock({ auto: false });
    await clock.advance(10);
    await clock.advance(10);
    expect(clock.nowUs()).toBe(20_000);
  });

  test("after a wake that nobody noticed the next alarm fires at once; after any other one, reactions come first", async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    const wakes = (name: string, value: unknown) => () => {
      order.push(name);
      void Promise.resolve().then(() => order.push(`reaction to ${name}`));
      return value;
    };
    clock.at(1, wakes("unnoticed", UNNOTICED));
    clock.at(2, wakes("noticed", undefined));
    clock.at(3, wakes("last", undefined));
    await sleep(clock, 1);
    expect(order).toEqual([
      "unnoticed",
      "noticed",
      "reaction to unnoticed",
      "reaction to noticed",
      "last",
      "reaction to last",
    ]);
  });

  test("a sleep that begins during an advance is woken in the same advance when it falls due", async () => {
    const clock = new VirtualClock({ auto: false });
    const woke: number[] = [];
    void sleep(clock, 3).then(async () => {
      await sleep(clock, 3);
      woke.push(clock.nowUs());
    });
    await clock.advance(7);
    expect(woke).toEqual([6000]);
  });

  test("an aborted sleep throws the reason and leaves no alarm", async () => {
    const clock = new VirtualClock({ auto: false });
    const stop = new AbortController();
    const slept = sleep(clock, 10, stop.signal);
    stop.abort(new Error("enough"));
    await expect(slept).rejects.toThrow("enough");
    await clock.advance(20);
    expect(clock.nowUs()).toBe(20_000);
  });
});

describe("VirtualClock on its own", () => {
  test("jumps from alarm to alarm and takes no real time for it", async () => {
    const clock = new VirtualClock();
    await sleep(clock, 3_600_000);
    expect(clock.nowUs()).toBe(3_600_000_000);
  });

  test("thousands of alarms fire in the order of their times", async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const times = Array.from({ length: 2000 }, (_, index) => (index * 7919) % 2003);
    await Promise.all(times.map((at) => sleepUntil(clock, at).then(() => fired.push(at))));
    expect(fired).toEqual([...fired].sort((a, b) => a - b));
    expect(fired).toHaveLength(2000);
  });

  test("stands still during real input and output", async () => {
    const clock = new VirtualClock();
    let woke = false;
    void sleep(clock, 1).then(() => {
      woke = true;
    });
    await clock.whileReal(async () => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(woke).toBe(false);
    });
    await sleep(clock, 1);
    expect(woke).toBe(true);
  });
});

describe("RealClock", () => {
  test("never wakes early and wakes short sleeps, too", async () => {
    const clock = new RealClock();
    for (const ms of [0, 0.2, 1, 3]) {
      const beganUs = clock.nowUs();
      await sleep(clock, ms);
      expect(clock.nowUs() - beganUs).toBeGreaterThanOrEqual(ms * 1000);
    }
  });

  test("a cancelled alarm does not fire", async () => {
    const clock = new RealClock();
    let fired = false;
    const cancel = clock.at(clock.nowUs() + 1000, () => {
      fired = true;
    });
    cancel();
    await sleep(clock, 4);
    expect(fired).toBe(false);
  });

  test("alarms wake in the order of their moments, however late the machine is with their timers", async () => {
    const clock = new RealClock();
    const woke: string[] = [];
    const now = clock.nowUs();
    // The first has a timer, the second spins: held up beyond both, Node comes to the second first.
    clock.at(now + 3_000, () => woke.push("first"));
    clock.at(now + 3_000, () => woke.push("first, asked later"));
    while (clock.nowUs() < now + 6_000);
    clock.at(now + 3_001, () => woke.push("second"));
    await sleep(clock, 5);
    expect(woke).toEqual(["first", "first, asked later", "second"]);
  });

  test("an alarm that another one takes away does not fire, and those after it do", async () => {
    const clock = new RealClock();
    const woke: string[] = [];
    const now = clock.nowUs();
    clock.at(now + 1_000, () => {
      woke.push("a");
      cancel();
    });
    const cancel = clock.at(now + 1_001, () => woke.push("b"));
    clock.at(now + 1_002, () => woke.push("c"));
    while (clock.nowUs() < now + 3_000);
    await sleep(clock, 4);
    expect(woke).toEqual(["a", "c"]);
  });
});
