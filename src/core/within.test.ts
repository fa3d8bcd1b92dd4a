import { expect, test } from "@jest/globals";
import { sleep } from "./clock.ts";
import { isKind } from "./errors.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { within } from "./within.ts";

test("gives what the work gives when it is in time", async () => {
  const clock = new VirtualClock();
  expect(await within(clock, 100, "an answer", async () => 42)).toBe(42);
});

test("a missed deadline names what was awaited, how long, and what came last", async () => {
  const clock = new VirtualClock();
  const wait = within(clock, 5000, "MCUboot banner", (stop) => sleep(clock, 60_000, stop), {
    lastSeen: () => 'Last line: "hello".',
  });
  await expect(wait).rejects.toThrow('waited 5000 ms for MCUboot banner. Last line: "hello".');
});

test("the loser is stopped: the work's signal aborts at the deadline", async () => {
  const clock = new VirtualClock();
  let stopped = false;
  const wait = within(clock, 10, "nothing", (stop) => {
    stop.addEventListener("abort", () => {
      stopped = true;
    });
    return new Promise<never>(() => {});
  });
  const error: unknown = await wait.catch((reason: unknown) => reason);
  expect(isKind(error, "timeout")).toBe(true);
  expect(stopped).toBe(true);
});

test("the caller's signal wins over the deadline, with its own reason", async () => {
  const clock = new VirtualClock();
  const caller = new AbortController();
  const wait = within(clock, 1000, "nothing", (stop) => sleep(clock, 5000, stop), { signal: caller.signal });
  caller.abort(new Error("Ctrl-C"));
  await expect(wait).rejects.toThrow("Ctrl-C");
});
