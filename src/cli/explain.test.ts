import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { explainCommand } from "./explain.ts";
import type { CliIo } from "./io.ts";

async function told(content: string | Uint8Array): Promise<string> {
  let out = "";
  const cwd = mkdtempSync(join(tmpdir(), "hil-explain-"));
  writeFileSync(join(cwd, "given"), content);
  const io: CliIo = {
    out: (text) => void (out += text),
    err: () => {},
    env: {},
    cwd,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  };
  await explainCommand(["given"], io);
  return out;
}

const LOG = [
  "I: Starting bootloader",
  "I: Primary image: magic=good, swap_type=0x2, copy_done=0x3, image_ok=0x3",
  "I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3",
  "I: Boot source: primary slot",
].join("\r\n");

describe("hil explain", () => {
  test("reads a boot log", async () => {
    expect(await told(LOG)).toContain("MCUboot   goes on with the swap that was interrupted");
  });

  test("reads an image list", async () => {
    const images = [
      { slot: 0, flags: ["active", "confirmed"] },
      { slot: 1, flags: ["pending"] },
    ];
    expect(await told(JSON.stringify({ images }))).toContain("swaps it in for a test");
  });

  test("reads a flash dump, and boots it on a copy", async () => {
    const text = await told(new Uint8Array(0x10_0000).fill(0xff));
    expect(text).toContain("holds     no image");
    expect(text).toContain("fail: no bootable image in the primary slot of image 0");
  });

  test.each([
    ["hello\n", "no boot log and no image list, and too short for a flash dump"],
    ['{"a":1}', "is no image list"],
  ])("refuses %j with what it wants", async (content, message) => {
    await expect(told(content)).rejects.toThrow(message);
  });
});
