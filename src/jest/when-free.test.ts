import { describe, expect, test } from "@jest/globals";
import { BenchError, sleep, VirtualClock } from "../core/index.ts";
import { FileScope } from "./at-end.ts";
import { whenFree } from "./when-free.ts";

/** The error of a lock that somebody holds, as the lease gives it. */
const held = (who: string) => Object.assign(new BenchError(`port x is in use by ${who}.`), { code: "held" });

/** A board that is free from `freeMs` on; before, `holder` says who has it. */
function waiting(freeMs: number, more: { waitMs?: number; isOwn?: boolean; holder?: (atMs: number) => string } = {}) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const stop = new AbortController();
  const open = async () => {
    const atMs = clock.nowUs() / 1000;
    if (atMs >= freeMs) return `open at ${atMs}`;
    throw held(more.holder?.(atMs) ?? "ci");
  };
  const options = { waitMs: more.waitMs ?? 10_000, clock, signal: stop.signal, isOwn: () => more.isOwn === true };
  const opened = whenFree("lab-07", open, { ...options, say: (line) => said.push(line) });
  return { clock, said, stop, opened };
}

describe("a board that somebody holds", () => {
  test("is had as soon as it is free, and one line says who held it", async () => {
    const { opened, said } = waiting(900);
    expect(await opened).toBe("open at 1000");
    expect(said).toEqual(["bench() waits for lab-07, 10 s at most: port x is in use by ci."]);
  });

  test("is told again only when somebody else holds it", async () => {
    const { opened, said } = waiting(3000, { holder: (atMs) => (atMs < 1500 ? "ci" : "ana") });
    await opened;
    expect(said.map((line) => line.split(" by ")[1])).toEqual(["ci.", "ana."]);
  });

  test("is given up when the wait is over, as the bench's failure that names the holder", async () => {
    const { opened } = waiting(60_000, { waitMs: 2000 });
    await expect(opened).rejects.toMatchObject({
      kind: "bench",
      message: "lab-07 was not free within 2 s: port x is in use by ci.",
      hint: expect.stringContaining("--maxWorkers=1"),
    });
  });

  test("is not waited for when nobody wants to wait, or when the file itself holds it", async () => {
    await expect(waiting(1, { waitMs: 0 }).opened).rejects.toThrow("not free within 0 s");
    await expect(waiting(1, { isOwn: true }).opened).rejects.toThrow("open in this test file already");
  });

  test("is let go of when the test file ends", async () => {
    const { opened, stop, clock } = waiting(60_000);
    clock.at(clock.nowUs() + 700_000, () => stop.abort(new Error("the file has ended")));
    await expect(opened).rejects.toThrow("the file has ended");
  });

  test("any other failure is not waited for", async () => {
    const clock = new VirtualClock();
    const options = { waitMs: 1000, clock, signal: new AbortController().signal, say: () => {}, isOwn: () => false };
    await expect(whenFree("x", () => Promise.reject(new BenchError("no port.")), options)).rejects.toThrow("no port.");
    expect(clock.nowUs()).toBe(0);
  });
});

describe("the end of a test file", () => {
  test("closes what is open and what is being opened, and refuses what would be opened then", async () => {
    const clock = new VirtualClock();
    const closed: string[] = [];
    const thing = (name: string) => ({ close: async () => void closed.push(name) });
    const scope = new FileScope();
    await scope.opening(async () => thing("open"));
    const late = scope.opening(async () => {
      await sleep(clock, 100);
      return thing("late");
    });
    await scope.end();
    expect(closed.toSorted()).toEqual(["late", "open"]);
    await late;
    await expect(scope.opening(async () => thing("never"))).rejects.toThrow("the test file has ended");
    expect(scope.signal.aborted).toBe(true);
  });

  test("closes all, even when one cannot be closed, and says so", async () => {
    const closed: string[] = [];
    const scope = new FileScope();
    await scope.opening(async () => ({ close: () => Promise.reject(new BenchError("the relay is gone.")) }));
    await scope.opening(async () => ({ close: async () => void closed.push("second") }));
    await expect(scope.end()).rejects.toThrow("the relay is gone.");
    expect(closed).toEqual(["second"]);
  });

  test("an opening that fails leaves nothing to close; what was closed is not closed again", async () => {
    let closes = 0;
    const scope = new FileScope();
    await expect(scope.opening(() => Promise.reject(new BenchError("no port.")))).rejects.toThrow("no port.");
    const one = { close: async () => void (closes += 1) };
    await scope.opening(async () => one);
    scope.closed(one);
    await scope.end();
    expect(closes).toBe(0);
  });
});
