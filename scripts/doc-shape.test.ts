import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const FOLDERS = ["", "docs", "bench", "boards/keys", "changes", "findings"];
const PAGES = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);

interface Line {
  readonly number: number;
  readonly text: string;
}

/** Lines outside of blocks of code. */
function prose(page: string): readonly Line[] {
  let fence: string | undefined;
  return page.split("\n").flatMap((text, index) => {
    const mark = /^\s*(```+|~~~+)/.exec(text)?.[1];
    if (mark !== undefined) fence = fence === undefined ? mark : text.trim() === fence ? undefined : fence;
    return fence !== undefined || mark !== undefined
      ? [{ number: index + 1, text: "code" }]
      : [{ number: index + 1, text }];
  });
}

/** Cells of a row; a bar in a span of code, or behind a backslash, divides nothing. */
function cells(row: string): number {
  return row
    .replaceAll(/\\\||`[^`]*`/g, "x")
    .trim()
    .replace(/^\|/, "")
    .replace(/\|$/, "")
    .split("|").length;
}

/** Rows that no renderer would show as a table, or not with all their cells. */
function brokenTables(lines: readonly Line[]): readonly string[] {
  const isRow = ({ text }: Line) => text.startsWith("|");
  return lines.flatMap((line, index) => {
    if (!isRow(line)) return [];
    const before = lines[index - 1];
    if (before !== undefined && isRow(before)) return [];
    const end = lines.findIndex((other, at) => at > index && !isRow(other));
    const rows = lines.slice(index, end < 0 ? undefined : end);
    const wrong = [];
    if (before !== undefined && before.text.trim() !== "") wrong.push(`${line.number}: no empty line before the table`);
    if (!/^\|(?:\s*:?-+:?\s*\|)+$/.test(rows[1]?.text ?? "")) wrong.push(`${line.number}: no head, so no table`);
    const uneven = rows.filter((row) => cells(row.text) !== cells(line.text));
    return [...wrong, ...uneven.map((row) => `${row.number}: ${cells(row.text)} cells of ${cells(line.text)}`)];
  });
}

/** Headings that skip a level, and a title that is not alone. */
function brokenHeadings(lines: readonly Line[]): readonly string[] {
  const headings = lines.flatMap(({ number, text }) => {
    const level = /^(#+) /.exec(text)?.[1]?.length;
    return level === undefined ? [] : [{ number, level }];
  });
  return headings.flatMap(({ number, level }, index) => {
    const above = headings[index - 1]?.level ?? 0;
    if (index > 0 && level === 1) return [`${number}: a second title`];
    return level > above + 1 ? [`${number}: level ${level} below level ${above}`] : [];
  });
}

/** A change note is a paragraph; the others have a title. */
const isNote = (page: string) => /^changes\/(?!README)/.test(page);

test.each(PAGES)("%s has whole tables, and headings that go down one level at a time", (page) => {
  const text = readFileSync(join(ROOT, page), "utf8");
  const lines = prose(text);
  expect([...brokenTables(lines), ...brokenHeadings(lines)]).toEqual([]);
  if (!isNote(page)) expect(text).toMatch(/^# /);
});

test("an empty line in a table, a row of other length and a skipped level are found", () => {
  const found = (...lines: string[]) => {
    const all = prose(lines.join("\n"));
    return [...brokenTables(all), ...brokenHeadings(all)];
  };
  const head = ["| a | b |", "|---|:-:|"];
  expect(found(...head, "| `x|y` | c \\| d |")).toEqual([]);
  expect(found(...head, "| 1 | 2 |", "", "| 3 | 4 |")).toEqual(["5: no head, so no table"]);
  expect(found(...head, "| 1 | 2 | 3 |")).toEqual(["3: 3 cells of 2"]);
  expect(found("text", ...head)).toEqual(["2: no empty line before the table"]);
  expect(found("# A", "### C")).toEqual(["2: level 3 below level 1"]);
  expect(found("# A", "## B", "# C")).toEqual(["3: a second title"]);
  expect(found("# A", "```sh", "# no heading", "| no table |", "```")).toEqual([]);
});
