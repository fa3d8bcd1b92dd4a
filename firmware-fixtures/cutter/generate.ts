// Writes messages.py, the cutter's half of the table of messages: npx tsx firmware-fixtures/cutter/generate.ts
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cutterTable } from "../../src/power/testing/cutter/table.ts";

writeFileSync(fileURLToPath(new URL("messages.py", import.meta.url)), cutterTable());
