import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { FAULT_DOCS_FILE, faultDocs } from "./fault-docs.ts";

test("docs/faults.md says what the tables and scenarios say (else: npx tsx scripts/fault-docs.ts)", async () => {
  expect(await readFile(FAULT_DOCS_FILE, "utf8")).toBe(await faultDocs());
});
