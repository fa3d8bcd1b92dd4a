import { isOpen, JOB_STATES } from "../rules/ends.ts";
import type { LabBoard } from "../wire/messages.ts";

/** What is counted: jobs by state, and since when the oldest one waits. */
export interface JobCounts {
  readonly byState: ReadonlyMap<string, number>;
  readonly oldestWaitingS: number;
}

/**
 * The lab in Prometheus' text format. Source: Prometheus documentation, "Exposition formats", version 0.0.4: names,
 * HELP and TYPE lines, labels with \, " and line ends escaped.
 */
export function metricsText({ byState, oldestWaitingS }: JobCounts, boards: readonly LabBoard[]): string {
  const rows = (states: readonly string[], name: string) =>
    states.map((state) => `${name}{state="${escaped(state)}"} ${byState.get(state) ?? 0}`);
  const board = (row: LabBoard) =>
    `hil_board_state{board="${escaped(row.name)}",agent="${escaped(row.agent)}",state="${escaped(row.state)}"} 1`;
  return [
    "# HELP hil_jobs_open Jobs that have not ended, by state.",
    "# TYPE hil_jobs_open gauge",
    ...rows(JOB_STATES.filter(isOpen), "hil_jobs_open"),
    "# HELP hil_jobs_ended_total Jobs that have ended, by how.",
    "# TYPE hil_jobs_ended_total counter",
    ...rows(
      JOB_STATES.filter((state) => !isOpen(state)),
      "hil_jobs_ended_total",
    ),
    "# HELP hil_oldest_waiting_seconds How long the oldest job that waits has waited.",
    "# TYPE hil_oldest_waiting_seconds gauge",
    `hil_oldest_waiting_seconds ${oldestWaitingS}`,
    "# HELP hil_board_state The state that each board is in.",
    "# TYPE hil_board_state gauge",
    ...boards.map(board),
    "",
  ].join("\n");
}

const escaped = (text: string) => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
