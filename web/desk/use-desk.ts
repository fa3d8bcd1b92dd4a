import { useEffect, useState } from "preact/hooks";
import type { DeskPage, DeskRun } from "../../src/lab/wire/desk-page.ts";
import type { LiveEnd, LiveStep } from "../../src/report/live/live-step.ts";
import { type LiveState, withEnd, withStep } from "../live-state.ts";

/** How soon a stream that the browser gave up is begun again, in milliseconds: a proxy answers while the lab is away. */
const AGAIN_MS = 2_000;

interface DeskState {
  readonly page: DeskPage | undefined;
  readonly runs: readonly LiveState[];
  /** Number of the job of each run. */
  readonly jobs: readonly number[];
  readonly isLost: boolean;
}

const NOTHING: DeskState = { page: undefined, runs: [], jobs: [], isLost: false };

/** What the lab tells, as it changes. @param onOut when whoever looks is not known any more. */
export function useDesk(onOut: () => void): DeskState {
  const [state, setState] = useState(NOTHING);
  useEffect(() => {
    let source: EventSource | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const begin = () => {
      source = new EventSource("events");
      const on = (name: string, take: (data: unknown) => void) =>
        source?.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data)));
      // A stream that comes back begins anew.
      source.addEventListener("open", () => setState(({ page }) => ({ ...NOTHING, page })));
      source.addEventListener("error", () => {
        setState((known) => ({ ...known, isLost: true }));
        if (source?.readyState === EventSource.CLOSED) timer = setTimeout(() => void again(), AGAIN_MS);
      });
      on("desk", (page) => setState((known) => ({ ...known, page: page as DeskPage, isLost: false })));
      on("begun", (run) => setState((known) => ({ ...known, jobs: [...known.jobs, (run as DeskRun).job] })));
      on("step", (step) =>
        setState((known) => ({ ...known, runs: withStep(known.runs, step as LiveStep, performance.now()) })),
      );
      on("end", (end) =>
        setState((known) => ({ ...known, runs: withEnd(known.runs, end as LiveEnd, performance.now()) })),
      );
      on("out", onOut);
    };
    const again = async () => {
      const status = await fetch("session").then(
        (response) => response.status,
        () => 0,
      );
      if (status === 401) onOut();
      else if (status === 200) begin();
      else timer = setTimeout(() => void again(), AGAIN_MS);
    };
    begin();
    return () => {
      clearTimeout(timer);
      source?.close();
    };
  }, []);
  return state;
}
