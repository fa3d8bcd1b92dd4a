/**
 * A page with a table that a script makes, between two marks that name the script.
 * @throws RangeError when the page has no place for it.
 */
export function withTable(page: string, script: string, rows: readonly (readonly string[])[]): string {
  const mark = (where: string) => `<!-- The table ${where} is made by \`npx tsx ${script}\`. -->`;
  const [before, rest] = page.split(`${mark("below")}\n`);
  const after = rest?.split(`\n${mark("above")}`)[1];
  if (before === undefined || after === undefined)
    throw new RangeError(`a page has no place for the table of ${script}`);
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const [head = [], ...body] = rows;
  const table = [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
  return `${before}${mark("below")}\n\n${table}\n\n${mark("above")}${after}`.replaceAll("|  |", "| |");
}
