import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { DEPENDENCY_PAGE, dependencyPage, type Lock, licencesOf } from "./dependency-docs.ts";

const json = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, "..", name), "utf8"));
const manifest = json("package.json") as Parameters<typeof dependencyPage>[1];
const lock = json("package-lock.json") as Lock;
const page = readFileSync(DEPENDENCY_PAGE, "utf8");

test("docs/dependencies.md names what package.json asks for (else: npx tsx scripts/dependency-docs.ts)", () => {
  expect(page).toBe(dependencyPage(page, manifest, lock));
  expect(page).toContain("| `serialport` |");
});

test("everything that an installation brings is under a licence that the page names, and no other", () => {
  const named = /All that an installation brings is under ([^.]+)\./.exec(page)?.[1]?.split(/, | or /);
  expect([...licencesOf(lock).keys()].toSorted()).toEqual(named?.toSorted());
});

test("a dependency without a reason, and a reason without its dependency, are refused", () => {
  const more = { ...manifest, dependencies: { ...manifest.dependencies, "left-pad": "1.0.0" } };
  expect(() => dependencyPage(page, more, lock)).toThrow("left-pad");
  const { serialport: _, ...fewer } = manifest.dependencies;
  expect(() => dependencyPage(page, { ...manifest, dependencies: fewer }, lock)).toThrow("serialport");
});
