import type { JudgedRow, Lanes, PageCut } from "./run-page.ts";

/**
 * Rows of verdicts as columns: thousands of rows have the same names, and a name that stands once is read once. What
 * only an opened verdict shows is apart (`RowDetail`). The page's code reads them with `judgedRowsOf`.
 */

/** What of a row is shown only where it is opened. Its texts are numbers of the piece's own table. */
export type RowDetail = Pick<JudgedRow, "allowed" | "before" | "slots" | "lane">;

/** Details of so many rows are one piece, which is inflated when one of them is opened. */
export const DETAIL_ROWS = 64;

/** The details of `DETAIL_ROWS` rows, and the texts that their numbers mean. */
export interface DetailPiece {
  readonly texts: readonly string[];
  readonly rows: readonly RowDetail[];
}

type Plain = Omit<JudgedRow, keyof RowDetail | "cut">;
type Value<T> = Exclude<T, undefined> | null;
type ColumnsOf<T> = { readonly [K in keyof T]-?: readonly Value<T[K]>[] };

/** A value a row in each column; null where the row has none. A cut without an index is none. */
export interface JudgedColumns {
  readonly plain: ColumnsOf<Plain>;
  readonly cut: ColumnsOf<PageCut>;
}

const PLAIN = [
  ...(["check", "name", "pass", "ending", "from", "to", "where", "phase"] as const),
  ...(["expected", "found", "because", "boots", "fromUs", "toUs"] as const),
] satisfies readonly (keyof Plain)[];
const CUT = [
  ...(["index", "planned", "plannedUs", "resetUs", "offUs", "cutUs"] as const),
  ...(["lastByteUs", "onUs", "firstByteUs", "intoSwapUs"] as const),
] satisfies readonly (keyof PageCut)[];

/** The columns of rows. */
export function columnsOf(rows: readonly JudgedRow[]): JudgedColumns {
  return {
    plain: columns(PLAIN, rows),
    cut: columns(
      CUT,
      rows.map(({ cut }) => cut),
    ),
  };
}

function columns<T, K extends keyof T>(names: readonly K[], rows: readonly (T | undefined)[]): ColumnsOf<Pick<T, K>> {
  const entries = names.map((name) => [name, rows.map((row) => row?.[name] ?? null)]);
  return Object.fromEntries(entries) as ColumnsOf<Pick<T, K>>;
}

/** The rows again, without what only an opened one shows. */
export function judgedRowsOf(columns: JudgedColumns): readonly JudgedRow[] {
  return columns.plain.check.map((_, at) => rowAt(columns, at));
}

/** Written out field by field: objects of one shape are made and read several times as fast. */
function rowAt({ plain, cut }: JudgedColumns, at: number): JudgedRow {
  return {
    check: plain.check[at] ?? "",
    name: plain.name[at] ?? "",
    pass: plain.pass[at] ?? false,
    ending: plain.ending[at] ?? 0,
    from: plain.from[at] ?? 0,
    to: plain.to[at] ?? 0,
    where: plain.where[at] ?? undefined,
    phase: plain.phase[at] ?? undefined,
    expected: plain.expected[at] ?? 0,
    found: plain.found[at] ?? 0,
    because: plain.because[at] ?? 0,
    boots: plain.boots[at] ?? 0,
    fromUs: plain.fromUs[at] ?? 0,
    toUs: plain.toUs[at] ?? 0,
    cut: cutAt(cut, at),
    allowed: NO_DETAIL.allowed,
    before: NO_DETAIL.before,
    slots: NO_DETAIL.slots,
    lane: undefined,
  };
}

function cutAt(cut: JudgedColumns["cut"], at: number): PageCut | undefined {
  const index = cut.index[at] ?? undefined;
  if (index === undefined) return undefined;
  return {
    index,
    planned: cut.planned[at] ?? 0,
    plannedUs: cut.plannedUs[at] ?? undefined,
    resetUs: cut.resetUs[at] ?? 0,
    offUs: cut.offUs[at] ?? 0,
    cutUs: cut.cutUs[at] ?? 0,
    lastByteUs: cut.lastByteUs[at] ?? undefined,
    onUs: cut.onUs[at] ?? 0,
    firstByteUs: cut.firstByteUs[at] ?? undefined,
    intoSwapUs: cut.intoSwapUs[at] ?? undefined,
  };
}

/** A row whose detail lies elsewhere. */
const NO_DETAIL: Omit<RowDetail, "lane"> = { allowed: [], before: [], slots: [] };

/** The detail of a row with every text's number given by `renumber`. */
export function renumberedDetail({ allowed, before, slots, lane }: RowDetail, renumber: (text: number) => number) {
  const ofSlots = (all: RowDetail["slots"]) =>
    all.map(({ version, flags, hash, ...slot }) => {
      const own = hash === undefined ? undefined : renumber(hash);
      return { ...slot, version: renumber(version), flags: renumber(flags), hash: own };
    });
  const lines = (all: Lanes["uart"]) => all.map(([sinceUs, text]) => [sinceUs, renumber(text)] as const);
  return {
    allowed: allowed.map(([a, b, c]) => [renumber(a), renumber(b), renumber(c)] as const),
    before: ofSlots(before),
    slots: ofSlots(slots),
    lane: lane && { ...lane, uart: lines(lane.uart), smp: lines(lane.smp) },
  } satisfies RowDetail;
}

/** The row itself with every text's number given by `renumber`. */
export function renumberedRow(row: JudgedRow, renumber: (text: number) => number): JudgedRow {
  const ifAny = (text: number | undefined) => (text === undefined ? undefined : renumber(text));
  return {
    ...row,
    ending: renumber(row.ending),
    from: renumber(row.from),
    to: renumber(row.to),
    where: ifAny(row.where),
    phase: ifAny(row.phase),
    expected: renumber(row.expected),
    found: renumber(row.found),
    because: renumber(row.because),
    cut: row.cut && { ...row.cut, planned: renumber(row.cut.planned) },
  };
}
