import { describe, expect, test } from "@jest/globals";
import { equalBytes, Random } from "../../core/index.ts";
import type { MemoryLink } from "../../serial/index.ts";
import { ArrayImageStore, plainImage } from "../testing/array-store.ts";
import { smpBench } from "../testing/bench.ts";
import { LineQuality } from "../transport/line-quality.ts";

/** Of a hundred lines so many have a bit flipped, and so many end before their time. */
interface BadLine {
  readonly flipped: number;
  readonly cut: number;
}

const LINE = /(?<=\n)/;

function spoil(link: MemoryLink, { flipped, cut }: BadLine, random: Random): void {
  const deliver = link.deliver.bind(link);
  link.deliver = (bytes) => {
    for (const line of Buffer.from(bytes).toString("latin1").split(LINE)) {
      const sent = Uint8Array.from(Buffer.from(line, "latin1"));
      const draw = random.below(100);
      const at = random.below(sent.length);
      if (draw < flipped) deliver(sent.map((byte, place) => (place === at ? byte ^ (1 << random.below(7)) : byte)));
      else deliver(draw < flipped + cut ? sent.subarray(0, at) : sent);
    }
  };
}

const IMAGE = plainImage({ version: [2, 0, 0], payloadBytes: 20_000 });

function badBench(line: BadLine, seed: number) {
  const store = new ArrayImageStore({ slotBytes: 65_536 });
  const bench = smpBench({ store, server: { bufferBytes: 1024, bufferCount: 4 } });
  const random = Random.fromSeed(seed);
  spoil(bench.boardLink, line, random.fork("to board"));
  spoil(bench.hostLink, line, random.fork("to host"));
  return { ...bench, store };
}

describe("an upload on a line that loses lines", () => {
  test.each([1, 2, 3])(
    "of which 3 in 100 are flipped and 5 in 100 cut comes to its end, in smaller packets, seed %i",
    async (seed) => {
      const { client, store } = badBench({ flipped: 3, cut: 5 }, seed);
      const result = await client.upload(IMAGE.file, { imageHash: IMAGE.hash });
      expect(equalBytes(store.bytes(1).subarray(0, IMAGE.file.length), IMAGE.file)).toBe(true);
      expect(result.packetBytes).toBeLessThan(500);
      expect(result.lostOneIn).toBeGreaterThanOrEqual(8);
      expect(result.lostOneIn).toBeLessThanOrEqual(20);
    },
  );

  test("goes on in the largest packets where a line is lost now and then", async () => {
    const { client } = badBench({ flipped: 0, cut: 1 }, 1);
    const result = await client.upload(IMAGE.file, { imageHash: IMAGE.hash });
    expect(result.packetBytes).toBeGreaterThan(200);
    expect(result.lostOneIn).toBeGreaterThan(40);
  });

  test("that carries nothing back ends with what it lost", async () => {
    const { client, hostLink } = badBench({ flipped: 3, cut: 5 }, 1);
    const deliver = hostLink.deliver.bind(hostLink);
    let left = 60;
    hostLink.deliver = (bytes) => {
      left -= 1;
      if (left > 0) deliver(bytes);
    };
    await expect(client.upload(IMAGE.file, { imageHash: IMAGE.hash })).rejects.toThrow(
      /The line loses 1 line in \d+; packets went down to 89 bytes\./,
    );
  });

  test("is not what a dead board is taken for: no packet was ever answered", async () => {
    const { client, hostLink, clock } = badBench({ flipped: 0, cut: 0 }, 1);
    hostLink.deliver = () => undefined;
    await expect(client.upload(IMAGE.file, { firstChunkMs: 1000, packetBytesMax: 500 })).rejects.not.toThrow("loses");
    expect(clock.nowUs()).toBeLessThan(60_000_000);
  });
});

describe("the quality of a line", () => {
  test("is estimated from packets of different lengths", () => {
    const random = Random.fromSeed(1);
    const line = new LineQuality(1020, true);
    for (let packet = 0; packet < 2000; packet += 1) {
      const bytes = [89, 250, 1000][packet % 3] ?? 89;
      const lines = [2, 4, 12][packet % 3] ?? 2;
      const arrives = () => Array.from({ length: lines }, () => random.below(30) > 0).every(Boolean);
      let lost = 0;
      while (!arrives()) lost += 1;
      line.answered(bytes, lost);
    }
    expect(line.oneIn).toBeGreaterThanOrEqual(27);
    expect(line.oneIn).toBeLessThanOrEqual(33);
  });

  test("lets packets shrink to one line and grow again after a clean run", () => {
    const line = new LineQuality(1020, true);
    const sizes = [];
    while (line.canShrink) {
      line.shrink();
      sizes.push(line.packetBytes);
    }
    expect(sizes).toEqual([510, 255, 127, 89]);
    const grown = Array.from({ length: 200 }, () => line.answered(89, 0)).filter(Boolean);
    expect([grown.length, line.packetBytes]).toEqual([1, 178]);
  });

  test("is nothing that a packet in one piece could be split for", () => {
    expect(new LineQuality(1400, false).canShrink).toBe(false);
  });
});
