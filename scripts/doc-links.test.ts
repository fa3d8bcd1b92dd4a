import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
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

test("links of the pages in the package lead to what is in it", () => {
  const { files } = JSON.parse(readFileSync(resolve(ROOT, "package.json"), "utf8"));
  const packed = (page: string) => files.some((entry: string) => page === entry || page.startsWith(`${entry}/`));
  const missing = PAGES.filter(packed).flatMap((page) =>
    [...readFileSync(resolve(ROOT, page), "utf8").matchAll(/\]\((?!https?:)([^)\s#]+)/g)]
      .map((match) => join(dirname(page), match[1] ?? ""))
      .filter((target) => !packed(target)),
  );
  expect(missing).toEqual([]);
});

/** Notes that the authors had beside the repository, and that nobody else can look up. */
const PRIVATE_NOTES =
  /fact sheet|lab-hardware|shared\/reference|(?<!MCUboot docs\/)\bdesign\.md, |\b(?:mcuboot|smp|nrf5340|imgtool)\.md,? (?:section )?\d/i;
const FOLDERS = [
  "src",
  "docs",
  "boards",
  "scenarios",
  "cases",
  "hil-tests",
  "golden",
  "peers",
  "bench",
  "firmware-fixtures",
];

test("every source is one that a reader can have", () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(resolve(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(?:m?ts|md|ya?ml|py|txt)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  expect(files.length).toBeGreaterThan(500);
  const citing = files.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, index) => (PRIVATE_NOTES.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
  );
  expect(citing).toEqual([]);
});

test("the pages are found", () => {
  expect(PAGES).toContain("docs/commands.md");
  expect(PAGES.length).toBeGreaterThan(8);
});
