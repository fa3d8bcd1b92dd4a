import type { RunPage } from "../src/report/page/run-page.ts";
import { Heads, Wide } from "./parts.tsx";
import { grouped } from "./text.ts";

/** What went in: files by their digest, and what the board was asked before. */
export function Inputs({ run }: { run: RunPage }) {
  return (
    <section aria-labelledby="inputs">
      <h2 id="inputs">Inputs</h2>
      <Wide label="Tables of inputs">
        <table>
          <caption>Files in the record</caption>
          <Heads names={["file", "bytes", "SHA-256"]} />
          <tbody>
            {run.inputs.map(({ name, bytes, sha256 }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="number">{grouped(bytes)}</td>
                <td class="hash">{sha256}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <table>
          <caption>Board against profile, before the first cut</caption>
          <Heads names={["asked", "outcome", "expected", "found"]} />
          <tbody>
            {run.preflight.map(({ name, outcome, expected, found }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class={outcome === "differs" ? "failed" : ""}>{outcome}</td>
                <td>{expected}</td>
                <td>{found}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  );
}
