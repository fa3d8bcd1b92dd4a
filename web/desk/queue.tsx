import type { DeskPage } from "../../src/lab/wire/desk-page.ts";
import { useActing } from "./act.tsx";
import { call, part } from "./call.ts";
import { WordTable } from "./table.tsx";

type DeskJob = DeskPage["jobs"][number];

/** The queue as `hil queue` has it, and below it what has ended. */
export function Queue({ page }: { page: DeskPage }) {
  const [open, ended] = [page.jobs.filter(({ isOpen }) => isOpen), page.jobs.filter(({ isOpen }) => !isOpen)];
  return (
    <>
      <Jobs id="queue" title="Queue" none="No job waits or runs." jobs={open} heads={page.heads.jobs} />
      <Jobs id="ended" title="Ended" none="None has ended yet." jobs={ended} heads={page.heads.jobs} />
    </>
  );
}

interface JobsProps {
  readonly id: string;
  readonly title: string;
  readonly none: string;
  readonly jobs: readonly DeskJob[];
  readonly heads: readonly string[];
}

function Jobs({ id, title, none, jobs, heads }: JobsProps) {
  const { session, act } = useActing();
  const cancel = ({ key, number }: DeskJob) =>
    void act(`job ${number} is told to stop`, (csrf) =>
      call("POST", `api/jobs/${part(key)}/cancel`, { csrf, body: {} }),
    );
  const rows = jobs.map((job) => {
    const hasPage = job.hasRecord || job.state === "running";
    return { ...job, href: hasPage ? `jobs/${job.number}/` : undefined };
  });
  const hasOpen = jobs.some(({ isOpen }) => isOpen);
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {jobs.length === 0 ? (
        <p>{none}</p>
      ) : (
        <WordTable
          label={`Table: ${title}`}
          heads={heads}
          rows={rows}
          actions={
            session.may.submit && hasOpen
              ? (job) => (
                  <button type="button" onClick={() => cancel(job)} aria-label={`cancel job ${job.number}`}>
                    cancel
                  </button>
                )
              : undefined
          }
        />
      )}
    </section>
  );
}
