import { useMemo, useState } from "preact/hooks";
import type { JudgedRow, RunPage } from "../src/report/page/run-page.ts";
import { lookOf } from "./endings.ts";
import { Heads, Wide } from "./parts.tsx";
import { grouped } from "./text.ts";

/** Rows drawn at once: more are asked for. */
const PAGE_ROWS = 50;

interface Props {
  readonly run: RunPage;
  readonly open: number | undefined;
  readonly show: (row: number) => void;
}

const WHICH = ["all", "failed", "passed"] as const;
type Which = (typeof WHICH)[number];

const isOf = ({ pass }: JudgedRow, which: Which): boolean => which === "all" || pass === (which === "passed");

/** What a row of the list says besides its mark. */
function cellsOf({ texts }: RunPage, row: JudgedRow): readonly string[] {
  const text = (number: number | undefined) => (number === undefined ? "" : (texts[number] ?? ""));
  return [row.check, text(row.ending), text(row.phase), text(row.where), text(row.found)];
}

/** The verdicts that are wanted, by their numbers. Words are looked for when there are some: a night has thousands of rows. */
function foundIn(run: RunPage, which: Which, words: string): readonly number[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return run.judged.flatMap((row, at) => {
    if (!isOf(row, which)) return [];
    if (wanted.length === 0) return [at];
    const search = `${row.name} ${cellsOf(run, row).join(" ")}`.toLowerCase();
    return wanted.every((word) => search.includes(word)) ? [at] : [];
  });
}

/** Every verdict, with a filter: by outcome, and by any word of its row. */
export function VerdictList({ run, open, show }: Props) {
  const [words, setWords] = useState("");
  const [which, setWhich] = useState<Which>("all");
  const [rows, setRows] = useState(PAGE_ROWS);
  const found = useMemo(() => foundIn(run, which, words), [run, which, words]);
  return (
    <section aria-labelledby="verdicts">
      <h2 id="verdicts">Verdicts</h2>
      <form class="filter" onSubmit={(event) => event.preventDefault()}>
        <label>
          words <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
        {WHICH.map((name) => (
          <label key={name}>
            <input type="radio" name="which" checked={which === name} onChange={() => setWhich(name)} /> {name}{" "}
            <span class="quiet">{grouped(run.judged.filter((row) => isOf(row, name)).length)}</span>
          </label>
        ))}
      </form>
      <Wide label="Table of verdicts">
        <table>
          <Heads names={["verdict", "ending", "phase", "where", "found"]} />
          <tbody>
            {found.slice(0, rows).map((at) => (
              <Row key={at} run={run} at={at} isOpen={at === open} show={show} />
            ))}
          </tbody>
        </table>
      </Wide>
      {found.length === 0 && <p class="quiet">No verdict has all these words.</p>}
      {found.length > rows && (
        <button type="button" onClick={() => setRows(rows + 10 * PAGE_ROWS)}>
          {grouped(found.length - rows)} more
        </button>
      )}
    </section>
  );
}

interface RowProps {
  readonly run: RunPage;
  readonly at: number;
  readonly isOpen: boolean;
  readonly show: (row: number) => void;
}

function Row({ run, at, isOpen, show }: RowProps) {
  const row = run.judged[at];
  if (row === undefined) return null;
  const [check, ending = "", ...others] = cellsOf(run, row);
  const { mark, tone } = lookOf(ending, row.pass);
  return (
    <tr class={isOpen ? "open" : ""}>
      <th scope="row">
        <button type="button" onClick={() => show(at)}>
          <span class={tone}>{mark}</span> {check}
        </button>
      </th>
      <td>{ending}</td>
      {others.map((cell, column) => (
        <td key={column}>{cell}</td>
      ))}
    </tr>
  );
}
