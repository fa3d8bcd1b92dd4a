import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { concat, fromHex, hex, VirtualClock } from "../../core/index.ts";
import { memoryLinks, Uart } from "../../serial/index.ts";
import { cobsBytesMax, decodeCobs, encodeCobs } from "./cobs.ts";
import { CobsTransport } from "./cobs-transport.ts";

/** Encoded by smpclient 7.3.0 (cobs_encode), in this order. */
const GOLDEN = [
  ["", "01"],
  ["00", "0101"],
  ["010203", "04010203"],
  ["110022", "02110222"],
  ["0000", "010101"],
  ["ff".repeat(253), `fe${"ff".repeat(253)}`],
  ["ff".repeat(254), `ff${"ff".repeat(254)}01`],
  ["ff".repeat(255), `ff${"ff".repeat(254)}02ff`],
] as const;
/** An echo request of "hi" as smpclient 7.3.0 frames it (Cobs.encode). */
const ECHO = { packet: "0200000700000100bf6164626869ff", frame: "02020102070102010abf6164626869ff757c00" };

describe("stuffed bytes", () => {
  test.each(GOLDEN)("of %s are those of smpclient", (plain, stuffed) => {
    expect(hex(encodeCobs(fromHex(plain)))).toBe(stuffed);
    expect(hex(decodeCobs(fromHex(stuffed)) ?? new Uint8Array())).toBe(plain);
  });

  test("hold no zero, are no longer than said, and decode to what they were", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_200 }), (bytes) => {
        const stuffed = encodeCobs(bytes);
        expect(stuffed.includes(0)).toBe(false);
        expect(stuffed.length).toBeLessThanOrEqual(cobsBytesMax(bytes.length));
        expect(decodeCobs(stuffed)).toEqual(bytes);
      }),
    );
  });

  test.each(["00", "0200", "0511", "020100"])("that no encoder makes are refused: %s", (frame) => {
    expect(decodeCobs(fromHex(frame))).toBeUndefined();
  });
});

describe("SMP in stuffed frames", () => {
  function line() {
    const clock = new VirtualClock();
    const [link, far] = memoryLinks({ clock, baudRate: 115_200 });
    const transport = new CobsTransport(Uart.open(link, { clock }), { clock });
    const board = Uart.open(far, { clock });
    const seen: string[] = [];
    const written: Uint8Array[] = [];
    transport.onPacket(({ bytes }) => seen.push(hex(bytes)));
    board.onBytes(({ bytes }) => written.push(Uint8Array.from(bytes)));
    const settled = () => new Promise<void>((resolve) => clock.at(clock.nowUs() + 100_000, resolve));
    return { transport, board, seen, written, settled };
  }

  test("goes out and comes in as smpclient writes it", async () => {
    const { transport, board, seen, written, settled } = line();
    await transport.send(fromHex(ECHO.packet));
    await settled();
    expect(hex(concat(...written))).toBe(ECHO.frame);
    await board.write(fromHex(ECHO.frame));
    await settled();
    expect(seen).toEqual([ECHO.packet]);
  });

  test("needs no pause after damage: the next whole frame is a packet again", async () => {
    const { transport, board, seen, settled } = line();
    const frame = fromHex(ECHO.frame);
    const broken = Uint8Array.from(frame, (byte, index) => (index === 5 ? byte ^ 0x40 : byte));
    const noise = Uint8Array.of(0x11, 0x22, 0x33, 0);
    await board.write(concat(frame.subarray(4), noise, broken, Uint8Array.of(0, 0), frame, frame.subarray(0, 4)));
    await settled();
    expect([seen, transport.damaged]).toEqual([[ECHO.packet], 3]);
    expect(transport.lastSeen()).toBe("4 bytes of a frame came, and no end of it.");
    await board.write(frame.subarray(4));
    await settled();
    expect(seen).toEqual([ECHO.packet, ECHO.packet]);
  });
});
