import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { DeskSession } from "../../src/lab/wire/desk-page.ts";
import { LiveCells } from "../live-cells.tsx";
import { type Acting, ActingContext, messageOf } from "./act.tsx";
import { Boards } from "./boards.tsx";
import { call, Refused } from "./call.ts";
import { History } from "./history.tsx";
import { JobForm } from "./job-form.tsx";
import { Queue } from "./queue.tsx";
import { Schedules } from "./schedules.tsx";
import { SignIn } from "./sign-in.tsx";
import { useDesk } from "./use-desk.ts";

const TABS = ["boards", "queue", "submit", "schedules", "history"] as const;
type Tab = (typeof TABS)[number];

function Page({ hil }: { hil: string }) {
  const [session, setSession] = useState<DeskSession | "out" | undefined>(undefined);
  const [fault, setFault] = useState("");
  useEffect(() => {
    void call("GET", "session").then(
      (found) => setSession(found as DeskSession),
      (error: unknown) =>
        error instanceof Refused && error.status === 401 ? setSession("out") : setFault(messageOf(error)),
    );
  }, []);
  if (session === undefined) return <p class="waiting">{fault || "Asking the lab."}</p>;
  if (session === "out") return <SignIn onIn={setSession} />;
  return <Desk session={session} hil={hil} onOut={() => setSession("out")} />;
}

function useTab(): Tab {
  const named = () => TABS.find((tab) => location.hash === `#${tab}`) ?? "boards";
  const [tab, setTab] = useState(named);
  useEffect(() => {
    const follow = () => setTab(named());
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return tab;
}

function Desk({ session, hil, onOut }: { session: DeskSession; hil: string; onOut: () => void }) {
  const { page, runs, jobs, isLost } = useDesk(onOut);
  const tab = useTab();
  const [said, setSaid] = useState<{ readonly text: string; readonly isFault: boolean }>({ text: "", isFault: false });
  const act: Acting["act"] = async (done, work) => {
    setSaid({ text: "…", isFault: false });
    try {
      await work(session.csrf);
      setSaid({ text: done, isFault: false });
      return true;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) onOut();
      setSaid({ text: messageOf(error), isFault: true });
      return false;
    }
  };
  const linkOf = (at: number) => (runs[at]?.isOver === false ? `jobs/${jobs[at] ?? 0}/` : undefined);
  return (
    <ActingContext.Provider value={{ session, act }}>
      <Top session={session} tab={tab} onOut={onOut} />
      <p class={`said ${said.isFault ? "failed" : "upgraded"}`} role="status">
        {said.text}
      </p>
      {isLost && (
        <p class="said failed" role="alert">
          The connection is lost: the page tries again. Runs go on without it.
        </p>
      )}
      {page?.warnings.map((text) => (
        <p key={text} class="said reverted" role="alert">
          {text}
        </p>
      ))}
      {page === undefined ? (
        <p class="waiting">Asking the lab.</p>
      ) : tab === "history" ? (
        <History hil={hil} ended={page.jobs.filter(({ hasRecord }) => hasRecord).length} />
      ) : (
        <main class="desk">
          <h1>Lab</h1>
          {tab === "boards" && (
            <>
              {runs.some((_, at) => linkOf(at) !== undefined) && (
                <LiveCells runs={runs} open={undefined} isLost={false} linkOf={linkOf} />
              )}
              <Boards page={page} />
            </>
          )}
          {tab === "queue" && <Queue page={page} />}
          {tab === "schedules" && <Schedules page={page} />}
          {tab === "submit" && session.may.submit && (
            <JobForm
              page={page}
              title="Submit a job"
              verb="submit"
              done="the job is in the queue"
              send={(job, csrf) => call("POST", "api/jobs", { csrf, body: job })}
            />
          )}
        </main>
      )}
    </ActingContext.Provider>
  );
}

function Top({ session, tab, onOut }: { session: DeskSession; tab: Tab; onOut: () => void }) {
  const tabs = TABS.filter((name) => name !== "submit" || session.may.submit);
  const leave = () => void call("DELETE", "session", { csrf: session.csrf }).finally(onOut);
  return (
    <header class="desk">
      <nav aria-label="Pages of the lab">
        <ul class="runs">
          {tabs.map((name) => (
            <li key={name}>
              <a href={`#${name}`} aria-current={name === tab ? "page" : undefined}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <p class="quiet">
        {session.name} ({session.role}){" "}
        <button type="button" onClick={leave}>
          sign out
        </button>
      </p>
    </header>
  );
}

const place = document.getElementById("page");
const block = document.getElementById("data");
if (place !== null && block !== null) {
  const { hil } = JSON.parse(block.textContent ?? "null") as { readonly hil: string };
  place.replaceChildren();
  render(<Page hil={hil} />, place);
}
