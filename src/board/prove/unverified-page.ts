import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** docs/unverified.md, which ships with the package. */
const PAGE = fileURLToPath(new URL("../../../docs/unverified.md", import.meta.url));

/** One row of the page: what nobody has seen on a board yet. */
export interface UnverifiedRow {
  readonly section: string;
  readonly what: string;
  readonly restsOn: string;
  readonly how: string;
}

/** Every row of docs/unverified.md, in its order. */
export function unverifiedRows(page = readFileSync(PAGE, "utf8")): readonly UnverifiedRow[] {
  let section = "";
  const rows: UnverifiedRow[] = [];
  for (const line of page.split("\n")) {
    section = /^## (.+)$/.exec(line)?.[1] ?? section;
    const cells = /^\| (.+) \|$/.exec(line)?.[1]?.split(/(?<!\\) \| /);
    const [what = "", restsOn = "", how = ""] = cells ?? [];
    if (cells?.length === 3 && what !== "what" && !/^-+$/.test(what)) rows.push({ section, what, restsOn, how });
  }
  return rows;
}
