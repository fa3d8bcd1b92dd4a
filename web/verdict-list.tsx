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

/** A row with its cells, and the text that words are looked for in. */
interface Entry {
  readonly at: number;
  readonly row: JudgedRow;
  readonly cells: readonly string[];
  readonly search: string;
}

function searchable(run: RunPage): readonly Entry[] {
  return run.judged.map((row, at) => {
    const text = (number: number | undefined) => (number === undefined ? "" : (run.texts[number] ?? ""));
    const cells = [row.check, text(row.ending), text(row.phase), text(row.where), text(row.found)];
    return { at, row, cells, search: `${row.name} ${cells.join(" ")}`.toLowerCase() };
  });
}

/** Every verdict, with a filter: by outcome, and by any word of its row. */
export function VerdictList({ run, open, show }: Props) {
  const [words, setWords] = useState("");
  const [which, setWhich] = useState<Which>("all");
  const [rows, setRows] = useState(PAGE_ROWS);
  const all = useMemo(() => searchable(run), [run]);
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter(({ row, search }) => isOf(row, which) && wanted.every((word) => search.includes(word)));
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
            {found.slice(0, rows).map((entry) => (
              <Row key={entry.at} entry={entry} isOpen={entry.at === open} show={show} />
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

function Row({ entry, isOpen, show }: { entry: Entry; isOpen: boolean; show: (row: number) => void }) {
  const { at, row, cells } = entry;
  const [check, ending = "", ...others] = cells;
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
