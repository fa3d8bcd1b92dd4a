import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { sourceFiles } from "./source-tree.ts";

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
  const suites = ["src", "hil-tests"].flatMap((folder) => sourceFiles(folder));
  const inRealTime = suites
    .filter(
      ({ path, code }) =>
        path.endsWith(".test.ts") && /\b(ptyBench|twoBoards|loudBench|LabBench|tryFault)\b/.test(code),
    )
    .map(({ path }) => path);
  expect([...ORDER.waiting].toSorted()).toEqual(inRealTime.toSorted());
});
