import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { DeskPage } from "../../src/lab/wire/desk-page.ts";
import { useActing } from "./act.tsx";
import { call, part, Refused } from "./call.ts";
import { pathOf, sendFiles } from "./send-files.ts";

interface Props {
  readonly page: DeskPage;
  readonly title: string;
  readonly verb: string;
  readonly done: string;
  /** Sends the job that was put together. */
  readonly send: (job: Readonly<Record<string, unknown>>, csrf: string) => Promise<unknown>;
  /** Fields besides the job's own. */
  readonly children?: ComponentChildren;
}

const FILES = "files";

/** A job: the scenario of one that the lab has seen, or files of this computer; on which board; with how many cuts. */
export function JobForm({ page, title, verb, done, send, children }: Props) {
  const { act } = useActing();
  const known = knownJobs(page);
  const [what, setWhat] = useState(known[0]?.key ?? FILES);
  const [files, setFiles] = useState<readonly File[]>([]);
  const [scenario, setScenario] = useState("");
  const [on, setOn] = useState("");
  const [priority, setPriority] = useState("0");
  const [cuts, setCuts] = useState("");
  const yamls = files.map(pathOf).filter((path) => /\.ya?ml$/.test(path));
  const chosen = yamls.includes(scenario) ? scenario : (yamls[0] ?? "");
  const submit = (event: Event) => {
    event.preventDefault();
    void act(done, async (csrf) => {
      const job =
        what === FILES ? await fromFiles(files, chosen, csrf) : await call("GET", `api/jobs/${part(what)}/submission`);
      const { board: _, options, ...rest } = job as Readonly<Record<string, unknown>> & { readonly options?: object };
      const wished = cuts === "" ? options : { ...options, cuts: Number(cuts) };
      await send({ ...rest, on, priority: Number(priority), ...(wished && { options: wished }) }, csrf);
    });
  };
  return (
    <form class="fields one" onSubmit={submit} aria-label={title}>
      <h3>{title}</h3>
      {children}
      <label>
        scenario
        <select value={what} onChange={({ currentTarget }) => setWhat(currentTarget.value)}>
          {known.map(({ key, name, number }) => (
            <option key={key} value={key}>
              {name} (as job {number})
            </option>
          ))}
          <option value={FILES}>files of this computer</option>
        </select>
      </label>
      {what === FILES && <Chosen yamls={yamls} scenario={chosen} setFiles={setFiles} setScenario={setScenario} />}
      <label>
        on (tags with &amp; | ! and parentheses; empty: any board)
        <input maxLength={500} value={on} list="tags" onInput={({ currentTarget }) => setOn(currentTarget.value)} />
        <datalist id="tags">
          {page.boards.map(({ key, cells: [name] }) => (
            <option key={key} value={name} />
          ))}
        </datalist>
      </label>
      <label>
        priority
        <input
          type="number"
          min={-100}
          max={100}
          value={priority}
          onInput={({ currentTarget }) => setPriority(currentTarget.value)}
        />
      </label>
      <label>
        cuts (empty: the scenario's)
        <input
          type="number"
          min={0}
          max={100_000}
          value={cuts}
          onInput={({ currentTarget }) => setCuts(currentTarget.value)}
        />
      </label>
      <button type="submit">{verb}</button>
    </form>
  );
}

interface ChosenProps {
  readonly yamls: readonly string[];
  readonly scenario: string;
  readonly setFiles: (files: readonly File[]) => void;
  readonly setScenario: (path: string) => void;
}

function Chosen({ yamls, scenario, setFiles, setScenario }: ChosenProps) {
  return (
    <>
      <label>
        the scenario and the files that it names
        <input
          type="file"
          multiple
          required
          onChange={({ currentTarget }) => setFiles([...(currentTarget.files ?? [])])}
        />
      </label>
      {yamls.length > 1 && (
        <label>
          which of them is the scenario
          <select value={scenario} onChange={({ currentTarget }) => setScenario(currentTarget.value)}>
            {yamls.map((path) => (
              <option key={path}>{path}</option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

/** The latest job of each scenario's name. */
function knownJobs({ jobs }: DeskPage) {
  const byName = new Map<string, { readonly key: string; readonly name: string; readonly number: number }>();
  for (const { key, number, cells } of jobs.toSorted((a, b) => a.number - b.number)) {
    const name = cells[2] ?? "";
    byName.set(name, { key, name, number });
  }
  return [...byName.values()].toReversed();
}

async function fromFiles(
  files: readonly File[],
  scenario: string,
  csrf: string,
): Promise<Readonly<Record<string, unknown>>> {
  const file = files.find((candidate) => pathOf(candidate) === scenario);
  if (file === undefined) throw new Refused(0, "None of these files is a scenario: one ends with .yaml.");
  const name = /^name: *["']?([^"'#\n]{1,80})/m.exec(await file.text())?.[1]?.trim() ?? scenario.slice(0, 80);
  return { scenario, name, files: await sendFiles(files, csrf) };
}
