import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { LiveEnd, LiveStep } from "../src/report/live/live-step.ts";
import { App } from "./app.tsx";
import { type LiveState, withEnd, withStep } from "./live-state.ts";
import { Now } from "./now.tsx";

type Link = "open" | "lost" | "over";

function LiveApp({ hil }: { hil: string }) {
  const [runs, setRuns] = useState<readonly LiveState[]>([]);
  const [link, setLink] = useState<Link>("open");
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
  const current = [...runs].reverse().find(({ isOver }) => !isOver) ?? runs.at(-1);
  if (current === undefined) return <p class="waiting">{link === "over" ? "No run began." : "Waiting for the run."}</p>;
  const isOver = runs.every((run) => run.isOver);
  return (
    <>
      {isOver ? <Over folder={current.page.folder} /> : <Now state={current} isLost={link === "lost"} />}
      <App data={{ hil, runs: runs.map(({ page }) => page) }} />
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
  const { hil } = JSON.parse(block.textContent ?? "null") as { readonly hil: string };
  place.replaceChildren();
  render(<LiveApp hil={hil} />, place);
}
