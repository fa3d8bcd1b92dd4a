import type { PageBlock, PageMain } from "../src/report/page/page-block.ts";
import { DETAIL_ROWS, type DetailPiece, judgedRowsOf, type RowDetail } from "../src/report/page/row-columns.ts";
import type { RunPage } from "../src/report/page/run-page.ts";

/** The detail of a verdict, and the texts that its numbers mean. */
export interface ShownDetail extends RowDetail {
  readonly texts: readonly string[];
}

/** A run as the page shows it: details that the document holds deflated are fetched when somebody looks. */
export interface ShownRun extends RunPage {
  readonly detailOf?: (row: number) => Promise<ShownDetail>;
}

/** A page's data as its views take them: runs, a lab, or charts. */
export interface PageData extends Omit<PageMain, "runs"> {
  /** Version of the program that wrote the page. */
  readonly hil: string;
  readonly runs: readonly ShownRun[];
}

/** What `text` holds: JSON, deflated without a header (RFC 1951), in base64. */
async function inflated<T>(text: string): Promise<T> {
  // Not a Blob's stream: a browser keeps blobs in another process, and asks it for each piece.
  const bytes = new Response(bytesOf(text)).body as ReadableStream<Uint8Array<ArrayBuffer>>;
  return (await new Response(bytes.pipeThrough(new DecompressionStream("deflate-raw"))).json()) as T;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
  return bytes;
}

/** The data of a document. */
export async function unpacked({ hil, main, details }: PageBlock): Promise<PageData> {
  const { runs, ...others } = await inflated<PageMain>(main);
  return {
    ...others,
    hil,
    runs: runs.map(
      ({ judged, ...run }, at): ShownRun => ({
        ...run,
        judged: judgedRowsOf(judged),
        detailOf: reader(details[at] ?? []),
      }),
    ),
  };
}

/** Each piece is inflated once. */
function reader(pieces: readonly string[]): (row: number) => Promise<ShownDetail> {
  const opened = new Map<number, Promise<DetailPiece>>();
  return async (row) => {
    const at = Math.floor(row / DETAIL_ROWS);
    const piece = opened.get(at) ?? inflated<DetailPiece>(pieces[at] ?? "");
    opened.set(at, piece);
    const { texts, rows } = await piece;
    const detail = rows[row % DETAIL_ROWS];
    if (detail === undefined) throw new RangeError(`the page holds no details of verdict ${row}`);
    return { ...detail, texts };
  };
}
