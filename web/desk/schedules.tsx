import { useState } from "preact/hooks";
import type { DeskPage } from "../../src/lab/wire/desk-page.ts";
import { useActing } from "./act.tsx";
import { call, part } from "./call.ts";
import { JobForm } from "./job-form.tsx";
import { WordTable } from "./table.tsx";

/** What comes by itself, as `hil lab schedule list` has it. */
export function Schedules({ page }: { page: DeskPage }) {
  const { session, act } = useActing();
  const remove = (key: string, shown: string) =>
    void act(`the schedule ${shown} is removed`, (csrf) => call("DELETE", `api/schedules/${part(key)}`, { csrf }));
  return (
    <section aria-labelledby="schedules">
      <h2 id="schedules">Schedules</h2>
      {page.schedules.length === 0 ? (
        <p>None.</p>
      ) : (
        <WordTable
          label="Table of schedules"
          heads={page.heads.schedules}
          rows={page.schedules}
          actions={
            session.may.submit
              ? ({ key, cells: [shown = ""] }) => (
                  <button type="button" onClick={() => remove(key, shown)} aria-label={`remove schedule ${shown}`}>
                    remove
                  </button>
                )
              : undefined
          }
        />
      )}
      {session.may.submit && <AddSchedule page={page} />}
    </section>
  );
}

function AddSchedule({ page }: { page: DeskPage }) {
  const [name, setName] = useState("nightly");
  const [cron, setCron] = useState("0 2 * * *");
  const [timeZone, setTimeZone] = useState(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [allBoards, setAll] = useState(false);
  return (
    <JobForm
      page={page}
      title="Add a schedule"
      verb="add the schedule"
      send={(job, csrf) => call("POST", "api/schedules", { csrf, body: { name, cron, timeZone, allBoards, job } })}
      done={`the schedule ${name} is added`}
    >
      <label>
        name
        <input required maxLength={80} value={name} onInput={({ currentTarget }) => setName(currentTarget.value)} />
      </label>
      <label>
        minute hour day month weekday
        <input required maxLength={100} value={cron} onInput={({ currentTarget }) => setCron(currentTarget.value)} />
      </label>
      <label>
        time zone
        <input
          required
          maxLength={60}
          value={timeZone}
          onInput={({ currentTarget }) => setTimeZone(currentTarget.value)}
        />
      </label>
      <label class="check">
        <input type="checkbox" checked={allBoards} onChange={({ currentTarget }) => setAll(currentTarget.checked)} />
        on each board that fits
      </label>
    </JobForm>
  );
}
