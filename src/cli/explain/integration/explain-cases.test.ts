import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { command } from "../../testing/command.ts";
import { explainCommand } from "../explain.ts";

const CASES = fileURLToPath(new URL("../../../../cases/explain", import.meta.url));

interface Row {
  readonly file: string;
  /** What the answer must say, and must not. */
  readonly says: readonly RegExp[];
  readonly not?: RegExp;
}

/** Logs, lists and dumps of public bug reports, made again from scratch: what is right for each. */
const ROWS: readonly Row[] = [
  {
    file: "dz111117.log",
    says: [/slot 1 was refused.*slot 0 stays/, /7: .*Image in the secondary slot is not valid!/],
  },
  {
    file: "downgrade.log",
    says: [/slot 1 was refused, its version is lower.*slot 0 stays/, /6: .*Insufficient version/],
  },
  { file: "dz126615.log", says: [/no boot: the image in slot 0 is not valid/, /9: .*primary slot is not valid!/] },
  {
    file: "dz78367.log",
    says: [/serial recovery/, /3: .*Enter the serial recovery mode/],
    not: /swaps the two images back/,
  },
  {
    file: "xip.log",
    says: [/slot 1 runs \(direct-XIP: where it lies; .*nothing is swapped/],
    not: /no boot log|swaps/,
  },
  { file: "tfm.log", says: [/two images are swapped back/, /MCUboot +validates slot 0/, /lines 9 to 20/] },
  { file: "dz63073.log", says: [/2 boots/, /a swap is gone on with/, /MCUboot +swaps the two images back/] },
  {
    file: "xip.json",
    says: [/slot 1 is active: .*no swap board/, /nothing is swapped/],
    not: /swaps the two images back/,
  },
  { file: "recovery.json", says: [/the list does not tell/, /no slot has a flag/], not: /swaps the two images back/ },
  { file: "empty.json", says: [/the list does not tell/], not: /swaps the two images back/ },
  { file: "revert.json", says: [/swaps the two images back/] },
  { file: "dz86484.txt", says: [/swaps it in for a test/] },
  { file: "bom.json", says: [/an image list: 2 slots/, /swaps it in for good/] },
  {
    file: "dump-refused.bin.gz",
    says: [
      /MCUboot +refuses slot 1: .*is compressed, and this bootloader decompresses nothing; slot 1 is erased, 1\.0\.0 stays/,
    ],
  },
  {
    file: "dump-aes256.bin.gz",
    says: [/MCUboot +refuses slot 1: .*AES-256, and this bootloader decrypts AES-128; slot 1 is erased, 1\.0\.0 stays/],
  },
  { file: "dump-empty-slot0.bin.gz", says: [/MCUboot +no boot: slot 0 holds no image/], not: /swaps it in/ },
  {
    file: "dump-trailer-only.bin.gz",
    says: [/MCUboot .*slot 1 holds no image.*the request is dropped, 1\.0\.0 stays/],
  },
];

describe("hil explain on what failed before", () => {
  test.each(ROWS)("$file", async ({ file, says, not }) => {
    const { code, out } = await command(explainCommand, [unpacked(file)], CASES);
    expect(code).toBe(0);
    for (const text of says) expect(out).toMatch(text);
    if (not !== undefined) expect(out).not.toMatch(not);
  });
});

function unpacked(file: string): string {
  if (!file.endsWith(".gz")) return file;
  const path = join(mkdtempSync(join(tmpdir(), "hil-explain-")), "dump.bin");
  writeFileSync(path, gunzipSync(readFileSync(join(CASES, file))));
  return path;
}
