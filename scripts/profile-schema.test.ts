import { readFile } from "node:fs/promises";
import { expect, test } from "@jest/globals";
import { jsonSchemaText, pathOf, SCHEMA_FILES } from "./profile-schema.ts";

test.each(SCHEMA_FILES)(
  "$file is what the program checks with (else: npx tsx scripts/profile-schema.ts)",
  async (row) => {
    expect(await readFile(pathOf(row.file), "utf8")).toBe(jsonSchemaText(row));
  },
);

test("the profile's schema knows each driver's fields and refuses unknown ones", () => {
  const text = jsonSchemaText(SCHEMA_FILES[0]);
  for (const word of ["lcus", "command", "contact", "max_image_sectors", '"additionalProperties": false']) {
    expect(text).toContain(word);
  }
});
