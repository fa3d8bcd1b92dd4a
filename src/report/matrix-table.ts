import { columns as aligned } from "../core/index.ts";

/** What a cell of a matrix came to, in a few words. */
interface TableCell {
  readonly board: string;
  readonly old: string;
  readonly new: string;
  readonly request: string;
  readonly text: string;
}

/** A matrix as a table a board: old builds below each other, new ones and requests side by side. */
export function matrixTable(cells: readonly TableCell[]): readonly string[] {
  const boards = unique(cells.map(({ board }) => board));
  return boards.flatMap((board, index) => {
    const own = cells.filter((cell) => cell.board === board);
    const columns = unique(own.map(columnOf));
    const rows = unique(own.map(({ old }) => old)).map((old) => [
      old,
      ...columns.map((column) => own.find((cell) => cell.old === old && columnOf(cell) === column)?.text ?? "-"),
    ]);
    const lines = aligned([["from \\ to", ...columns], ...rows]);
    return [...(index === 0 ? [] : [""]), `on ${board}`, ...lines.map((line) => `  ${line}`)];
  });
}

function columnOf({ new: next, request }: TableCell): string {
  return `${next} ${request}`;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
