import { expect, test } from "@jest/globals";
import { type openBoard } from "../../board/index.ts";
import { BenchError, VirtualClock } from "../../core/index.ts";
import { parseArguments } from "../terminal/arguments.ts";
import { WAIT_OPTIONS, waitingOpen } from "./lock-wait.ts";

class Held extends BenchError {
  readonly code = "held";
}

/** A board that is in use for so many tries. */
function bench(tries: number, fault: Error = new Held("port /dev/x is in use by hil run, process 7.")) {
  const clock = new VirtualClock();
  const told: string[] = [];
  const stop = new AbortController();
  let asked = 0;
  const open = (async () => {
    asked += 1;
    if (asked <= tries) throw fault;
    return "open";
  }) as unknown as typeof openBoard;
  const io = { err: (text: string) => void told.push(text), signal: stop.signal };
  const parsed = (argv: readonly string[]) => {
    const args = parseArguments(
      { ...io, out: () => undefined, columns: 80 } as never,
      argv,
      "hil run",
      WAIT_OPTIONS,
      0,
    );
    if (args === undefined) throw new Error("no arguments");
    return args;
  };
  const start = (...argv: readonly string[]) =>
    waitingOpen(parsed(argv), io, open, clock)({} as never, {} as never).catch((error: unknown) => error);
  return { clock, told, stop, start, asked: () => asked };
}

test("without --wait a board in use is told at once", async () => {
  const { start, told } = bench(1);
  expect(await start()).toMatchObject({ code: "held" });
  expect(told).toEqual([]);
});

test("with --wait it is tried again until it is free, and its holder is told once", async () => {
  const { clock, start, told } = bench(3);
  const opened = start("--wait", "10s");
  await clock.advance(5_000);
  expect(await opened).toBe("open");
  expect(told).toEqual(["hil: port /dev/x is in use by hil run, process 7: waiting for it, 10s at most\n"]);
});

test("the wait is bounded: then the holder's error is the run's", async () => {
  const { clock, start, asked } = bench(1000);
  const opened = start("--wait", "2s");
  await clock.advance(60_000);
  expect(await opened).toMatchObject({ code: "held", exitCode: 3 });
  expect(asked()).toBe(5);
});

test("Ctrl-C ends the waiting, and another fault is not waited for", async () => {
  const { clock, stop, start } = bench(1000);
  const opened = start("--wait", "2h");
  await clock.advance(1_000);
  stop.abort(new BenchError("stopped"));
  expect(await opened).toMatchObject({ message: "stopped" });
  const other = bench(1, new BenchError("the port is gone."));
  expect(await other.start("--wait", "2h")).toMatchObject({ message: "the port is gone." });
});
