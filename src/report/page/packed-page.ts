import { deflateRawSync } from "node:zlib";
import { PAGE_SCHEMA, type PackedRun, type PageBlock, type PageMain } from "./page-block.ts";
import { columnsOf, DETAIL_ROWS, type DetailPiece, renumberedDetail, renumberedRow } from "./row-columns.ts";
import type { RunPage } from "./run-page.ts";
import { TextTable } from "./text-table.ts";

/**
 * The data of a page as its document holds them: what every view needs in one piece, what only an opened verdict
 * shows in pieces of some rows, each deflated by itself. A browser inflates the second kind when somebody looks.
 */
export function packedPage(runs: readonly RunPage[], others: Omit<PageMain, "runs"> = {}): Omit<PageBlock, "hil"> {
  const packed = runs.map(packedRun);
  return {
    schema: PAGE_SCHEMA,
    main: deflated({ ...others, runs: packed.map(({ run }) => run) } satisfies PageMain),
    details: packed.map(({ details }) => details),
  };
}

/** How many bytes of the document that is. */
export function packedBytes(runs: readonly RunPage[]): number {
  return Buffer.byteLength(JSON.stringify(packedPage(runs)));
}

interface Packed {
  readonly run: PackedRun;
  readonly details: readonly string[];
}

/** A run is measured before its document is written: the same text both times. */
const PACKED = new WeakMap<RunPage, Packed>();

function packedRun(page: RunPage): Packed {
  const known = PACKED.get(page) ?? packedAnew(page);
  PACKED.set(page, known);
  return known;
}

function packedAnew({ texts, judged, ...run }: RunPage): Packed {
  const table = new TextTable();
  const rows = judged.map((row) => renumberedRow(row, (text) => table.numberOf(texts[text] ?? "")));
  const details: string[] = [];
  for (let from = 0; from < judged.length; from += DETAIL_ROWS) {
    details.push(deflated(pieceOf(judged.slice(from, from + DETAIL_ROWS), texts)));
  }
  return { run: { ...run, texts: table.texts, judged: columnsOf(rows) }, details };
}

function pieceOf(rows: RunPage["judged"], texts: RunPage["texts"]): DetailPiece {
  const table = new TextTable();
  const own = rows.map((row) => renumberedDetail(row, (text) => table.numberOf(texts[text] ?? "")));
  return { texts: table.texts, rows: own };
}

const deflated = (value: unknown): string => deflateRawSync(JSON.stringify(value)).toString("base64");
