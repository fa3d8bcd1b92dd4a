import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LiveEnd, LiveStep } from "../src/report/live/live-step.ts";
import type { LabPage } from "../src/report/page/lab-data.ts";
import { App } from "./app.tsx";
import { Lab } from "./lab.tsx";
import { LiveCells } from "./live-cells.tsx";
import { type LiveState, withEnd, withStep } from "./live-state.ts";
import { Now } from "./now.tsx";
import { useOpened } from "./use-opened.ts";

type Link = "open" | "lost" | "over";

function LiveApp({ hil, lab }: { hil: string; lab: LabPage | undefined }) {
  const [runs, setRuns] = useState<readonly LiveState[]>([]);
  const [link, setLink] = useState<Link>("open");
  const { run: open } = useOpened();
  useEffect(() => {
    const source = new EventSource("events");
    const on = (name: string, take: (data: unknown) => void) =>
      source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data)));
    source.addEventListener("open", () => setLink("open"));
    // It comes back by itself, and begins anew.
    source.addEventListener("error", () => setLink((was) => (was === "over" ? was : "lost")));
    on("step", (step) => setRuns((known) => withStep(known, step as LiveStep, performance.now())));
    on("end", (end) => setRuns((known) => withEnd(known, end as LiveEnd, performance.now())));
    on("over", () => {
      setLink("over");
      source.close();
    });
    return () => source.close();
  }, []);
  const isLost = link === "lost";
  const pages = runs.map(({ page }) => page);
  if (lab !== undefined) {
    const shown = open === undefined ? undefined : runs[open];
    return (
      <>
        <LiveCells runs={runs} open={open} isLost={isLost} />
        {shown === undefined ? (
          <Lab lab={lab} hil={hil} />
        ) : (
          <>
            <p class="back">
              <a href="#lab">the whole lab</a>
            </p>
            {!shown.isOver && <Now state={shown} isLost={false} />}
            <App data={{ hil, runs: pages }} />
          </>
        )}
      </>
    );
  }
  const current =
    (open === undefined ? undefined : runs[open]) ?? runs.findLast(({ isOver }) => !isOver) ?? runs.at(-1);
  if (current === undefined) return <p class="waiting">{link === "over" ? "No run began." : "Waiting for the run."}</p>;
  const isOver = runs.every((run) => run.isOver);
  return (
    <>
      {runs.length > 1 && <LiveCells runs={runs} open={open ?? runs.indexOf(current)} isLost={isLost} />}
      {isOver && <Over folder={current.page.folder} />}
      {!current.isOver && <Now state={current} isLost={isLost && runs.length === 1} />}
      <App data={{ hil, runs: pages }} />
    </>
  );
}

function Over({ folder }: { folder: string }) {
  return (
    <p class="over" role="status">
      The run has ended. This is its report; it stays as long as this window. As a file:{" "}
      <code>npx hil report {folder}</code>
    </p>
  );
}

const place = document.getElementById("page");
const block = document.getElementById("data");
if (place !== null && block !== null) {
  const { hil, lab } = JSON.parse(block.textContent ?? "null") as { readonly hil: string; readonly lab?: LabPage };
  place.replaceChildren();
  render(<LiveApp hil={hil} lab={lab} />, place);
}
