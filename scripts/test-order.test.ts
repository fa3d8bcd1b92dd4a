import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const ROOT = new URL("../", import.meta.url);
const ORDER: Readonly<Record<"waiting" | "computing", readonly string[]>> = JSON.parse(
  readFileSync(new URL("test-order.json", import.meta.url), "utf8"),
);

test("the order of tests names only suites that are there, each once", () => {
  const names = [...ORDER.waiting, ...ORDER.computing];
  expect(names.filter((name) => !existsSync(fileURLToPath(new URL(name, ROOT))))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});

test("what waits is every suite on a bench in real time, and no other", () => {
  const suites = readdirSync(new URL("hil-tests/", ROOT)).filter((name) => name.endsWith(".test.ts"));
  const inRealTime = suites
    .map((name) => `hil-tests/${name}`)
    .filter((name) => /\b(ptyBench|twoBoards|loudBench)\b/.test(readFileSync(new URL(name, ROOT), "utf8")));
  expect([...ORDER.waiting].toSorted()).toEqual(inRealTime.toSorted());
});
