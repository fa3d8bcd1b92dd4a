import type { RunPage } from "../src/report/page/run-page.ts";
import { Heads, Wide } from "./parts.tsx";
import { type PlacedCut, placedCuts, windowOf } from "./swap-window.ts";
import { duration } from "./text.ts";

/** The window of the swap is told in so many equal parts, as names of test cases have it. */
const PARTS = 20;

/** Which parts of the swap were cut, how often, and what this run does not show. */
export function Coverage({ run }: { run: RunPage }) {
  const window = windowOf(run);
  const cuts = placedCuts(run);
  const parts = Array.from({ length: PARTS }, () => ({ cuts: 0, failed: 0 }));
  for (const { intoUs, row } of cuts) {
    if (window === undefined || intoUs < window.fromUs || intoUs > window.toUs) continue;
    const share = (intoUs - window.fromUs) / (window.toUs - window.fromUs);
    const part = parts[Math.min(PARTS - 1, Math.floor(share * PARTS))];
    if (part === undefined) continue;
    part.cuts += 1;
    part.failed += row.pass ? 0 : 1;
  }
  const empty = parts.filter((part) => part.cuts === 0).length;
  return (
    <section aria-labelledby="coverage">
      <h2 id="coverage">Coverage</h2>
      {window !== undefined && (
        <>
          <p>
            {PARTS - empty} of {PARTS} parts of the swap were cut{empty === 0 ? "" : `; ${empty} were not`}.
          </p>
          <ol class="parts" aria-label="Cuts in each twentieth of the swap">
            {parts.map((part, at) => (
              <li
                key={at}
                class={part.cuts === 0 ? "none" : part.failed > 0 ? "failed" : "some"}
                title={`${at * 5} to ${at * 5 + 5} %: ${part.cuts} cuts, ${part.failed} failed`}
              >
                {part.cuts}
              </li>
            ))}
          </ol>
          <PhaseTable run={run} cuts={cuts} />
        </>
      )}
      <h3>What this run does not show</h3>
      <ul>
        {run.notShown.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </section>
  );
}

function PhaseTable({ run, cuts }: { run: RunPage; cuts: readonly PlacedCut[] }) {
  return (
    <Wide label="Table of phases">
      <table>
        <caption>Phases of the swap</caption>
        <Heads names={["phase", "takes", "cuts", "failed"]} />
        <tbody>
          {run.phases.map(({ name, fromUs, toUs }, at) => {
            const inside = cuts.filter(({ intoUs }) => intoUs >= fromUs && intoUs < toUs);
            return (
              <tr key={at}>
                <th scope="row">{name}</th>
                <td class="number">{duration(toUs - fromUs)}</td>
                <td class="number">{inside.length}</td>
                <td class="number">{inside.filter(({ row }) => !row.pass).length}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Wide>
  );
}
