import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat, fromHex, hex, textOf, utf8 } from "../../core/index.ts";
import { UartSplitter } from "../../serial/index.ts";
import { decodeSmpHeader, encodeSmpHeader } from "../packet/header.ts";
import { DUMPS } from "../testing/dumps.ts";
import { ConsoleDecoder, encodeConsoleLines, encodedBytes } from "./console-framing.ts";
import { crc16 } from "./crc16.ts";

/** A receiver as a UART has it: splitter and decoder. */
function receiver(packetBytesMax?: number) {
  const packets: string[] = [];
  const texts: string[] = [];
  const decoder = new ConsoleDecoder((packet) => packets.push(hex(packet.bytes)), packetBytesMax);
  const splitter = new UartSplitter((line) => texts.push(line.text));
  splitter.add(decoder);
  const push = (bytes: Uint8Array | string) =>
    splitter.push({
      atUs: 0,
      bytes: typeof bytes === "string" ? Uint8Array.from(Buffer.from(bytes, "latin1")) : bytes,
    });
  return { packets, texts, counters: decoder.counters, push };
}

const ECHO = fromHex("0a00000900004200a161646568656c6c6f");
const FRAME = "\x06\x09ABMKAAAJAABCAKFhZGVoZWxsb0YZ\n";

describe("CRC-16/XMODEM", () => {
  test.each([
    ["", 0x0000],
    ["313233343536373839", 0x31c3],
    ["41", 0x58e5],
    [Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0")).join(""), 0x7e55],
    ["0a00000900004200a161646568656c6c6f", 0x4619],
    ["0200000900004200a161646568656c6c6f", 0xc109],
  ])("of %s is right", (bytes, crc) => {
    expect(crc16(fromHex(bytes))).toBe(crc);
  });

  test("over data and its own CRC is 0", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const crc = crc16(bytes);
        expect(crc16(concat(bytes, Uint8Array.of(crc >> 8, crc & 0xff)))).toBe(0);
      }),
    );
  });
});

describe("header", () => {
  test("its eight bytes lie where the protocol says", () => {
    const fields = {
      op: 2,
      version: 1,
      reserved: 5,
      flags: 0xff,
      length: 0x1234,
      group: 0x5678,
      sequence: 0x9a,
      id: 0xbc,
    };
    expect(hex(encodeSmpHeader(fields))).toBe("aaff123456789abc");
    expect(decodeSmpHeader(fromHex("aaff123456789abc"))).toEqual(fields);
  });

  test("seven bytes are none, and a value too large for its field is refused", () => {
    expect(decodeSmpHeader(new Uint8Array(7))).toBeUndefined();
    const zero = { op: 0, version: 0, reserved: 0, flags: 0, length: 0, group: 0, sequence: 0, id: 0 };
    expect(() => encodeSmpHeader({ ...zero, length: 65_536 })).toThrow("length 65536 does not fit 16 bits");
    expect(() => encodeSmpHeader({ ...zero, op: -1 })).toThrow("op -1 does not fit 3 bits");
  });

  test("any eight bytes survive decoding and encoding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (bytes) => {
        const header = decodeSmpHeader(bytes);
        expect(header && hex(encodeSmpHeader(header))).toBe(hex(bytes));
      }),
    );
  });
});

describe("captured frames", () => {
  test("there are sixty of them", () => {
    expect(DUMPS).toHaveLength(60);
  });

  test.each(DUMPS.map((row) => [`${row.dump} ${row.way} ${hex(row.packet).slice(0, 24)}`, row] as const))(
    "dump %s: our lines are theirs, and theirs decode to the packet",
    (_name, row) => {
      const lines = encodeConsoleLines(row.packet).map((line) => textOf(line));
      const theirs = row.lines.map((line, index) => `${index === 0 ? "\x06\x09" : "\x04\x14"}${line}\n`);
      expect(lines).toEqual(theirs);
      const { packets, push } = receiver();
      push(theirs.join(""));
      expect(packets).toEqual([hex(row.packet)]);
    },
  );

  test("the public vector of the SMP documentation decodes", () => {
    const { packets, push } = receiver();
    push("\x06\x09AA9IZWxsbywgd29ybGQhet4=\n");
    expect(packets).toEqual([hex(utf8("Hello, world!"))]);
  });
});

describe("a receiver tolerates", () => {
  test.each([
    ["a CR before the line feed", FRAME.replace("\n", "\r\n")],
    ["a blank before the line feed", FRAME.replace("\n", " \n")],
    ["line feeds before the frame", `\n\r\n${FRAME}`],
    ["text and a line end before it", `uart:~$ \r\n${FRAME}`],
    ["text on the same line before it", `uart:~$ ${FRAME}`],
    ["a lone 06 before it", `\x06${FRAME}`],
    ["a lone 04 before it", `\x04${FRAME}`],
    ["colours glued to the marker", `\x1b[1;32m${FRAME}`],
    ["a continuation without a start before it", `\x04\x14AAAA\n${FRAME}`],
    ["an unfinished packet before it", `\x06\x09AP8A\n${FRAME}`],
    ["an empty frame line before it", `\x06\x09\n${FRAME}`],
    ["a frame of length 0 before it", `\x06\x09AAA=\n${FRAME}`],
    ["a frame of lengths 1, 2 and 3 before it", `\x06\x09AAE=\n\x06\x09AAI=\n\x06\x09AAM=\n${FRAME}`],
  ])("%s", (_name, bytes) => {
    const { packets, push } = receiver();
    push(bytes);
    expect(packets).toEqual([hex(ECHO)]);
  });

  test("a length field without the CRC, as servers before Zephyr 3.0 sent it", () => {
    const crc = crc16(ECHO);
    const raw = concat(Uint8Array.of(0, ECHO.length), ECHO, Uint8Array.of(crc >> 8, crc & 0xff));
    const { packets, push } = receiver();
    push(`\x06\x09${Buffer.from(raw).toString("base64")}\n`);
    expect(packets).toEqual([hex(ECHO)]);
  });

  test("that length field when the CRC has a line of its own", () => {
    const packet = fromHex("0a00005300004200".padEnd(182, "55"));
    const crc = crc16(packet);
    const [first, second] = [concat(Uint8Array.of(0, 91), packet), Uint8Array.of(crc >> 8, crc & 0xff)];
    const { packets, push } = receiver();
    push(`\x06\x09${Buffer.from(first).toString("base64")}\n\x04\x14${Buffer.from(second).toString("base64")}\n`);
    expect(packets).toEqual([hex(packet)]);
  });

  test("a CR before every line feed of a packet of full lines", () => {
    const packet = Uint8Array.from({ length: 300 }, (_, index) => (index < 8 ? 0 : index & 0xff));
    const { packets, push } = receiver();
    push(
      encodeConsoleLines(packet)
        .map((line) => `${textOf(line).slice(0, -1)}\r\n<inf> text\r\n`)
        .join(""),
    );
    expect(packets).toEqual([hex(packet)]);
  });

  test("log lines between the lines of a packet, which come out whole", () => {
    const row = DUMPS.find(({ lines }) => lines.length === 3);
    const { packets, texts, push } = receiver();
    push(row?.lines.map((line, i) => `${i ? "\x04\x14" : "\x06\x09"}${line}\n<inf> line ${i}\r\n`).join("") ?? "");
    expect(packets).toEqual([hex(row?.packet ?? new Uint8Array())]);
    expect(texts).toEqual(["<inf> line 0", "<inf> line 1", "<inf> line 2"]);
  });
});

describe("a receiver drops in silence, counted, and takes the next frame", () => {
  test.each([
    ["a wrong CRC", FRAME.replace("b0YZ", "b0YY"), "damaged"],
    ["a character outside base64", FRAME.replace("ABCAK", "AB-AK"), undefined],
    ["a blank inside", FRAME.replace("AABC", "AAB "), "badLines"],
    ["missing padding", "\x06\x09AA9IZWxsbywgd29ybGQhet4\n", "badLines"],
    ["padding in the middle", FRAME.replace("AABC", "AA=="), "badLines"],
    ["a line that is no multiple of four", FRAME.replace("b0YZ", "b0Y"), "badLines"],
    ["a continuation without a start", FRAME.replace("\x06\x09", "\x04\x14"), "strayLines"],
    ["a packet of seven bytes", textOf(concat(...encodeConsoleLines(new Uint8Array(7)))), "wrongSize"],
    ["a packet over its buffer", textOf(concat(...encodeConsoleLines(new Uint8Array(41)))), "wrongSize"],
  ] as const)("%s", (_name, bytes, counter) => {
    const { packets, counters, push } = receiver(40);
    push(bytes);
    expect(packets).toEqual([]);
    if (counter) expect(counters[counter]).toBe(1);
    push(FRAME);
    expect(packets).toEqual([hex(ECHO)]);
  });

  test("any single bit flipped inside a frame", () => {
    let accepted = 0;
    for (let bit = 16; bit < FRAME.length * 8 - 8; bit += 1) {
      const damaged = Uint8Array.from(Buffer.from(FRAME, "latin1"));
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { packets, push } = receiver();
      push(damaged);
      push(`\n${FRAME}`);
      expect([...new Set(packets)]).toEqual([hex(ECHO)]);
      accepted += packets.length - 1;
    }
    // One flip makes a length field of the old meaning: then the packet is whole.
    expect(accepted).toBe(1);
  });

  test("a packet of exactly the limit is taken, one byte more is not", () => {
    for (const [bytes, taken] of [
      [380, 1],
      [381, 0],
    ] as const) {
      const { packets, push } = receiver(380);
      push(concat(...encodeConsoleLines(new Uint8Array(bytes))));
      expect(packets).toHaveLength(taken);
    }
  });
});

describe("laws", () => {
  test("every size from 8 to 1100 bytes survives, in lines of at most 127 bytes and of the length foretold", () => {
    for (let bytes = 8; bytes <= 1100; bytes += 1) {
      const packet = Uint8Array.from({ length: bytes }, (_, index) => (index * 13 + bytes) & 0xff);
      const lines = encodeConsoleLines(packet);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(127);
      expect(lines.reduce((sum, line) => sum + line.length, 0)).toBe(encodedBytes(bytes));
      const { packets, push } = receiver();
      for (const line of lines) push(line);
      expect(packets).toEqual([hex(packet)]);
    }
  });

  test.each([
    [100, 146],
    [256, 357],
    [380, 527],
    [508, 702],
    [1020, 1404],
    [2044, 2801],
  ])("a packet of %i bytes takes %i on the wire", (packetBytes, wireBytes) => {
    expect(encodedBytes(packetBytes)).toBe(wireBytes);
  });

  test("packets in any chunking between any log lines come out once each, in order", () => {
    const packet = fc.uint8Array({ minLength: 8, maxLength: 300 });
    const log = fc.stringMatching(/^[ -~]{0,60}$/);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(packet, log), { maxLength: 8 }),
        fc.integer({ min: 1, max: 200 }),
        (items, piece) => {
          const wire = concat(...items.flatMap(([bytes, text]) => [...encodeConsoleLines(bytes), utf8(`${text}\r\n`)]));
          const { packets, texts, push } = receiver();
          for (let at = 0; at < wire.length; at += piece) push(wire.slice(at, at + piece));
          expect(packets).toEqual(items.map(([bytes]) => hex(bytes)));
          expect(texts).toEqual(items.map(([, text]) => text).filter((text) => text !== ""));
        },
      ),
    );
  });
});
