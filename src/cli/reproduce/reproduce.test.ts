import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { mainIn } from "../main.ts";
import { memoryIo } from "../testing/memory-io.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "hil-reproduce-"));
});
afterEach(() => {
  rmSync(cwd, { recursive: true });
});

function caseOf(name: string): { readonly log: string; readonly list?: string; readonly say: string } {
  return parse(readFileSync(new URL(`../../../cases/field/${name}.yaml`, import.meta.url), "utf8"));
}

async function hil(...argv: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const io = memoryIo({ cwd });
  const code = await mainIn(io, argv);
  return { code, text: `${io.printed()}${io.complained()}` };
}

describe("hil reproduce", () => {
  test("names a cause, writes page and replay, and the simulated board shows the same", async () => {
    const { log, say } = caseOf("brick-after-last-move");
    writeFileSync(join(cwd, "boot.log"), log);
    const { code, text } = await hil("reproduce", "boot.log", "--say", say, "-o", "out");
    expect(code).toBe(0);
    expect(text).toMatch(/^cause {5}R11-1588/m);
    expect(text).toMatch(/^twin {6}FAIL .*known defect R11/m);
    expect(readFileSync(join(cwd, "out", "report.html"), "utf8")).toContain("<h1>R11-1588");
    const again = await hil("replay", "out/replay.json");
    expect([again.code, again.text.includes("again: R11-1588")]).toEqual([1, true]);
  });

  test("answers in JSON alone, without a path or a time", async () => {
    const { log } = caseOf("nobody-confirmed");
    writeFileSync(join(cwd, "boot.log"), log);
    const { code, text } = await hil("reproduce", "boot.log", "--json", "-o", "page.html");
    const answer = JSON.parse(text);
    expect([code, answer.schema, answer.causes[0].cause, answer.fitting]).toEqual([0, 1, "unconfirmed", 1]);
    expect(text).not.toContain(cwd);
    expect(existsSync(join(cwd, "page.html"))).toBe(true);
    expect(existsSync(join(cwd, "runs"))).toBe(false);
  });

  test("exits with 1 where nothing fits, and asks for what is missing", async () => {
    const log = caseOf("nobody-confirmed").log.replaceAll("Boot source: none", "Boot source: primary slot");
    writeFileSync(join(cwd, "boot.log"), log);
    const { code, text } = await hil("reproduce", "boot.log", "-o", "out.html");
    expect(code).toBe(1);
    expect(text).toMatch(/^how sure {2}nothing fits/m);
    expect(text).toMatch(/^ask for /m);
  });

  test("exits with 2 for what cannot be read, and for nothing at all", async () => {
    writeFileSync(join(cwd, "noise.bin"), Buffer.from([1, 2, 3, 0, 255, 254]));
    expect(await hil("reproduce", "noise.bin")).toMatchObject({
      code: 2,
      text: expect.stringContaining("noise.bin is nothing"),
    });
    expect((await hil("reproduce")).code).toBe(2);
    expect(await hil("reproduce", "gone.log")).toMatchObject({
      code: 2,
      text: expect.stringContaining("no such file"),
    });
  });
});
