import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { RESULT_FORMATS } from "../src/report/index.ts";
import { withTable } from "./page-table.ts";

/** docs/ci.md, whose table of results is made from the program's own: `npx tsx scripts/result-docs.ts`. */
export const RESULT_PAGE = fileURLToPath(new URL("../docs/ci.md", import.meta.url));

const HEAD = ["`--write`", "writes", "what it is", "by"];

/** The page, with the table as the program has it now. @throws RangeError when the page has no place for it. */
export function resultPage(page: string): string {
  const rows = RESULT_FORMATS.map(({ name, file, isFolder, about, source }) => {
    return [`\`${name}\``, `\`${file}${isFolder ? "/" : ""}\``, about, source];
  });
  return withTable(page, "scripts/result-docs.ts", [HEAD, ...rows]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(RESULT_PAGE, resultPage(await readFile(RESULT_PAGE, "utf8")));
}
