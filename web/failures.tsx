import type { JudgedRow, RunPage } from "../src/report/page/run-page.ts";
import { Copy } from "./copy.tsx";
import { Reason } from "./parts.tsx";
import { count } from "./text.ts";
import type { ShownRun } from "./unpack.ts";
import { useDetail } from "./use-detail.ts";

/** Failed verdicts that have one reason. */
interface Cause {
  readonly ending: string;
  readonly because: string;
  readonly rows: readonly { readonly row: JudgedRow; readonly at: number }[];
}

/** Failures of a cause that are listed; the others are in the list of verdicts. */
const LISTED = 8;

function causesOf({ judged, texts }: RunPage): readonly Cause[] {
  const causes = new Map<string, { ending: string; because: string; rows: { row: JudgedRow; at: number }[] }>();
  for (const [at, row] of judged.entries()) {
    if (row.pass) continue;
    const key = `${row.ending} ${row.because}`;
    const cause = causes.get(key) ?? { ending: texts[row.ending] ?? "", because: texts[row.because] ?? "", rows: [] };
    cause.rows.push({ row, at });
    causes.set(key, cause);
  }
  return [...causes.values()].sort((a, b) => b.rows.length - a.rows.length);
}

export function Failures({ run, show }: { run: ShownRun; show: (row: number) => void }) {
  const causes = causesOf(run);
  if (causes.length === 0) return null;
  return (
    <section aria-labelledby="failures">
      <h2 id="failures">Failures, by cause</h2>
      {causes.map((cause) => (
        <Group key={`${cause.ending} ${cause.because}`} cause={cause} run={run} show={show} />
      ))}
    </section>
  );
}

function Group({ cause, run, show }: { cause: Cause; run: ShownRun; show: (row: number) => void }) {
  const [first] = cause.rows;
  const detail = useDetail(run, first?.at ?? 0);
  if (first === undefined) return null;
  const { row } = first;
  const lines = detail?.lane?.uart.slice(-6) ?? [];
  return (
    <article class="cause">
      <h3>
        <span class="failed">✕</span> {cause.ending} <span class="quiet">({count(cause.rows.length, "verdict")})</span>
      </h3>
      <Reason expected={run.texts[row.expected] ?? ""} found={run.texts[row.found] ?? ""} because={cause.because} />
      {lines.length > 0 && (
        <pre class="log" aria-label="Last lines of the boot log">
          {lines.map(([, text]) => detail?.texts[text]).join("\n")}
        </pre>
      )}
      <ul class="chips">
        {cause.rows.slice(0, LISTED).map(({ row: failed, at }) => (
          <li key={at}>
            <button type="button" onClick={() => show(at)}>
              {failed.check}
              {failed.where === undefined ? "" : `, ${run.texts[failed.where]}`}
            </button>
          </li>
        ))}
        {cause.rows.length > LISTED && <li class="quiet">and {cause.rows.length - LISTED} more below</li>}
      </ul>
      {row.cut !== undefined && <Copy text={`npx hil replay ${run.folder} --cut ${row.cut.index} --trace`} />}
    </article>
  );
}
