import { describe, expect, test } from "@jest/globals";
import { utf8, VirtualClock } from "../../core/index.ts";
import { memoryLinks, Uart } from "../../serial/index.ts";
import { type BootLine, LogWatch } from "./log-watch.ts";

/** A watch on a line; `say` lets the board print lines and time stand still. */
function bench() {
  const clock = new VirtualClock({ auto: false });
  const [host, board] = memoryLinks({ clock, names: ["VCOM1", "board"] });
  const uart = Uart.open(host, { clock });
  const watch = new LogWatch(uart.name, uart, clock);
  return {
    clock,
    watch,
    send: async (text: string) => {
      void board.write(utf8(text));
      await clock.advance(0);
    },
    say: async (...lines: string[]) => {
      void board.write(utf8(lines.map((line) => `${line}\r\n`).join("")));
      await clock.advance(0);
    },
  };
}

const NEVER = new AbortController().signal;

describe("a log watch", () => {
  test("knows the bootloader's lines by their event and their values", async () => {
    const { watch, say } = bench();
    await say("I: Starting bootloader", "I: Image index: 0, Swap type: revert");
    expect(watch.since(0).map(({ event, fields, text }) => ({ event, fields, text }))).toEqual([
      { event: "starting bootloader", fields: {}, text: "I: Starting bootloader" },
      { event: "swap type", fields: { image: "0", type: "revert" }, text: "I: Image index: 0, Swap type: revert" },
    ]);
  });

  test("keeps the text of lines that nobody knows", async () => {
    const { watch, say } = bench();
    await say("hello from the application");
    expect(watch.since(0)).toMatchObject([{ event: undefined, fields: {}, text: "hello from the application" }]);
  });

  test("tells each line once, in order, until the listener is taken away", async () => {
    const { watch, say } = bench();
    const heard: string[] = [];
    const stop = watch.onLine((line) => heard.push(line.text));
    await say("one", "two");
    stop();
    await say("three");
    expect(heard).toEqual(["one", "two"]);
  });

  test("answers lines from a moment on, that moment included", async () => {
    const { watch, say, clock } = bench();
    await say("early");
    await clock.advance(5);
    await say("on time");
    expect(watch.since(5000).map((line) => line.text)).toEqual(["on time"]);
    expect(watch.since(5001)).toEqual([]);
  });

  test("keeps the last 400 lines and forgets the ones before", async () => {
    const { watch, say } = bench();
    await say(...Array.from({ length: 405 }, (_, index) => `line ${index}`));
    const kept = watch.since(0).map((line) => line.text);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([400, "line 5", "line 404"]);
  });

  test("stamps the last byte as it comes, whether or not it ends a line", async () => {
    const { watch, send, clock } = bench();
    expect(watch.lastByteUs).toBeUndefined();
    await clock.advance(3);
    await send("no end");
    expect(watch.lastByteUs).toBe(3000);
    expect(watch.since(0)).toEqual([]);
  });

  test("says for error texts what came last and how long ago", async () => {
    const { watch, say, clock } = bench();
    expect(watch.lastSeen()).toBe("Nothing has come from VCOM1 yet.");
    await say("I: Starting bootloader");
    await clock.advance(4200);
    expect(watch.lastSeen()).toBe('Last line 4.2 s ago on VCOM1: "I: Starting bootloader".');
  });
});

describe("waiting for a line", () => {
  test("ends with the first that is wanted, not with one that came before", async () => {
    const { watch, say } = bench();
    await say("wanted, too early");
    const found = watch.next((line) => line.text.startsWith("wanted"), NEVER);
    await say("other", "wanted", "wanted again");
    expect((await found).text).toBe("wanted");
  });

  test("ends with the signal's reason, at once when it has aborted already", async () => {
    const { watch } = bench();
    const stop = new AbortController();
    const found = watch.next(() => true, stop.signal);
    stop.abort("enough");
    await expect(found).rejects.toBe("enough");
    await expect(watch.next(() => true, stop.signal)).rejects.toBe("enough");
  });

  test("asks no more about lines once it is over", async () => {
    const { watch, say } = bench();
    const asked: string[] = [];
    const stop = new AbortController();
    const wanted = (line: BootLine) => asked.push(line.text) > 1;
    const found = watch.next(wanted, stop.signal);
    await say("one", "two", "three");
    await found;
    const given = watch.next(wanted, stop.signal).catch(String);
    stop.abort("enough");
    await given;
    await say("four");
    expect(asked).toEqual(["one", "two"]);
  });
});

describe("waiting for quiet", () => {
  /** When the wait ended, in milliseconds, and with what. */
  async function quietAt(act: (bed: ReturnType<typeof bench>) => Promise<void>): Promise<[number, number | undefined]> {
    const bed = bench();
    const done = bed.watch
      .quiet(100)
      .then((lastUs): [number, number | undefined] => [bed.clock.nowUs() / 1000, lastUs]);
    await act(bed);
    return done;
  }

  test("begins anew with each byte, and answers when the last one came", async () => {
    const end = await quietAt(async ({ clock, send }) => {
      await clock.advance(60);
      await send("a");
      await clock.advance(60);
      await send("b");
      await clock.advance(200);
    });
    expect(end).toEqual([220, 120_000]);
  });

  test("takes its full time on a board that never says anything, and answers that", async () => {
    const end = await quietAt(async ({ clock }) => {
      await clock.advance(200);
    });
    expect(end).toEqual([100, undefined]);
  });

  test("is over at once when the board has been silent for long enough", async () => {
    const { watch, clock, send } = bench();
    await send("a");
    await clock.advance(100);
    expect(await watch.quiet(100)).toBe(0);
    expect(clock.nowUs()).toBe(100_000);
  });

  test("ends with the signal's reason", async () => {
    const { watch, send } = bench();
    await send("a");
    const stop = new AbortController();
    const wait = watch.quiet(100, stop.signal);
    stop.abort("enough");
    await expect(wait).rejects.toBe("enough");
  });
});
