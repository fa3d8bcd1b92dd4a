import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(resolve(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? "");
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test.each(PAGES)("every link of %s leads to a file and a heading of this repository", (page) => {
  const file = resolve(ROOT, page);
  const text = readFileSync(file, "utf8");
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  const dead = targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const goal = path === "" ? file : resolve(dirname(file), path);
    if (!existsSync(goal)) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(goal, "utf8")).has(anchor);
  });
  expect(dead).toEqual([]);
});

test("the pages are found", () => {
  expect(PAGES).toContain("docs/commands.md");
  expect(PAGES.length).toBeGreaterThan(8);
});
