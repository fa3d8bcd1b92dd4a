import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { commandDocs, DOCS_FILE } from "./command-docs.ts";

test("docs/commands.md says what the tables say (else: npx tsx scripts/command-docs.ts)", async () => {
  expect(await readFile(DOCS_FILE, "utf8")).toBe(await commandDocs());
});

test("the reference names a row of each table", async () => {
  const text = await commandDocs();
  for (const word of [
    "### hil run",
    "#### hil image sign",
    "### lcus",
    "`forget-keys`",
    "`current`",
    "| ECDSASIG |",
    "#### hil board check",
    "| `ports.*.jlink` |",
    "| `power.off_ms` |",
    "| `cuts.at_ms` |",
  ]) {
    expect(text).toContain(word);
  }
  expect(text).toContain("| image upload | 1 | 1 | write | off?: uint, len?: uint");
});
