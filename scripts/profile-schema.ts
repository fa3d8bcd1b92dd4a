import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { PROFILE_FIELDS } from "../src/board/profile/schema.ts";
import { MATRIX_SCHEMA } from "../src/campaign/matrix/matrix.ts";
import { SCENARIO_SCHEMA } from "../src/campaign/request/scenario.ts";

/** JSON Schemas for editors, made from the schemas that `hil` checks with: `npx tsx scripts/profile-schema.ts`. */
export const SCHEMA_FILES = [
  { file: "boards/profile.schema.json", title: "mcuboot-hil board profile", schema: PROFILE_FIELDS },
  { file: "scenarios/scenario.schema.json", title: "mcuboot-hil scenario", schema: SCENARIO_SCHEMA },
  { file: "scenarios/matrix.schema.json", title: "mcuboot-hil matrix", schema: MATRIX_SCHEMA },
] as const;

/** Draft 7: what editors' YAML plug-ins read. Checks between fields have no form there; `hil` makes them. */
export function jsonSchemaText(row: (typeof SCHEMA_FILES)[number]): string {
  return `${JSON.stringify({ title: row.title, ...schemaOf(row) }, undefined, 2)}\n`;
}

export function schemaOf({ schema }: (typeof SCHEMA_FILES)[number]): object {
  return z.toJSONSchema(schema, { target: "draft-7", io: "input", unrepresentable: "any" });
}

export function pathOf(file: string): string {
  return fileURLToPath(new URL(`../${file}`, import.meta.url));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const row of SCHEMA_FILES) {
    const before = await readFile(pathOf(row.file), "utf8").catch(() => "");
    const text = jsonSchemaText(row);
    if (text !== before) await writeFile(pathOf(row.file), text);
    process.stdout.write(`${text === before ? "up to date" : "written   "}  ${row.file}\n`);
  }
}
