import { useState } from "preact/hooks";
import type { HalfAndMost, LabCell, LabPage, LabRow } from "../src/report/page/lab-data.ts";
import { Copy } from "./copy.tsx";
import { Wide } from "./parts.tsx";
import { duration, nightText, rate } from "./text.ts";

/** A mark and a tone an outcome: they differ without colour, too. */
const MARKS: Readonly<Record<LabCell["outcome"], readonly [mark: string, tone: string]>> = {
  pass: ["✓", "upgraded"],
  fail: ["✕", "failed"],
  error: ["!", "reverted"],
  incomplete: ["~", "reverted"],
  interrupted: ["-", "other"],
};

/** Boards × scenarios as rows, nights as columns: a cell is the night's run. */
export function LabGrid({ lab }: { lab: LabPage }) {
  const [open, setOpen] = useState<LabCell | undefined>();
  return (
    <section aria-labelledby="nights">
      <h2 id="nights">Nights</h2>
      <Wide label="Boards and scenarios by night">
        <table class="nights">
          <thead>
            <tr>
              <th scope="col">scenario on board</th>
              {lab.nights.map((night) => (
                <th scope="col" class="night" key={night}>
                  <span>{nightText(night)}</span>
                </th>
              ))}
              <th scope="col">passed</th>
              <th scope="col">swap, p50 · p95</th>
              <th scope="col">upload, p50 · p95</th>
            </tr>
          </thead>
          <tbody>
            {lab.rows.map((row) => (
              <Row key={`${row.scenario} ${row.board}`} row={row} nights={lab.nights} open={open} show={setOpen} />
            ))}
          </tbody>
        </table>
      </Wide>
      <ul class="legend">
        {Object.entries(MARKS).map(([outcome, [mark, tone]]) => (
          <li key={outcome}>
            <span class={tone}>{mark}</span> {outcome === "error" ? "the bench failed" : outcome}
          </li>
        ))}
      </ul>
      {open !== undefined && <Cell cell={open} folder={lab.folder} />}
    </section>
  );
}

interface RowProps {
  readonly row: LabRow;
  readonly nights: readonly string[];
  readonly open: LabCell | undefined;
  readonly show: (cell: LabCell) => void;
}

function Row({ row, nights, open, show }: RowProps) {
  return (
    <tr>
      <th scope="row">
        {row.scenario} <span class="quiet">on</span> {row.board}
        {row.newlyRed.length > 0 && <b class="failed"> newly red</b>}
        {row.flaky.length > 0 && <b class="reverted"> {row.newlyFlaky.length > 0 ? "newly flaky" : "flaky"}</b>}
        {row.newlyGreen.length > 0 && row.newlyRed.length === 0 && <b class="upgraded"> newly green</b>}
      </th>
      {row.cells.map((cell, at) => (
        <td key={nights[at]} class="cell">
          {cell !== null && (
            <button
              type="button"
              class={`${MARKS[cell.outcome][1]} ${cell === open ? "open" : ""}`}
              aria-label={`${nights[at]}: ${cellText(cell)}`}
              title={`${nights[at]}: ${cellText(cell)}`}
              onClick={() => show(cell)}
            >
              {cell.red > 0 ? cell.red : MARKS[cell.outcome][0]}
            </button>
          )}
        </td>
      ))}
      <td class="number">
        {row.passed} of {row.judged}
      </td>
      <td class="number">{spreadText(row.swapUs, duration)}</td>
      <td class="number">{spreadText(row.uploadBytesPerS, rate)}</td>
    </tr>
  );
}

function spreadText(spread: HalfAndMost | null, text: (value: number) => string): string {
  if (spread === null) return "";
  const [half, most] = [text(spread.p50), text(spread.p95)];
  return half === most ? half : `${half} · ${most}`;
}

function cellText({ outcome, red, of, runs, build }: LabCell): string {
  const what = red > 0 ? `${red} of ${of} verdicts failed` : `${outcome}, ${of} verdicts`;
  return `${what}${build === "" ? "" : `, build ${build}`}${runs > 1 ? `, the last of ${runs} runs` : ""}`;
}

/** The run behind a cell, and where its page is. */
function Cell({ cell, folder }: { cell: LabCell; folder: string }) {
  return (
    <div class="one" role="status">
      <p>
        {cell.href === null ? <b>{cell.run}</b> : <a href={cell.href}>{cell.run}</a>}: {cellText(cell)}, began{" "}
        {cell.began}
      </p>
      <Copy text={`npx hil report ${folder.replace(/\/$/, "")}/${cell.run}`} />
    </div>
  );
}
