import { createHash } from "node:crypto";
import type { LabPage } from "./lab-data.ts";
import { markup } from "./markup.ts";
import { packedBytes, packedPage } from "./packed-page.ts";
import type { PageBlock } from "./page-block.ts";
import type { PlotPage } from "./plot-data.ts";
import type { RunPage } from "./run-page.ts";

/** The page's code and look, as the bundler of `npm run build` leaves them in dist/web. */
export interface PageCode {
  readonly script: string;
  readonly style: string;
}

/** In the head of each page of ours: what says, later, that the file may be replaced by another. */
export const PAGE_MARK = '<meta name="generator" content="mcuboot-hil">';

/** Room for the data of a page: beyond it, what happened around verdicts that passed is left to the record. */
const DATA_BYTES_MAX = 9_000_000;

/**
 * A whole HTML document with the pages of some runs: one file that needs nothing else. Its policy lets no script run
 * but the page's own, by its digest, and nothing be loaded; data stand in a block of JSON that no reader takes for
 * markup, deflated, so that a night's page is of a size that a mail takes.
 * Source: Content Security Policy 3 (W3C), 2.3.1 hash-source; HTML Standard 4.12.1.3, what a script element may hold.
 */
export function pageDocument(runs: readonly RunPage[], code: PageCode, hil: string): string {
  const data: PageBlock = { ...packedPage(fitted(runs, DATA_BYTES_MAX)), hil };
  const [only] = runs;
  const title = only !== undefined && runs.length === 1 ? `${only.scenario} on ${only.profile ?? only.board}` : "Runs";
  return documentOf({ title: `${title} - hil report`, data, code });
}

/** The same with the page of a lab. */
export function labDocument(lab: LabPage, code: PageCode, hil: string): string {
  const data: PageBlock = { ...packedPage([], { lab }), hil };
  return documentOf({ title: `Lab ${lab.folder} - hil report`, data, code });
}

/** The same with measurements as charts and tables. */
export function plotDocument(plots: PlotPage, code: PageCode, hil: string): string {
  const data: PageBlock = { ...packedPage([], { plots }), hil };
  return documentOf({ title: `${plots.title} - hil`, data, code });
}

/**
 * The document of a page that watches: it has no data of runs, and asks where it came from, and nobody else, for them.
 * @param lab what a lab's runs came to so far, where a whole lab is watched.
 */
export function livePageDocument(code: PageCode, hil: string, lab?: LabPage): string {
  return documentOf({ title: "hil watch", data: { hil, lab }, code, connects: true });
}

/** The document of a lab's pages: all that it shows it asks for, where it came from. */
export function deskDocument(code: PageCode, hil: string): string {
  return documentOf({ title: "hil lab", data: { hil }, code, connects: true });
}

interface Document {
  readonly title: string;
  readonly data: unknown;
  readonly code: PageCode;
  readonly connects?: true;
}

function documentOf({ title, data, code, connects }: Document): string {
  const style = code.style.trim();
  const script = code.script.trim();
  const policy = [
    "default-src 'none'",
    `script-src '${digestOf(script)}'`,
    `style-src '${digestOf(style)}'`,
    ...(connects ? ["connect-src 'self'"] : []),
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    PAGE_MARK,
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${markup(title)}</title>`,
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    '<div id="page"><p>This page needs JavaScript, its own: nothing is loaded from anywhere.</p></div>',
    `<script type="application/json" id="data">${inert(JSON.stringify(data))}</script>`,
    `<script>${script}</script>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function digestOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** JSON that ends no script element and opens no comment; U+2028 and U+2029 are line ends to some readers. */
function inert(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/**
 * The runs within a limit of bytes: what happened around verdicts goes first from those that passed, every other one at
 * a time so that what stays is spread over the run, and from those that failed last. The page says what it left out.
 */
export function fitted(runs: readonly RunPage[], bytesMax: number, bytesOf = packedBytes): readonly RunPage[] {
  let said = runs;
  for (said of eachSmaller(runs)) if (bytesOf(said) <= bytesMax) break;
  return said;
}

/** The runs as they are, then with ever fewer lanes, as long as one can go. */
function* eachSmaller(runs: readonly RunPage[]): Generator<readonly RunPage[], void> {
  yield runs;
  let pages = runs;
  for (const keep of [withoutHalf, withoutPassed, withoutAll]) {
    for (let less = pages.map(keep); lanesOf(less) < lanesOf(pages); less = pages.map(keep)) {
      pages = less;
      yield pages.map(saying);
    }
  }
  // Too long without any: the page says so, too.
  if (pages === runs) yield runs.map(saying);
}

function lanesOf(pages: readonly RunPage[]): number {
  return pages.reduce((sum, { judged }) => sum + judged.filter(({ lane }) => lane !== undefined).length, 0);
}

/** Takes the lanes away from every other passed verdict that has them. */
function withoutHalf(run: RunPage): RunPage {
  let order = 0;
  return without(run, (row) => {
    order += row.pass ? 1 : 0;
    return row.pass && order % 2 === 1;
  });
}

const withoutPassed = (run: RunPage): RunPage => without(run, ({ pass }) => pass);
const withoutAll = (run: RunPage): RunPage => without(run, () => true);

function without(run: RunPage, isToGo: (row: RunPage["judged"][number]) => boolean): RunPage {
  const judged = run.judged.map((row) => (row.lane !== undefined && isToGo(row) ? { ...row, lane: undefined } : row));
  return { ...run, judged };
}

/** With a sentence about what was left out. */
function saying(run: RunPage): RunPage {
  const bare = run.judged.filter(({ lane }) => lane === undefined).length;
  if (bare === 0) return run;
  const text = `To keep this page small, the axis of ${bare} verdicts has no lines: they are in the record.`;
  return { ...run, leftOut: [...run.leftOut, text] };
}
