import { useMemo } from "preact/hooks";
import type { RunPage } from "../src/report/page/run-page.ts";
import { lookOf } from "./endings.ts";
import type { LiveState } from "./live-state.ts";
import { Bars, useBenchClock } from "./now.tsx";
import { placedCuts, windowOf } from "./swap-window.ts";
import { duration } from "./text.ts";

/** Lines of the UART that a cell shows. */
const TAIL_LINES = 3;
const WIDTH = 300;
const HEIGHT = 22;

interface Props {
  readonly runs: readonly LiveState[];
  readonly open: number | undefined;
  readonly isLost: boolean;
  /** Where a run's cell leads; undefined of one that is not shown. Default: to that run on this page. */
  readonly linkOf?: (at: number) => string | undefined;
}

/** The runs that go on, side by side: a cell says what each does at this moment, and leads to it. */
export function LiveCells({ runs, open, isLost, linkOf = (at) => `#run-${at}` }: Props) {
  const shown = runs.filter((_, at) => linkOf(at) !== undefined);
  const going = shown.filter(({ isOver }) => !isOver).length;
  return (
    <section aria-labelledby="going-on" class="now">
      <h2 id="going-on">{going === 0 ? "No run goes on" : `${going} of ${shown.length} runs go on`}</h2>
      {isLost && (
        <p class="failed" role="status">
          The connection is lost: the page tries again. If hil has ended, its records are whole.
        </p>
      )}
      <ul class="cells">
        {runs.map((state, at) => {
          const href = linkOf(at);
          return href === undefined ? null : <Cell key={at} state={state} href={href} isOpen={at === open} />;
        })}
      </ul>
    </section>
  );
}

function Cell({ state, href, isOpen }: { state: LiveState; href: string; isOpen: boolean }) {
  const { page, status, tail, isOver } = state;
  const nowUs = useBenchClock(state);
  // The clock draws the cell anew twice a second; the map is another with each step of the run alone.
  const map = useMemo(() => <SmallMap run={page} />, [page]);
  const { doing, sinceUs, expectedUs, leftUs, cutsDone, cutsPlanned, failed } = status;
  const left = leftUs === undefined ? undefined : Math.max(0, leftUs - (nowUs - status.atUs));
  return (
    <li class={isOpen ? "open" : ""}>
      <h3>
        <a href={href} aria-current={isOpen ? "page" : undefined}>
          {page.scenario} <span class="quiet">on</span> {page.profile ?? page.board}
        </a>
      </h3>
      {isOver ? (
        <p class={`outcome ${page.outcome}`}>{page.sentence}</p>
      ) : (
        <p>
          {doing}, {duration(Math.max(0, nowUs - sinceUs))}
          {expectedUs === undefined ? "" : ` of about ${duration(expectedUs)}`}
        </p>
      )}
      <p class="quiet">
        {cutsDone} of {cutsPlanned === 0 ? "?" : cutsPlanned} cuts
        {failed > 0 && <b class="failed">, {failed} failed</b>}
        {isOver ? "" : left === undefined ? "; end not known yet" : `; ends in about ${duration(left)}`}
      </p>
      {!isOver && <Bars status={status} />}
      {map}
      {!isOver && tail.length > 0 && (
        <pre class="log" aria-label="Last lines of the UART">
          {tail.slice(-TAIL_LINES).join("\n")}
        </pre>
      )}
    </li>
  );
}

/** The cut map as it fills: where cuts fell, in the colours of what came of them. */
function SmallMap({ run }: { run: RunPage }) {
  const window = windowOf(run);
  const cuts = placedCuts(run);
  if (window === undefined || cuts.length === 0) return null;
  const x = (us: number) => {
    const share = (us - window.fromUs) / Math.max(1, window.toUs - window.fromUs);
    return Math.min(WIDTH - 2, Math.max(2, share * WIDTH)).toFixed(1);
  };
  const marks = new Map<string, string>();
  for (const { row, intoUs } of cuts) {
    const { tone } = lookOf(run.texts[row.ending] ?? "", row.pass);
    marks.set(tone, `${marks.get(tone) ?? ""}M${x(intoUs)} 4v${HEIGHT - 8}`);
  }
  const failed = cuts.filter(({ row }) => !row.pass).length;
  const said = `${cuts.length} cuts on the time of the swap, ${failed} failed`;
  return (
    <svg class="small-map" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={said}>
      <rect class="phase" x={0} y={2} width={WIDTH} height={HEIGHT - 4} />
      {[...marks].map(([tone, path]) => (
        <path key={tone} class={`mark ${tone}`} d={path} />
      ))}
    </svg>
  );
}
