import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { LZMA_DEFAULTS } from "../../image/index.ts";
import { encodeBy, lzmaEncoder } from "./lzma.ts";

/** 60,000 bytes with matches near and far, and branches of Thumb code, made by the same rule as for the hashes below. */
function sample(): Uint8Array {
  const bytes: number[] = [];
  let state = 1;
  while (bytes.length < 60_000) {
    state = Number((BigInt(state) * 1_103_515_245n + 12_345n) & 0x7fff_ffffn);
    const drawn = state >> 16;
    if (drawn % 4 === 0 && bytes.length > 300) {
      const distance = 1 + ((drawn * 7) % Math.min(bytes.length, 9_000));
      for (let left = 3 + ((drawn >> 3) % 60); left > 0; left--) bytes.push(bytes.at(-distance) ?? 0);
    } else if (drawn % 4 === 1) {
      bytes.push(drawn & 0xff, 0xf0 | ((drawn >> 9) & 7), (drawn >> 4) & 0xff, 0xf8 | ((drawn >> 11) & 7));
    } else bytes.push(drawn & 0xff);
    if (bytes.length % 2 === 1) bytes.push(0);
  }
  return Uint8Array.from(bytes.slice(0, 60_000));
}

const PLAIN = sample();
const sha = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex").slice(0, 16);

test("the sample is the one that the hashes were made of", () => {
  expect(sha(PLAIN)).toBe("4ee25abfb3f5c5f9");
});

// Made by liblzma 5.4.1 through Python 3.11's lzma, as imgtool calls it: FORMAT_RAW, these filters.
test.each([
  ["preset 0", { preset: 0 }, "e706383d928e872b"],
  ["preset 1", { preset: 1 }, "8b61f3efff867972"],
  ["preset 2", { preset: 2 }, "651b5db3b81cb4ab"],
  ["preset 3", { preset: 3 }, "0ff83f5c095a6162"],
  ["preset 4", { preset: 4 }, "a592683685af456b"],
  ["preset 5", { preset: 5 }, "11392094a904a7fe"],
  ["preset 6", { preset: 6 }, "d69d0abd3077facc"],
  ["preset 9", { preset: 9 }, "d69d0abd3077facc"],
  ["Thumb code", { armThumb: true }, "312e0d4e610377c2"],
  [
    "other parameters",
    { dictionaryBytes: 4096, literalContextBits: 0, literalPositionBits: 4, positionBits: 0 },
    "adf8937f1f31743f",
  ],
])("a stream of %s is liblzma's, byte by byte", (_, change, hash) => {
  expect(sha(lzmaEncoder(PLAIN, { ...LZMA_DEFAULTS, ...change }))).toBe(hash);
});

test.each([
  ["a preset that there is not", { preset: 10 }, "there is no LZMA preset 10"],
  [
    "more literal bits than LZMA2 has",
    { literalContextBits: 4, literalPositionBits: 4 },
    "--compression failed: lzma-native says",
  ],
])("%s is refused in a sentence", (_, change, text) => {
  expect(() => lzmaEncoder(PLAIN, { ...LZMA_DEFAULTS, ...change })).toThrow(text);
});

test("where the library is not installed, the error says how to install it", () => {
  expect(() => encodeBy("no-such-lzma", PLAIN, LZMA_DEFAULTS)).toThrow(
    expect.objectContaining({
      message: "--compression needs the library no-such-lzma, which is not installed.",
      hint: "Run `npm install no-such-lzma` beside mcuboot-hil.",
    }),
  );
});
