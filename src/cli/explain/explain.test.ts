import { mkdirSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { isHilError } from "../../core/index.ts";
import { isText, readList } from "../../field/index.ts";
import type { CliIo } from "../terminal/io.ts";
import { explainCommand } from "./explain.ts";

function ioIn(cwd: string, out: (text: string) => void): CliIo {
  return {
    out,
    err: () => {},
    env: {},
    cwd,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  };
}

async function told(content: string | Uint8Array, ...options: readonly string[]): Promise<string> {
  let out = "";
  const cwd = mkdtempSync(join(tmpdir(), "hil-explain-"));
  writeFileSync(join(cwd, "given"), content);
  const code = await explainCommand(
    ["given", ...options],
    ioIn(cwd, (text) => void (out += text)),
  );
  expect(code).toBe(0);
  return out;
}

const LOG = [
  "I: Starting bootloader",
  "I: Primary image: magic=good, swap_type=0x2, copy_done=0x3, image_ok=0x3",
  "I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3",
  "I: Boot source: primary slot",
].join("\r\n");

const LIST = [
  { slot: 0, flags: ["active", "confirmed"] },
  { slot: 1, flags: ["pending"] },
];

const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");

describe("hil explain", () => {
  test("reads a log that is longer than memory is meant to hold, and its lines keep their numbers", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "hil-explain-"));
    const file = join(cwd, "long.log");
    writeFileSync(
      file,
      "noise\n*** Booting MCUboot v2.1.0 ***\nI: Starting bootloader\nI: Jumping to the first image slot\n",
    );
    truncateSync(file, 70 * 1024 * 1024);
    let out = "";
    expect(
      await explainCommand(
        [file],
        ioIn(cwd, (text) => (out += text)),
      ),
    ).toBe(0);
    expect(out).toContain("lines 2 to 4");
  });

  test("reads a boot log, and quotes its lines by number", async () => {
    const text = await told(LOG);
    expect(text).toContain("MCUboot   goes on with the swap that was interrupted");
    expect(text).toContain("line      4: I: Boot source: primary slot");
  });

  test("reads an image list", async () => {
    expect(await told(JSON.stringify({ images: LIST }))).toContain("swaps it in for a test");
  });

  test.each([
    ["a log", LOG, "goes on with the swap"],
    ["a list", JSON.stringify(LIST), "swaps it in for a test"],
  ])("reads %s with a byte order mark, in UTF-8 and UTF-16 of both orders", async (_, text, expected) => {
    for (const bytes of [Buffer.from(`\ufeff${text}`), utf16(text), utf16(text).swap16()]) {
      expect(await told(bytes)).toContain(expected);
    }
  });

  test("reads a flash dump, and boots it on a copy", async () => {
    const text = await told(new Uint8Array(0x10_0000).fill(0xff));
    expect(text).toContain("holds     no image");
    expect(text).toContain("MCUboot   no boot: slot 0 holds no image");
    expect(text).toContain("fail: no bootable image in the primary slot of image 0");
  });

  test("reads a dump that holds a bootloader with all its texts as a dump, not as their log", async () => {
    const dump = new Uint8Array(0x10_0000).fill(0xff);
    dump.set(Buffer.from("\0Starting bootloader\0Swap type: test\0panic!\0"), 0x8000);
    expect(await told(dump)).toContain("read      a flash dump");
  });

  test("reads one slot when it is told which", async () => {
    const slot = new Uint8Array(0x7_4000).fill(0xff);
    await expect(told(slot)).rejects.toThrow("is as long as a slot: which one it is has to be told");
    const few = told(slot.subarray(0, 39), "--slot", "1");
    await expect(few).rejects.toThrow(
      "has 39 bytes: too few for a trailer's magic and flags, the last 40 of a slot here",
    );
    expect(await told(slot.subarray(0, 40), "--slot", "1")).toContain("only the last 40 bytes of slot 1 are given");
    expect(await told(slot, "--slot", "1")).toContain("slot 1 holds no image: its start is erased");
    await expect(told(slot, "--slot", "2")).rejects.toThrow('--slot wants 0 or 1, not "2"');
    await expect(told(slot, "--slot", "1", "--image", "1")).rejects.toThrow("--image 1: this board has 1");
  });

  test.each([
    [
      "hello\n",
      "no boot log (no line of a bootloader in 2), no image list (no JSON, no line that names a slot), no flash",
    ],
    ['{"a":1}', "is no image list: it is JSON, but no list of images with their slots"],
    ["", "is empty"],
    [
      new Uint8Array(300),
      "no text (so no boot log and no image list), no flash dump (300 bytes, and a dump reaches to",
    ],
  ])("refuses %j with what was tried, as a wrong request", async (content, message) => {
    await expect(told(content)).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) });
  });

  test("answers in JSON with the same keys for every input, and every line of a boot's log", async () => {
    const keys = ["schema", "kind", "file", "mode", "generation", "read", "images", "notes"];
    const log = JSON.parse(await told(LOG, "--json"));
    expect(Object.keys(log)).toEqual(keys);
    expect(log.images[0]).toMatchObject({ image: 0, when: "in this boot", may: ["resume", "refused"], tells: true });
    expect(log.images[0].lines).toHaveLength(3);
    const dump = JSON.parse(await told(new Uint8Array(0x10_0000).fill(0xff), "--json"));
    expect(Object.keys(dump)).toEqual([...keys, "holds", "boot"]);
    expect(dump.boot.log.length).toBeGreaterThan(2);
    expect(Object.keys(JSON.parse(await told(JSON.stringify(LIST), "--json")))).toEqual(keys);
  });

  test("reads a run by the profile that is kept in its record, not by the twin's", async () => {
    const boards = fileURLToPath(new URL("../../../boards", import.meta.url));
    const folder = mkdtempSync(join(tmpdir(), "hil-run-"));
    mkdirSync(join(folder, "inputs"));
    const profile = readFileSync(join(boards, "twin.yaml"), "utf8").replace("swap-move", "overwrite-only");
    writeFileSync(join(folder, "inputs", "profile.yaml"), profile);
    writeFileSync(join(folder, "host.json"), JSON.stringify({ profile: join(boards, "twin.yaml") }));
    const lines = ["Starting bootloader", "Image index: 0, Swap type: test"];
    const events = lines.map((text) => JSON.stringify({ atUs: 0, event: "boot-log", name: "x", text }));
    writeFileSync(join(folder, "events.jsonl"), `{"event":"run-started"}\n${events.join("\n")}\n{"ev`);
    let out = "";
    await explainCommand(
      [folder],
      ioIn(folder, (text) => void (out += text)),
    );
    expect(out).toContain("copies it over slot 0");
    expect(out).toContain("line      3: Image index: 0, Swap type: test");
    out = "";
    await explainCommand(
      [folder, "--board", "twin"],
      ioIn(folder, (text) => void (out += text)),
    );
    expect(out).toContain("swaps it in for a test");
  });

  test("bytes of any kind are explained or refused with exit 2", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json()), async (content) => {
        try {
          await told(content);
        } catch (error) {
          if (!isHilError(error)) throw error;
          expect(error.exitCode).toBe(2);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("image lists as tools print them", () => {
  const flags = [
    { image: 0, slot: 0, version: "1.0.0", confirmed: true, active: true },
    { image: 0, slot: 1, version: "2.0.0", pending: true },
  ];

  test.each([
    [
      "mcumgr, hil smp image list",
      "Images:\n image=0 slot=0\n    version: 1.0.0\n    bootable: true\n    flags: active confirmed\n    hash: 00\n" +
        " image=0 slot=1\n    version: 2.0.0\n    bootable: true\n    flags: pending\n    hash: 01\nSplit status: N/A (0)\n",
    ],
    [
      "smpmgr",
      "ImageState(\n    slot=0,\n    version='1.0.0',\n    image=None,\n    bootable=True,\n    pending=False,\n    confirmed=True,\n" +
        "    active=True,\n    permanent=False\n)\nImageState(\n    slot=1,\n    version='2.0.0',\n    pending=True,\n    confirmed=False\n)\n",
    ],
    [
      "mcumgr-client",
      'response: {\n "images": [{"slot":0,"version":"1.0.0","confirmed":true,"active":true},{"slot":1,"version":"2.0.0","pending":true}]}\n',
    ],
  ])("%s", (_, text) => {
    expect(readList(text)).toEqual(flags);
    expect(readList(text.replaceAll("\n", "\r\n"))).toEqual(flags);
  });

  test("a boot log is no list, and data is no text", () => {
    expect(readList(LOG)).toBeUndefined();
    expect(readList("[00:00:01] <inf> app: slot=1 chosen\n")).toBeUndefined();
    expect(readList("schema: 1\nname: s\nimages:\n  encrypt: true\ncuts: { count: 2 }\n")).toBeUndefined();
    expect([isText(LOG), isText("\u0000\u0001abc")]).toEqual([true, false]);
  });

  test("takes a list without slots for one where nothing else stands", () => {
    for (const text of ["Images:\n", "Images:\r\nSplit status: N/A (0)\r\n", "images: []\n"])
      expect(readList(text)).toEqual([]);
  });
});
