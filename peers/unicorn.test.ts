import { describe, expect, test } from "@jest/globals";
import { INTERPRETER } from "../src/emulator/index.ts";
import { compareWithUnicorn, UNICORN_FAULTS, type UnicornCore, unicornPython } from "./unicorn.ts";

/** A sample of `npm run nightly -- unicorn`: random instructions on our core and on PyPI's unicorn 2.1.4. */
const LIMIT_MS = 240_000;
const required = process.env["HIL_PEERS"] === "required";
const python = unicornPython();

function unicornTest(name: string, body: (path: string) => void): void {
  if (python === undefined && !required) return test.skip(`${name}: install .ci/peers.txt`, () => undefined);
  test(name, () => body(python ?? "python3"), LIMIT_MS);
}

describe.each<readonly [UnicornCore, number, number]>([
  ["M33", 2_000, 250],
  ["M0", 600, 50],
])("random instructions of a Cortex-%s", (core, count, rowsMin) => {
  unicornTest("leave what unicorn leaves, but for its known faults", (path) => {
    const found = compareWithUnicorn(path, { core, seed: 1, count });
    expect(found.unknown).toEqual([]);
    expect(found.cases).toBe(count);
    // Most cases must show something: few fault, and nearly every row is drawn.
    expect(found.faulted).toBeLessThan(count / 20);
    expect(found.rows).toBeGreaterThan(rowsMin);
  });

  unicornTest("the translator, which takes every instruction at once, leaves the same", (path) => {
    const found = compareWithUnicorn(path, { core, seed: 2, count: 200, engine: { translatedAfter: 0 } });
    expect(found.unknown).toEqual([]);
  });
});

describe("differences from unicorn", () => {
  unicornTest("a core that is wrong is told by name: a carry that is lost", (path) => {
    const found = compareWithUnicorn(path, {
      core: "M33",
      seed: 3,
      count: 300,
      engine: INTERPRETER,
      spoil: (core) => {
        core.c = 0;
      },
    });
    expect(found.unknown.length).toBeGreaterThan(30);
    expect(found.unknown[0]).toMatch(/^[A-Z].* [0-9a-f]+: .*xpsr [0-9a-f]+ for [0-9a-f]+/u);
  });

  test("each known fault of unicorn says why, and by which source", () => {
    for (const { why, source } of UNICORN_FAULTS)
      expect([why.length > 20, source.includes("DDI 0553")]).toEqual([true, true]);
  });
});
