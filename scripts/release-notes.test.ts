import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { changeNotes, releaseNotes, withRelease } from "./release-notes.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-notes-"));
afterAll(() => rmSync(folder, { recursive: true }));
const note = (name: string, text: string) => writeFileSync(join(folder, name), text);

test("every note of this project has a kind and a text", () => {
  expect(changeNotes(join(import.meta.dirname, "../changes")).length).toBeGreaterThan(0);
});

test("notes become a section: new ones first, a line each, however they were broken", () => {
  note("fixed-port.md", "A port that vanished\n  is opened again.\n");
  note("added-relay.md", "`conrad`: a relay.\n");
  note("README.md", "not a note");
  const section = releaseNotes("0.2.0", "2026-12-01", changeNotes(folder));
  expect(section).toBe(
    "## 0.2.0, 2026-12-01\n\n### New\n\n- `conrad`: a relay.\n\n### Mended\n\n- A port that vanished is opened again.\n",
  );
  const first = withRelease("", section);
  expect(first.startsWith("# Releases\n\n## 0.2.0, 2026-12-01\n")).toBe(true);
  const second = withRelease(first, releaseNotes("0.3.0", "2027-01-01", changeNotes(folder)));
  expect([...second.matchAll(/^#+ .*/gm)].map(([line]) => line)).toEqual([
    "# Releases",
    "## 0.3.0, 2027-01-01",
    "### New",
    "### Mended",
    "## 0.2.0, 2026-12-01",
    "### New",
    "### Mended",
  ]);
  expect(() => withRelease(second, section)).toThrow('has "## 0.2.0" already');
});

test.each([
  ["mended-it.md", "text", "begins with none of added, changed, fixed, removed"],
  ["fixed-empty.md", " \n", "is empty"],
])("a note that is none is refused: %s", (name, text, message) => {
  note(name, text);
  expect(() => changeNotes(folder)).toThrow(`${name}: ${message}`);
  rmSync(join(folder, name));
});
