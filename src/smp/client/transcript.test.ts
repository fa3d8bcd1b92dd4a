import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { sleep } from "../../core/index.ts";
import { readSetting, writeSetting } from "../groups/index.ts";
import { type CborMap, encodeMap } from "../packet/cbor.ts";
import { settingsHandlers } from "../server/settings-server.ts";
import { plainImage } from "../testing/array-store.ts";
import { type BenchOptions, smpBench } from "../testing/bench.ts";
import { SmpTranscript, type TranscriptLine } from "./transcript.ts";
import { bodyForTranscript, transcriptJson } from "./transcript-body.ts";

function recorded(options: BenchOptions = {}) {
  const made = smpBench(options);
  const lines: TranscriptLine[] = [];
  const transcript = SmpTranscript.of(made.session, (line) => lines.push(line));
  return { ...made, lines, transcript, kinds: () => lines.map(({ smp, command }) => `${smp}: ${command}`) };
}

const IMAGE = plainImage({ version: [2, 0, 0], payloadBytes: 40_000 });

describe("a transcript", () => {
  test("has a line for a request when it is sent, and one for its answer, by name and number, decoded and timed", async () => {
    const { client, lines, session } = recorded();
    await client.echo("hi");
    expect(lines).toEqual([
      {
        atUs: 0,
        smp: "request",
        attempt: 1,
        command: "echo",
        op: "write",
        version: 2,
        sequence: 0,
        bytes: 14,
        body: { d: "hi" },
      },
      expect.objectContaining({ smp: "answer", command: "echo", sequence: 0, body: { r: "hi" } }),
    ]);
    expect(lines[1]).toMatchObject({ atUs: session.clock.nowUs(), tookUs: session.clock.nowUs() });
  });

  test("says how long was waited for an answer that did not come, and which attempt it was", async () => {
    const { client, lines, server } = recorded();
    await server[Symbol.asyncDispose]();
    await client.session.request(readSetting, { name: "x" }, { retries: 1, timeoutMs: 200 }).catch(() => undefined);
    expect(
      lines.map((line) => ("attempt" in line ? `${line.smp} ${line.sequence} ${line.attempt}` : line.smp)),
    ).toEqual(["request 0 1", "no answer 0 1", "request 1 2", "no answer 1 2"]);
    expect(lines[1]).toMatchObject({ waitedUs: 200_000, command: "settings read" });
  });

  test.each([1, 3])(
    "counts the chunks of an upload, %d in flight, and shows only the first of them",
    async (window) => {
      const { client, lines, transcript } = recorded();
      await client.upload(IMAGE.file, { window });
      transcript.flush();
      const chunks = lines.filter((line) => line.smp === "chunks");
      const asked = chunks.reduce((sum, { requests }) => sum + requests, 0);
      const answered = chunks.reduce((sum, { answers }) => sum + answers, 0);
      const own = lines.filter((line) => line.command === "image upload" && line.smp !== "chunks");
      expect(own.map((line) => line.smp)).toEqual(["request", "answer"]);
      expect(own[0]).toMatchObject({
        body: { off: 0, len: IMAGE.file.length, data: expect.stringMatching(/^\d+ bytes$/) },
      });
      expect(answered).toBe(asked);
      expect(asked).toBeGreaterThan(100);
      expect(chunks.length).toBeLessThan(5);
      expect(chunks.at(-1)?.off.to).toBe(IMAGE.file.length);
      expect(transcriptJson(lines).length).toBeLessThan(4_000);
    },
  );

  test("shows each chunk that was sent again, and each that got another answer than the next offset", async () => {
    const { client, lines, hostLink } = recorded();
    const deliver = hostLink.deliver.bind(hostLink);
    let answers = 0;
    hostLink.deliver = (bytes) => {
      answers += 1;
      if (answers !== 30) deliver(bytes);
    };
    await client.upload(IMAGE.file);
    const from = lines.findIndex((line) => line.smp === "no answer");
    const around = lines
      .slice(from - 1, from + 3)
      .map((line) => ("attempt" in line ? [line.smp, line.attempt] : line.smp));
    expect(around).toEqual(["chunks", ["no answer", 1], ["request", 2], "answer"]);
    expect(lines[from + 1]).toMatchObject({ body: { data: expect.stringMatching(/^\d+ bytes$/) } });
  });

  test("tells the chunks of an upload that stopped when its session closes", async () => {
    const { client, lines, session } = recorded();
    const stop = new AbortController();
    const onProgress = ({ sentBytes }: { sentBytes: number }) => {
      if (sentBytes > 5_000) stop.abort(new Error("enough"));
    };
    await client.upload(IMAGE.file, { signal: stop.signal, onProgress }).catch(() => undefined);
    await session[Symbol.asyncDispose]();
    const told = lines.flatMap((line) => (line.smp === "chunks" ? [line.off.to] : []));
    expect(Math.max(...told)).toBeGreaterThan(5_000);
  });

  test("names what nobody asked for, and why it was thrown away", async () => {
    const { transport, session, lines } = recorded();
    await transport.send(Uint8Array.of(0x09, 0, 0, 1, 0, 64, 7, 3, 0xa0));
    await sleep(session.clock, 50);
    expect(lines).toMatchObject([
      { smp: "dropped", why: "stray", command: "group 64 command 3", sequence: 7, body: {} },
    ]);
  });

  test("never holds the value of a setting, in either direction", async () => {
    const secret = new TextEncoder().encode("hunter2!");
    const values = new Map([["wifi/psk", new Uint8Array()]]);
    const { session, lines } = recorded({
      server: { handlers: settingsHandlers({ values }) },
    });
    await session.request(writeSetting, { name: "wifi/psk", val: secret });
    expect(await session.request(readSetting, { name: "wifi/psk" })).toMatchObject({ val: secret });
    expect(lines.map((line) => ("body" in line ? line.body : undefined))).toEqual([
      { name: "wifi/psk", val: "8 bytes" },
      {},
      { name: "wifi/psk" },
      { val: "8 bytes" },
    ]);
    expect(transcriptJson(lines)).not.toContain(Buffer.from(secret).toString("hex"));
  });
});

describe("a body in a transcript", () => {
  test("is one line of JSON that a terminal shows as it is, whatever the board sends", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
    );
    const map = fc.dictionary(fc.string({ unit: "binary", maxLength: 20 }), fc.array(leaf, { maxLength: 4 }), {
      maxKeys: 4,
    });
    fc.assert(
      fc.property(map, (body) => {
        const text = transcriptJson(bodyForTranscript(encodeMap(body), []));
        JSON.parse(text);
        expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}]/u);
      }),
      { numRuns: 60 },
    );
    expect(transcriptJson(bodyForTranscript(encodeMap({ r: "\u009b31m\u202e\n\u001b[2J" }), []))).toBe(
      String.raw`{"r":"\u009b31m\u202e\n\u001b[2J"}`,
    );
  });

  test.each<[string, CborMap]>([
    ["long lists", { list: Array.from({ length: 5_000 }, (_, index) => index) }],
    ["many keys", Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`${"k".repeat(300)}${index}`, 1]))],
    ["many long texts", { list: Array.from({ length: 500 }, () => "x".repeat(5_000)) }],
    ["deep ones", { a: [[[[[[[[[[1, 2, 3]]]]]]]]]] }],
  ])("is bounded: %s", (_name, map) => {
    const text = transcriptJson(bodyForTranscript(encodeMap(map), []));
    expect(text).toContain("…");
    expect(text.length).toBeLessThan(6_000);
  });

  test.each<[string, CborMap, unknown]>([
    ["an integer of 64 bits has all its digits", { n: 2n ** 64n - 1n }, { n: "18446744073709551615" }],
    ["a SHA-512 hash is whole", { hash: new Uint8Array(64).fill(0xab) }, { hash: "ab".repeat(64) }],
    ["longer bytes are cut", { d: new Uint8Array(65) }, { d: `${"00".repeat(64)}… (65 bytes)` }],
    ["a long text is cut", { o: "x".repeat(500) }, { o: `${"x".repeat(160)}… (500 characters)` }],
  ])("%s", (_name, map, body) => {
    expect(bodyForTranscript(encodeMap(map), [])).toEqual(body);
  });

  test("that is no CBOR is told by its bytes; by their number where the command withholds any", () => {
    expect(bodyForTranscript(Uint8Array.of(0xff, 1), [])).toBe("not CBOR: ff01");
    expect(bodyForTranscript(Uint8Array.of(0xff, 1), ["val"])).toBe("not CBOR: 2 bytes");
    expect(bodyForTranscript(new Uint8Array(), [])).toEqual({});
  });
});
