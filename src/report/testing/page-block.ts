import { inflateRawSync } from "node:zlib";
import type { PageBlock, PageMain } from "../page/page-block.ts";
import { DETAIL_ROWS, type DetailPiece, judgedRowsOf, type RowDetail } from "../page/row-columns.ts";
import type { JudgedRow, RunPage } from "../page/run-page.ts";

const inflated = (text: string): unknown => JSON.parse(inflateRawSync(Buffer.from(text, "base64")).toString("utf8"));

/** The data that a page's code would read. */
export function blockOf(html: string): PageBlock & { readonly data: PageMain } {
  const [, json = ""] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
  const block = JSON.parse(json) as PageBlock;
  return { ...block, data: inflated(block.main) as PageMain };
}

/** Each text of a row in the place of its number, so that rows of two tables can be compared. */
export function spelled(row: JudgedRow, texts: readonly string[], detail: RowDetail = row, own = texts): unknown {
  const text = (number: number | undefined) => (number === undefined ? undefined : texts[number]);
  const ownText = (number: number | undefined) => (number === undefined ? undefined : own[number]);
  const slots = (all: RowDetail["slots"]) =>
    all.map((slot) => [slot.image, slot.slot, ...[slot.version, slot.flags, slot.hash].map(ownText)]);
  const { ending, from, to, where, phase, expected, found, because, cut, ...others } = row;
  const { allowed: _, before: __, slots: ___, lane: ____, ...plain } = others;
  return {
    ...plain,
    texts: [ending, from, to, where, phase, expected, found, because].map(text),
    cut: cut && { ...cut, planned: text(cut.planned) },
    allowed: detail.allowed.map((entry) => entry.map(ownText)),
    before: slots(detail.before),
    slots: slots(detail.slots),
    lane: detail.lane && {
      ...detail.lane,
      uart: detail.lane.uart.map(([us, line]) => [us, ownText(line)]),
      smp: detail.lane.smp.map(([us, line]) => [us, ownText(line)]),
    },
  };
}

/** The runs of a page, each row with its detail and its texts spelled out. */
export function unpackedRuns(html: string): readonly unknown[] {
  const { data, details } = blockOf(html);
  return data.runs.map(({ texts, judged, ...run }, at) => {
    const pieces = (details[at] ?? []).map((piece) => inflated(piece) as DetailPiece);
    const rows = judgedRowsOf(judged).map((row, index) => {
      const piece = pieces[Math.floor(index / DETAIL_ROWS)];
      return spelled(row, texts, piece?.rows[index % DETAIL_ROWS], piece?.texts);
    });
    return { ...run, judged: rows };
  });
}

/** What `unpackedRuns` is to give of a run. */
export function spelledRun({ texts, judged, ...run }: RunPage): unknown {
  return { ...run, judged: judged.map((row) => spelled(row, texts)) };
}
