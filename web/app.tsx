import type { RunPage } from "../src/report/page/run-page.ts";
import { Coverage } from "./coverage.tsx";
import { CutMap } from "./cut-map.tsx";
import { Failures } from "./failures.tsx";
import { Head } from "./head.tsx";
import { Inputs } from "./inputs.tsx";
import { Lab } from "./lab.tsx";
import { OneVerdict } from "./one-verdict.tsx";
import { Plots } from "./plots.tsx";
import { Times } from "./times.tsx";
import type { PageData } from "./unpack.ts";
import { useOpened } from "./use-opened.ts";
import { VerdictList } from "./verdict-list.tsx";

export function App({ data }: { data: PageData }) {
  const open = useOpened();
  if (data.lab !== undefined) return <Lab lab={data.lab} hil={data.hil} />;
  if (data.plots !== undefined) return <Plots plots={data.plots} hil={data.hil} />;
  const at = open.run === undefined || data.runs[open.run] === undefined ? 0 : open.run;
  const run = data.runs[at];
  if (run === undefined) return <p>This page holds no run.</p>;
  const show = (row: number | undefined) => {
    location.hash = row === undefined ? `#run-${at}` : `#run-${at}-verdict-${row}`;
  };
  return (
    <>
      {data.runs.length > 1 && <Runs runs={data.runs} open={at} />}
      <main>
        <Head run={run} hil={data.hil} />
        <Failures run={run} show={show} />
        <CutMap run={run} open={open.row} show={show} />
        {open.row !== undefined && run.judged[open.row] !== undefined && (
          <OneVerdict run={run} row={open.row} show={show} key={`${at} ${open.row}`} />
        )}
        <VerdictList run={run} open={open.row} show={show} key={at} />
        <Coverage run={run} />
        <Times run={run} key={`times ${at}`} />
        <Inputs run={run} />
      </main>
    </>
  );
}

function Runs({ runs, open }: { runs: readonly RunPage[]; open: number }) {
  return (
    <nav aria-label="Runs">
      <ul class="runs">
        {runs.map((run, at) => (
          <li key={at}>
            <a href={`#run-${at}`} aria-current={at === open ? "page" : undefined} class={`outcome ${run.outcome}`}>
              {run.scenario} on {run.profile ?? run.board}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
