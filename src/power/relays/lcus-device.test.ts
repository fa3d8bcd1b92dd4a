import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat, fromHex, hex, textOf, utf8 } from "../../core/index.ts";
import { type CoilChange, LcusDevice } from "./lcus-device.ts";
import {
  LCUS_VARIANTS,
  LcusDecoder,
  type LcusVariant,
  lcusFrame,
  lcusStatusOf,
  lcusStatusText,
} from "./lcus-frames.ts";

function device(variant?: LcusVariant, channels = 4) {
  const changes: CoilChange[] = [];
  const made = new LcusDevice({ channels, ...(variant && { variant }), onChange: (change) => changes.push(change) });
  return { changes, made, feed: (digits: string) => hex(made.feed(fromHex(digits))) };
}

describe("LCUS frames", () => {
  test.each([
    [1, 1, "a00101a2"],
    [1, 0, "a00100a1"],
    [4, 1, "a00401a5"],
    [8, 1, "a00801a9"],
    [8, 0, "a00800a8"],
    [1, 5, "a00105a6"],
    [15, 1, "a00f01b0"],
    [15, 0, "a00f00af"],
    [15, 2, "a00f02b1"],
  ])("channel %i op %i is %s, as sellers' sheets say", (channel, op, bytes) => {
    expect(hex(lcusFrame(channel, op))).toBe(bytes);
  });

  test("come back from the decoder however the bytes are chopped", () => {
    const frame = fc.record({
      channel: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 15),
      op: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(frame), fc.infiniteStream(fc.integer({ min: 1, max: 9 })), (sent, cuts) => {
        const decoder = new LcusDecoder();
        const bytes = concat(...sent.map(({ channel, op }) => lcusFrame(channel, op)));
        const got = [];
        for (let at = 0; at < bytes.length; ) {
          const step = cuts.next().value;
          got.push(...decoder.feed(bytes.subarray(at, at + step)));
          at += step;
        }
        expect(got).toEqual(sent.map((message) => ({ kind: "frame", ...message })));
        expect(decoder.droppedBytes).toBe(0);
      }),
    );
  });

  test("are found again behind any noise that looks like no frame, and the noise is counted", () => {
    const noise = fc
      .uint8Array({ maxLength: 40 })
      .map((bytes) => bytes.filter((byte) => byte !== 0xa0 && byte !== 0xff));
    fc.assert(
      fc.property(noise, (bytes) => {
        const decoder = new LcusDecoder();
        const got = decoder.feed(concat(bytes, lcusFrame(3, 1)));
        expect(got).toEqual([{ kind: "frame", channel: 3, op: 1 }]);
        expect(decoder.droppedBytes).toBe(bytes.length);
      }),
    );
  });
});

describe("the status text of firmware A", () => {
  test("is the golden answer for two channels", () => {
    expect(hex(utf8(lcusStatusText([true, false])))).toBe("4348313a204f4e0d0a4348323a204f46460d0a");
  });

  test("is read with and without the blank, and not before its line ends", () => {
    expect(lcusStatusOf("CH1: ON\r\nCH2:OFF\r\n", 1)).toBe("on");
    expect(lcusStatusOf("CH1:ON \r\n", 1)).toBe("on");
    expect(lcusStatusOf("CH1: ON\r\nCH2:OFF\r\n", 2)).toBe("off");
    expect(lcusStatusOf("CH1: ON\r\nCH2:OFF", 2)).toBeUndefined();
    expect(lcusStatusOf("CH1: ON\r\n", 3)).toBeUndefined();
  });
});

describe("the relay board", () => {
  test("reports each change of a coil once, and none when nothing changes", () => {
    const { feed, changes } = device();
    for (const frame of ["a00101a2", "a00101a2", "a00201a3", "a00100a1"]) expect(feed(frame)).toBe("");
    expect(changes).toEqual([
      { channel: 1, energised: true },
      { channel: 2, energised: true },
      { channel: 1, energised: false },
    ]);
  });

  test("ignores and counts damaged frames, channels it lacks, and ops its firmware lacks", () => {
    const { feed, made, changes } = device("write-only", 2);
    feed("a00101a3");
    feed("a00301a4");
    feed("a00102a3");
    feed("a00f01b0");
    feed("ff");
    expect([changes.length, made.droppedBytes, made.ignoredFrames]).toEqual([0, 4, 3]);
  });

  test("takes op 02 as a question on firmware C and as off on firmware B", () => {
    const c = device("c");
    c.feed("a00101a2");
    expect(c.feed("a00102a3")).toBe(hex(utf8("CH1: ON\r\n")));
    const b = device("b");
    b.feed("a00101a2");
    expect(b.feed("a00102a3")).toBe("a00100a1");
    expect([c.made.energised(1), b.made.energised(1)]).toEqual([true, false]);
  });

  test("toggles and answers on firmware B as its sheet says", () => {
    const { feed } = device("b", 1);
    expect([feed("a00103a4"), feed("a00104a5"), feed("a00104a5"), feed("a00105a6")]).toEqual([
      "a00101a2",
      "a00100a1",
      "a00101a2",
      "a00101a2",
    ]);
  });

  test("switches and answers for all channels at once on firmware C only", () => {
    const { feed, made } = device("c", 2);
    feed("a00f01b0");
    expect([made.energised(1), made.energised(2)]).toEqual([true, true]);
    expect(feed("a00f02b1")).toBe(hex(utf8("CH1: ON\r\nCH2: ON\r\n")));
  });

  test("answers FF with its status text on firmware A", () => {
    const { feed, made } = device("a", 2);
    feed("a00201a3");
    expect(textOf(made.feed(Uint8Array.of(0xff)))).toBe("CH1: OFF\r\nCH2: ON\r\n");
  });

  test("survives any bytes in any firmware, with its coils as its reports say", () => {
    fc.assert(
      fc.property(fc.constantFrom(...LCUS_VARIANTS), fc.array(fc.uint8Array({ maxLength: 12 })), (variant, chunks) => {
        const { made, changes } = device(variant);
        for (const chunk of chunks) made.feed(chunk);
        const last = [1, 2, 3, 4].map((n) => changes.findLast(({ channel }) => channel === n)?.energised ?? false);
        expect([1, 2, 3, 4].map((n) => made.energised(n))).toEqual(last);
      }),
    );
  });
});
