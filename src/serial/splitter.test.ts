import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat, hex, textOf, utf8 } from "../core/index.ts";
import type { FrameRecogniser, UartLine } from "./recogniser.ts";
import { UartSplitter } from "./splitter.ts";

const BASE64 = /[A-Za-z0-9+/=\r ]/;
const START = [0x06, 0x09] as const;
const MORE = [0x04, 0x14] as const;

function rig(options: { textBytesMax?: number } = {}) {
  const lines: UartLine[] = [];
  const frames: string[] = [];
  const recogniser: FrameRecogniser = {
    name: "smp",
    markers: [START, MORE],
    lineBytesMax: 127,
    allows: (byte) => BASE64.test(String.fromCharCode(byte)),
    accept: (line) => frames.push(textOf(line.bytes)),
  };
  const splitter = new UartSplitter((line) => lines.push(line), options);
  const remove = splitter.add(recogniser);
  const push = (bytes: Uint8Array | string, atUs = 0) =>
    splitter.push({ atUs, bytes: typeof bytes === "string" ? Uint8Array.from(Buffer.from(bytes, "latin1")) : bytes });
  return { splitter, lines, frames, push, remove, recogniser, texts: () => lines.map((line) => line.text) };
}

describe("frames and log text on one UART", () => {
  test("a frame line in the middle of a line of text leaves that line whole", () => {
    const { push, frames, texts } = rig();
    push("uart:~$ \x06\x09ABCD\nkernel version\r\n");
    expect(frames).toEqual(["\x06\x09ABCD\n"]);
    expect(texts()).toEqual(["uart:~$ kernel version"]);
  });

  test("a log line between the two frame lines of one packet arrives whole", () => {
    const { push, frames, texts } = rig();
    push("\x06\x09ABCD\n[00:00:01] <inf> hello\r\n\x04\x14EFGH\n");
    expect(frames).toEqual(["\x06\x09ABCD\n", "\x04\x14EFGH\n"]);
    expect(texts()).toEqual(["[00:00:01] <inf> hello"]);
  });

  test("half a marker at the end of a chunk waits for its other half", () => {
    const { push, frames, texts } = rig();
    push("log \x06");
    push("\x09AB");
    push("CD\nmore\n");
    expect(frames).toEqual(["\x06\x09ABCD\n"]);
    expect(texts()).toEqual(["log more"]);
  });

  test("a lone marker byte is no frame and costs no text", () => {
    const { push, frames, texts } = rig();
    push("a\x06b\x04c\x06\x06\x09ABCD\nd\n");
    expect(frames).toEqual(["\x06\x09ABCD\n"]);
    expect(texts()).toEqual(["abcd"]);
  });

  test("a new marker drops the unfinished frame before it, counted", () => {
    const { push, frames, splitter } = rig();
    push("\x06\x09ABC\x06\x09WXYZ\n");
    expect(frames).toEqual(["\x06\x09WXYZ\n"]);
    expect(splitter.counters.unfinishedFrames).toBe(1);
  });

  test("a board reset in mid-answer loses the answer and no log line", () => {
    const { push, frames, texts, splitter } = rig();
    push("\x06\x09ABMC*** Booting MCUboot v2.4.0 ***\r\nI: Starting bootloader\r\n\x06\x09WXYZ\n");
    expect(frames).toEqual(["\x06\x09WXYZ\n"]);
    expect(texts()).toEqual(["ABMC*** Booting MCUboot v2.4.0 ***", "I: Starting bootloader"]);
    expect(splitter.counters.brokenFrames).toBe(1);
  });

  test("a frame line over its limit is dropped to its line feed, counted, and the next one is fine", () => {
    const { push, frames, texts, splitter } = rig();
    push(`\x06\x09${"A".repeat(124)}\n\x06\x09${"A".repeat(125)}\n\x06\x09BBBB\ntext\n`);
    expect(frames.map((frame) => frame.length)).toEqual([127, 7]);
    expect(splitter.counters.overlongFrames).toBe(1);
    expect(texts()).toEqual(["text"]);
  });
});

describe("lines of text", () => {
  test("colours, prompts, NUL and carriage returns are taken out, tabs and UTF-8 stay", () => {
    const { push, texts } = rig();
    push(concat(utf8("\x1b[1;31mE: r\u00e4d\x1b[0m\r\r\n\0\x1b]0;title\x07a\tb\n"), Uint8Array.of(0xff, 0x41, 0x0a)));
    expect(texts()).toEqual(["E: räd", "a\tb", "ÿA"]);
  });

  test("a line over the limit comes in pieces and is counted once", () => {
    const { push, texts, splitter } = rig({ textBytesMax: 8 });
    push("0123456789abcdefXYZ\nshort\n");
    expect(texts()).toEqual(["01234567", "89abcdef", "XYZ", "short"]);
    expect(splitter.counters.cutLines).toBe(1);
  });

  test("text without a line end is pending, and comes out at the end of the link", () => {
    const { push, texts, splitter } = rig();
    push("done\nuart:~$ ");
    expect([texts(), splitter.pending]).toEqual([["done"], "uart:~$ "]);
    splitter.end(7);
    expect([texts(), splitter.pending]).toEqual([["done", "uart:~$ "], ""]);
  });

  test("a line is stamped with the arrival of its line feed", () => {
    const { push, lines } = rig();
    push("be", 1);
    push("gun\nnext", 2);
    push("\n", 3);
    expect(lines).toEqual([
      { atUs: 2, text: "begun" },
      { atUs: 3, text: "next" },
    ]);
  });
});

describe("recognisers", () => {
  test("two recognisers may not claim one marker", () => {
    const { splitter, recogniser } = rig();
    expect(() => splitter.add({ ...recogniser, name: "other" })).toThrow("other and smp claim one marker, 0x609");
  });

  test("once taken away, its frames are text again", () => {
    const { push, remove, frames, texts } = rig();
    remove();
    push("\x06\x09ABCD\n");
    expect([frames, texts()]).toEqual([[], ["\tABCD"]]);
  });
});

const base64Line = fc.uint8Array({ minLength: 0, maxLength: 93 }).map((bytes) => Buffer.from(bytes).toString("base64"));
const frame = fc
  .tuple(fc.constantFrom("\x06\x09", "\x04\x14"), base64Line)
  .map(([marker, text]) => ({ kind: "frame" as const, bytes: `${marker}${text}\n` }));
const word = fc.stringMatching(/^[ -~]{1,20}$/).map((bytes) => ({ kind: "text" as const, bytes }));
const lineEnd = fc.constantFrom("\n", "\r\n").map((bytes) => ({ kind: "text" as const, bytes }));
const cuts = fc.array(fc.nat(), { maxLength: 30 });

function inChunks(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const edges = [...new Set(at.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...edges, bytes.length].map((edge, index) => bytes.slice(edges[index - 1] ?? 0, edge));
}

describe("laws", () => {
  test("frames and lines of any mixture come out whole and in order, however it is cut into chunks", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(frame, word, lineEnd), { maxLength: 40 }), cuts, (items, at) => {
        const { push, splitter, frames, texts } = rig();
        for (const chunk of inChunks(Buffer.from(items.map((item) => item.bytes).join(""), "latin1"), at)) push(chunk);
        splitter.end(0);
        expect(frames).toEqual(items.filter((item) => item.kind === "frame").map((item) => item.bytes));
        const text = items.filter((item) => item.kind === "text").map((item) => item.bytes);
        const lines = text.join("").replaceAll("\r", "").split("\n");
        expect(texts()).toEqual(lines.filter((line) => line !== ""));
      }),
    );
  });

  test("any bytes give the same lines, frames and counters in one chunk as in many", () => {
    const noisy = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      frame.map(({ bytes }) => Uint8Array.from(Buffer.from(bytes))),
    );
    fc.assert(
      fc.property(fc.array(noisy, { maxLength: 20 }), cuts, (parts, at) => {
        const bytes = concat(...parts);
        const [whole, cut] = [rig(), rig()];
        whole.push(bytes);
        for (const chunk of inChunks(bytes, at)) cut.push(chunk);
        whole.splitter.end(0);
        cut.splitter.end(0);
        expect(cut.frames).toEqual(whole.frames);
        expect(cut.texts()).toEqual(whole.texts());
        expect(cut.splitter.counters).toEqual(whole.splitter.counters);
      }),
    );
  });

  test("text that is no UTF-8 loses the same escapes and controls as UTF-8, and nothing else", () => {
    const piece = fc.oneof(
      fc.constantFrom("\x1b[", "\x1b]", "\x1b\\", "\x1b", "\x07", "0;1", " ", "m", "\x9b", "\t", "z"),
      fc.uint8Array({ maxLength: 6 }).map((bytes) => textOf(bytes)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        // What is ASCII is told from what is UTF-8 by one letter more, and from Latin-1 by one that is no UTF-8.
        const ascii = pieces.join("").replaceAll(/[\n\x80-\xff]/g, "");
        const line = (text: Uint8Array) => {
          const lines: string[] = [];
          const splitter = new UartSplitter((told) => lines.push(told.text));
          splitter.push({ atUs: 0, bytes: text });
          splitter.end(0);
          return lines.join("");
        };
        const plain = line(utf8(`${ascii}\x18.`)).slice(0, -1);
        expect(line(utf8(`${ascii}\x18é`)).slice(0, -1)).toBe(plain);
        expect(line(concat(utf8(`${ascii}\x18`), Uint8Array.of(0xff))).slice(0, -1)).toBe(plain);
      }),
    );
  });

  test("no garbage before a frame loses that frame", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), base64Line, (garbage, text) => {
        const { push, frames } = rig();
        push(concat(garbage, utf8(`\x06\x09${text}\n`)));
        expect(hex(utf8(frames.at(-1) ?? ""))).toBe(hex(utf8(`\x06\x09${text}\n`)));
      }),
    );
  });
});
