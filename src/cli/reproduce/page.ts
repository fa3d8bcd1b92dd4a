import { markup } from "../../report/index.ts";
import type { Answer } from "./answer.ts";
import { sureText, twinText } from "./answer.ts";

const STYLE =
  "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}" +
  "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}dt{font-weight:600;margin-top:.6rem}dd{margin:0}" +
  "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}" +
  "code{font:.9em ui-monospace,monospace;background:#f2f2f2;padding:.1em .3em}" +
  "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#161616}code{background:#2a2a2a}td,th{border-color:#444}}";

/** The answer as a page of its own: no script, nothing fetched. */
export function answerPage(answer: Answer, cwd: string): string {
  const { evidence, result, found, checked, replay } = answer;
  const fits = result.candidates.filter(({ distance }) => distance === 0);
  const row = found?.candidate.row;
  const title = row === undefined ? "No cause found" : `${row.id}: ${row.title}`;
  const facts: (readonly [string, string])[] = [
    ["How sure", sureText(result)],
    ...(row === undefined
      ? []
      : ([
          ["Cause", row.because],
          ["Who has it", row.had],
          ["What protects a product", row.protects],
          ["Source", `${row.source}; table ${row.row}`],
        ] as const)),
    ...(replay === undefined ? [] : [["Replay", `npx hil replay ${replay}`] as const]),
    ...(checked === undefined ? [] : [["On the simulated board", twinText(checked, cwd)] as const]),
  ];
  const shown = fits.length > 0 ? fits : result.candidates.slice(0, 5);
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><title>${markup(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${markup(title)}</h1>`,
    `<dl>${facts.map(([name, text]) => `<dt>${markup(name)}</dt><dd>${markup(text)}</dd>`).join("")}</dl>`,
    "<h2>What was sent</h2>",
    list(evidence.knows),
    ...(evidence.contradicts.length === 0 ? [] : ["<h2>What contradicts</h2>", list(evidence.contradicts)]),
    "<h2>Causes that were weighed</h2>",
    "<table><thead><tr><th>Cause</th><th>Distance</th><th>Histories</th><th>Bootloaders</th><th>Not explained</th></tr></thead><tbody>",
    ...shown.map(
      ({ cause, row: own, distance, histories, generations, best }) =>
        `<tr><td>${markup(`${cause}${own === undefined ? "" : `: ${own.title}`}`)}</td><td>${distance}</td><td>${histories}</td>` +
        `<td>${markup(generations.join(", "))}</td><td>${markup(best.misses.map(({ what }) => what).join("; "))}</td></tr>`,
    ),
    "</tbody></table>",
    ...(evidence.asks.length === 0 ? [] : ["<h2>What to ask for</h2>", list(evidence.asks)]),
    "</body></html>",
    "",
  ].join("\n");
}

function list(texts: readonly string[]): string {
  return `<ul>${texts.map((text) => `<li>${markup(text)}</li>`).join("")}</ul>`;
}
