import { expect, test } from "@jest/globals";
import { sleep, textOf, utf8, VirtualClock } from "../../core/index.ts";
import { fileHandlers } from "./file-server.ts";
import type { HandlerContext } from "./server.ts";

const CONTEXT: HandlerContext = { version: 2, receivedAtUs: 0, afterAnswer: () => undefined };

/** A server over files that are stored, as it is after a start. */
function started(files: Map<string, Uint8Array>, clock: VirtualClock, ended = new AbortController().signal) {
  const handlers = fileHandlers({ files, mount: "/lfs1", clock, ended });
  const write = (off: number, text: string, len?: number) =>
    handlers.writeFile?.({ off, name: "/lfs1/f", data: utf8(text), ...(len === undefined ? {} : { len }) }, CONTEXT);
  return { write, handlers, stored: () => textOf(files.get("/lfs1/f") ?? utf8("none")) };
}

test("pieces are stored with the last one, not before", () => {
  const { write, stored } = started(new Map([["/lfs1/f", utf8("old")]]), new VirtualClock());
  expect([write(0, "ab", 4), stored()]).toEqual([{ off: 2 }, "old"]);
  expect([write(2, "cd"), stored()]).toEqual([{ off: 4 }, "abcd"]);
});

test("an upload that nobody goes on with is closed after four seconds, as a part", async () => {
  const clock = new VirtualClock();
  const { write, stored } = started(new Map([["/lfs1/f", utf8("old")]]), clock);
  void write(0, "ab", 4);
  await sleep(clock, 3_900);
  expect(stored()).toBe("old");
  await sleep(clock, 200);
  expect(stored()).toBe("ab");
});

test("a reset forgets what is open: an old file stays, a new one is there with nothing in it", async () => {
  const [files, clock] = [new Map([["/lfs1/f", utf8("old")]]), new VirtualClock()];
  const over = new AbortController();
  void started(files, clock, over.signal).write(0, "ab", 4);
  over.abort();
  await sleep(clock, 5_000);
  expect(started(files, clock).stored()).toBe("old");
  files.delete("/lfs1/f");
  void started(files, clock).write(0, "ab", 4);
  expect(started(files, clock).stored()).toBe("");
});

test("after a reset a piece at the old file's end goes behind it", () => {
  const { write, stored } = started(new Map([["/lfs1/f", utf8("old")]]), new VirtualClock());
  void write(3, "new");
  expect(() => write(9, "x")).toThrow();
  expect(stored()).toBe("oldnew");
});
