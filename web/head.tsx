import type { RunPage } from "../src/report/page/run-page.ts";
import { Copy } from "./copy.tsx";
import { Heads } from "./parts.tsx";
import { grouped } from "./text.ts";

/** The verdict first; then what ran where. */
export function Head({ run, hil }: { run: RunPage; hil: string }) {
  const failed = run.judged.findIndex(({ pass }) => !pass);
  const cut =
    run.judged[failed === -1 ? 0 : failed]?.cut?.index ?? run.judged.find(({ cut: made }) => made)?.cut?.index;
  const which = cut === undefined ? "" : ` --cut ${cut}`;
  return (
    <header>
      <p class={`outcome verdict ${run.outcome}`}>{run.sentence}</p>
      <h1>
        {run.scenario} <span class="quiet">on</span> {run.board}
      </h1>
      <dl class="facts">
        <Fact name="run" value={run.id} />
        {run.seed !== undefined && <Fact name="seed" value={String(run.seed)} />}
        {run.facts.map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
        <Fact name="page by" value={`hil ${hil}`} />
      </dl>
      <table>
        <caption>Images</caption>
        <Heads names={["image", "version", "bytes", "encrypted", "hash"]} />
        <tbody>
          {run.images.map((image) => (
            <tr key={image.role}>
              <td>
                {image.role}
                {image.signedBy !== undefined && <span class="quiet"> signed by {image.signedBy}</span>}
              </td>
              <td>{image.version}</td>
              <td class="number">{grouped(image.fileBytes)}</td>
              <td>{image.encrypted ? "yes" : "no"}</td>
              <td class="hash">{image.hash}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Copy text={`npx hil replay ${run.folder}${which}${failed === -1 ? "" : " --trace"}`} />
      {run.notes.length > 0 && (
        <details open={run.outcome === "error"}>
          <summary>{run.notes.length === 1 ? "1 note" : `${run.notes.length} notes`} of the bench</summary>
          <ul class="notes">
            {run.notes.map(({ kind, text, atUs }, at) => (
              <li key={at} class={kind === "failure" ? "failed" : ""}>
                <span class="quiet">
                  {(atUs / 1_000_000).toFixed(3)} s, {kind}
                </span>{" "}
                {text}
              </li>
            ))}
          </ul>
        </details>
      )}
      {run.leftOut.map((text) => (
        <p key={text} class="quiet">
          {text}
        </p>
      ))}
    </header>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
