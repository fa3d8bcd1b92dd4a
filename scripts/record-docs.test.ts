import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { ENDINGS } from "../src/campaign/index.ts";
import { sourceFiles } from "./source-tree.ts";

/** Fields of each event, as the type in src/campaign/record says; `atUs` is every event's. */
function written(): Readonly<Record<string, readonly string[]>> {
  const code = sourceFiles("src/campaign/record")
    .filter(({ isTest }) => !isTest)
    .map((file) => file.code)
    .join("\n");
  const events = code.matchAll(/readonly event: ("[\w-]+"(?: \| "[\w-]+")*);([^]*?)\n? *\}\n/g);
  return Object.fromEntries(
    [...events].flatMap(([, names = "", fields = ""]) =>
      [...names.matchAll(/"([\w-]+)"/g)].map(([, name = ""]) => [
        name,
        [...fields.matchAll(/readonly (\w+)\??:/g)].map(([, field = ""]) => field),
      ]),
    ),
  );
}

/** The same, as the table of docs/record.md says. */
function documented(): Readonly<Record<string, readonly string[]>> {
  const page = readFileSync(new URL("../docs/record.md", import.meta.url), "utf8");
  const [, section = ""] = page.split("\n## Events\n");
  const quoted = (cell: string) => [...cell.matchAll(/`([\w-]+)`/g)].map(([, word = ""]) => word);
  const rows = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| (`[^|]*) \| ([^|]*) \| /gm)];
  return Object.fromEntries(
    rows.flatMap(([, names = "", fields = ""]) => quoted(names).map((name) => [name, quoted(fields)])),
  );
}

test("docs/record.md names every event of a run and its fields, and no others", () => {
  expect(Object.keys(written()).length).toBeGreaterThan(20);
  expect(documented()).toEqual(written());
});

test("every message of docs/troubleshooting.md is one that the program can print", () => {
  const page = readFileSync(new URL("../docs/troubleshooting.md", import.meta.url), "utf8");
  const messages = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, message = ""]) => message);
  expect(messages.length).toBeGreaterThan(15);
  // A value in a text is an expression in the source: "${board.name} does not answer on ${uart}".
  const source = sourceFiles("src").map(({ code }) => code);
  expect(messages.filter((message) => !source.some((code) => code.includes(message)))).toEqual([]);
});

test("docs/verdicts.md has a row for every ending, in order, and says which are legal", () => {
  const page = readFileSync(new URL("../docs/verdicts.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| ([^|`]+) \| (yes|no) \|/gm)].map(([, text, legal]) => ({ text, legal }));
  expect(rows).toEqual(ENDINGS.map(({ text, legal }) => ({ text, legal: legal ? "yes" : "no" })));
});
