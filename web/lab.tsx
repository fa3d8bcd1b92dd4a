import { useMemo, useState } from "preact/hooks";
import type { LabPage, LabRed, LabRow } from "../src/report/page/lab-data.ts";
import { LabBenches } from "./lab-benches.tsx";
import { LabGrid } from "./lab-grid.tsx";
import { LabTrends } from "./lab-trends.tsx";
import { Heads, Wide } from "./parts.tsx";
import { count, nightText } from "./text.ts";

/** What a lab opens in the morning: what is new first, then by board and night, then trends and benches. */
export function Lab({ lab, hil }: { lab: LabPage; hil: string }) {
  const isRed = lab.rows.some(({ newlyRed }) => newlyRed.length > 0);
  return (
    <main class="lab">
      <p class={`outcome verdict ${isRed ? "fail" : "pass"}`}>{sentenceOf(lab)}</p>
      <h1>
        Lab <span class="quiet">{lab.folder}</span>
      </h1>
      <p class="quiet">
        {count(lab.rows.length, "question")} (a scenario on a board), {count(lab.nights.length, "night")}; a night goes
        from noon to noon, UTC; page by hil {hil}
      </p>
      <Causes lab={lab} />
      <News lab={lab} />
      <LabGrid lab={lab} />
      <LabTrends lab={lab} />
      <LabBenches lab={lab} />
      <section aria-labelledby="statistics">
        <h2 id="statistics">How this is told</h2>
        <ul>
          {[...lab.statistics, ...lab.leftOut].map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </section>
    </main>
  );
}

const NEWS = [
  ["newlyRed", "newly red", "failed"],
  ["newlyFlaky", "newly flaky", "reverted"],
  ["stillRed", "still red", "failed"],
  ["newlyGreen", "newly green", "upgraded"],
] as const;

function sentenceOf({ rows }: LabPage): string {
  const parts = NEWS.map(([key, name]) => [rows.reduce((sum, row) => sum + row[key].length, 0), name] as const);
  const said = parts.filter(([amount]) => amount > 0).map(([amount, name]) => `${count(amount, "case")} ${name}`);
  return said.length === 0 ? "Nothing new, and nothing red" : said.join(" · ");
}

function Causes({ lab }: { lab: LabPage }) {
  if (lab.causes.length === 0) return null;
  return (
    <section aria-labelledby="causes">
      <h2 id="causes">Causes, over all boards</h2>
      <Wide label="Table of causes">
        <table>
          <Heads names={["boards", "cases", "since", "first with", "because"]} />
          <tbody>
            {lab.causes.map(({ because, boards, since, firstWith, cases }) => (
              <tr key={because}>
                <th scope="row">
                  {boards.length === 1 ? boards[0] : `${boards.length} boards: ${boards.slice(0, 6).join(", ")}`}
                  {boards.length > 6 ? " …" : ""}
                </th>
                <td class="number">{cases}</td>
                <td>{since === "" ? "" : nightText(since.slice(0, 10))}</td>
                <td>{firstWith === "" ? "" : `build ${firstWith}`}</td>
                <td>{because}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  );
}

/** Lines that are shown before the others are asked for. */
const LISTED = 15;

interface NewsLine {
  readonly title: string;
  readonly tone: string;
  readonly row: LabRow;
  readonly name: string;
  readonly red: LabRed | undefined;
}

/** By kind, then by question: what the last run says that the one before did not. */
function newsOf({ rows }: LabPage): readonly NewsLine[] {
  return NEWS.flatMap(([key, title, tone]) =>
    rows.flatMap((row) =>
      row[key].map((entry: string | LabRed): NewsLine => {
        const [name, red] = typeof entry === "string" ? [entry, undefined] : [entry.name, entry];
        return { title, tone, row, name, red };
      }),
    ),
  );
}

function News({ lab }: { lab: LabPage }) {
  const [isAll, setAll] = useState(false);
  const lines = useMemo(() => newsOf(lab), [lab]);
  if (lines.length === 0) return null;
  return (
    <section aria-labelledby="news">
      <h2 id="news">What is new</h2>
      <Wide label="Table of what is new">
        <table>
          <Heads names={["", "scenario on board", "case", "ended", "because", "failed before"]} />
          <tbody>
            {lines.slice(0, isAll ? lines.length : LISTED).map(({ title, tone, row, name, red }) => (
              <tr key={`${title} ${row.scenario} ${row.board} ${name}`}>
                <td class={tone}>{title}</td>
                <th scope="row">
                  {row.scenario} <span class="quiet">on</span> {row.board}
                </th>
                <td>{name}</td>
                <td>{red?.ending}</td>
                <td>{red?.because}</td>
                <td>{red && `${red.failedBefore} of ${red.runsBefore} runs`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {!isAll && lines.length > LISTED && (
        <button type="button" onClick={() => setAll(true)}>
          {lines.length - LISTED} more
        </button>
      )}
    </section>
  );
}
