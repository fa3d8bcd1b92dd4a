import { createCipheriv } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat } from "../../core/index.ts";
import { aesCtr } from "./body-cipher.ts";

const key = fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.uint8Array({ minLength: 32, maxLength: 32 }));

describe("body cipher", () => {
  test("a body cut anywhere, also inside a block, decrypts piece by piece", () => {
    fc.assert(
      fc.property(
        key,
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.nat(400), { maxLength: 6 }),
        (aes, body, cuts) => {
          const whole = aesCtr(aes, body, 0);
          const edges = [0, ...cuts.filter((cut) => cut < body.length).sort((a, b) => a - b), body.length];
          const pieces = edges.slice(1).map((end, index) => {
            const start = edges[index] ?? 0;
            return aesCtr(aes, whole.subarray(start, end), start);
          });
          expect(concat(...pieces)).toEqual(body);
        },
      ),
    );
  });

  test("block 0 uses a counter of zeros", () => {
    const aes = new Uint8Array(16).fill(7);
    const plain = new Uint8Array(48).fill(9);
    const expected = createCipheriv("aes-128-ctr", aes, Buffer.alloc(16)).update(plain);
    expect(aesCtr(aes, plain, 0)).toEqual(new Uint8Array(expected));
  });

  test("a key that is neither 16 nor 32 bytes is refused", () => {
    expect(() => aesCtr(new Uint8Array(24), new Uint8Array(1), 0)).toThrow(/24 bytes/);
  });
});
