import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { concat } from "../../core/index.ts";
import { H4, H4Reader, h4 } from "./h4.ts";

/** A packet of one of the kinds with its length where it belongs. */
const packets = fc
  .tuple(fc.constantFrom(H4.event, H4.acl, H4.command, H4.sco), fc.uint8Array({ maxLength: 60 }))
  .map(([type, body]) => {
    const head = { [H4.event]: [0x3e], [H4.acl]: [0x40, 0x20], [H4.command]: [3, 0x0c], [H4.sco]: [1, 0] }[type] ?? [];
    const length = type === H4.acl ? [body.length, 0] : [body.length];
    return { type, bytes: Uint8Array.from([...head, ...length, ...body]) };
  });

test("packets come out as they went in, however the line cuts them", () => {
  fc.assert(
    fc.property(fc.array(packets, { maxLength: 8 }), fc.array(fc.nat(40)), (sent, cuts) => {
      const stream = concat(...sent.map(({ type, bytes }) => h4(type, bytes)));
      const reader = new H4Reader();
      const came = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        came.push(...reader.push(stream.subarray(at, at + cut)));
        at += cut;
      }
      came.push(...reader.push(stream.subarray(at)));
      expect(came).toEqual(sent);
      expect(reader.skippedBytes).toBe(0);
    }),
  );
});

test("bytes that can begin no packet are counted, and the packet behind them is found", () => {
  const reader = new H4Reader();
  const [packet] = reader.push(Uint8Array.of(0x00, 0xff, 0x41, H4.event, 0x10, 1, 7));
  expect(packet).toEqual({ type: H4.event, bytes: Uint8Array.of(0x10, 1, 7) });
  expect(reader.skippedBytes).toBe(3);
});

test("any bytes are taken without an error, and none is kept that was handed out", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (pieces) => {
      const reader = new H4Reader();
      const out = pieces.flatMap((piece) => reader.push(piece));
      const taken = out.reduce((sum, { bytes }) => sum + 1 + bytes.length, 0);
      expect(taken + reader.skippedBytes).toBeLessThanOrEqual(pieces.reduce((sum, { length }) => sum + length, 0));
    }),
  );
});
