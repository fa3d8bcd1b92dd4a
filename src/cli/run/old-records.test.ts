import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { explainCommand } from "../explain/explain.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { replayCommand } from "./replay.ts";

const CASES = fileURLToPath(new URL("../../../cases/records/", import.meta.url));
const text = (...path: readonly string[]) => readFileSync(join(...path), "utf8");

/**
 * A file of a record without what changed with the twin's banner, which named a release of nRF Connect SDK that never
 * was (until NCS had rows of its own): its text, the board's, and all times, as it was longer by a byte.
 */
function told(folder: string, file: string): readonly unknown[] {
  const whole = text(folder, file);
  const lines = file.endsWith(".jsonl") ? whole.trim().split("\n") : [whole];
  return lines.map((line) =>
    JSON.parse(line, (key: string, value: unknown) => {
      if (key.endsWith("Us") || key === "board" || (key === "name" && /^(sdk|os) banner$/.test(String(value))))
        return "";
      return typeof value === "string" && /^\*\*\* Using .* v[\d.]+ \*\*\*$/.test(value) ? "" : value;
    }),
  );
}

// Records as version 0.1.0 wrote them at baf1f78 (without host.json and uart/): cuts in boots with a boot after each,
// and cuts in a request.
describe.each(["0.1.0-boots", "0.1.0-request"])("a record of an earlier version (%s)", (name) => {
  const old = join(CASES, name);

  test("is replayed, and the replay's record says the same but for the twin's banner and times", async () => {
    const io = memoryIo();
    const code = await replayCommand([old], io);
    const [folder = ""] = readdirSync(join(io.cwd, "runs"));
    const fresh = join(io.cwd, "runs", folder);
    for (const file of ["verdicts.jsonl", "events.jsonl", "replay.json"]) {
      expect({ file, lines: told(fresh, file) }).toEqual({ file, lines: told(old, file) });
    }
    const result = (path: string) => (JSON.parse(text(path, "run.json")) as { result: unknown }).result;
    expect([code, result(fresh)]).toEqual([0, result(old)]);
  });

  test("is replayed cut by cut", async () => {
    const io = memoryIo();
    expect(await replayCommand([old, "--cut", "2", "--json"], io)).toBe(0);
    const { verdicts } = JSON.parse(io.printed()) as { verdicts: readonly { readonly check: string }[] };
    const cuts = verdicts.map(({ check }) => check).filter((check) => /cut \d/.test(check));
    expect(cuts.every((check) => check.includes("cut 2"))).toBe(true);
    expect(cuts.length).toBeGreaterThan(0);
  });

  test("is explained", async () => {
    const io = memoryIo();
    expect(await explainCommand([old], io)).toBe(0);
    expect(io.printed()).toContain("of events.jsonl");
  });
});
