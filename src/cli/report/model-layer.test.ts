import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { runCommand } from "../run/run.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { modelLayer } from "./model-layer.ts";

const EXCHANGE = "swap-move";
let record = "";

beforeAll(async () => {
  const io = memoryIo();
  await runCommand(["encrypted-upgrade", "--cuts", "1"], io);
  record = join(io.cwd, "runs", readdirSync(join(io.cwd, "runs"))[0] ?? "");
});

/** A copy of the record with other texts in its replay. */
function changed(change: (replay: string) => string): string {
  const copy = mkdtempSync(join(tmpdir(), "hil-model-"));
  cpSync(record, copy, { recursive: true });
  writeFileSync(join(copy, "replay.json"), change(readFileSync(join(record, "replay.json"), "utf8")));
  return copy;
}

describe("the model's layer of a record", () => {
  test("tells without a gap what one cut comes to, from the first operation to the end of the last", async () => {
    const layer = await modelLayer(record, "/nowhere");
    if (typeof layer === "string") throw new Error(layer);
    const { spans, swapUs, cut, operations } = layer;
    expect(spans.at(0)?.[0]).toBe(0);
    expect(spans.at(-1)?.[1]).toBe(swapUs);
    expect(spans.slice(1).map(([fromUs]) => fromUs)).toEqual(spans.slice(0, -1).map(([, toUs]) => toUs));
    expect(new Set(spans.map(([, , ending]) => ending))).toEqual(new Set(["upgraded", "resumed"]));
    expect(cut).toBeLessThanOrEqual(operations);
  });

  test("is the same each time, wherever the record lies", async () => {
    expect(
      await modelLayer(
        changed((text) => text),
        "/",
      ),
    ).toEqual(await modelLayer(record, "/nowhere"));
  });

  test.each([
    [
      "of a run that cut the revert",
      (text: string) => text.replace(/cuts: *\\n/, "cuts:\\n  in: revert\\n"),
      /cut the revert/,
    ],
    [
      "of a profile that this version cannot read",
      (text: string) => text.replaceAll(EXCHANGE, "swap-sideways"),
      /swap-sideways/,
    ],
    [
      "of a profile that names a key of this machine",
      (text: string) => text.replace(/signing: *[^\\]*\\n/, "signing: /etc/shadow\\n"),
      /names a key that the record does not list/,
    ],
  ])("%s is a sentence that says why", async (_, change, why) => {
    const copy = changed(change);
    expect(readFileSync(join(copy, "replay.json"), "utf8")).not.toBe(readFileSync(join(record, "replay.json"), "utf8"));
    expect(await modelLayer(copy, "/nowhere")).toMatch(why);
  });

  test("of a record that is no longer whole says what is missing", async () => {
    const copy = changed((text) => text);
    for (const name of readdirSync(join(copy, "inputs")).filter((file) => file.startsWith("new-"))) {
      writeFileSync(join(copy, "inputs", name), "other");
    }
    expect(await modelLayer(copy, "/nowhere")).toMatch(/does not hold its images: inputs\/new-/);
    rmSync(join(copy, "replay.json"));
    expect(await modelLayer(copy, "/nowhere")).toMatch(/no such run or replay file/);
  });
});
