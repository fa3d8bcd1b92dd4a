import { OPEN_STATES } from "../rules/ends.ts";
import type { LabEngine } from "../store/engine.ts";
import { type BoardRow, boardRow, type JobRow, jobRow } from "./rows.ts";

/** Questions that more than one part of the lab asks its database. */
export class LabDatabase {
  readonly query: LabEngine["query"];

  constructor({ query }: Pick<LabEngine, "query">) {
    this.query = query;
  }

  async jobs(where: string, values: readonly unknown[] = []): Promise<readonly JobRow[]> {
    return (await this.query(`select * from lab.job where ${where}`, values)).map(jobRow);
  }

  async job(id: string): Promise<JobRow | undefined> {
    return (await this.jobs("id = $1", [id]))[0];
  }

  /** Changes one job, if it is as it is said to be; undefined when it is not. */
  async changeJob(set: string, where: string, values: readonly unknown[]): Promise<JobRow | undefined> {
    const [row] = await this.query(`update lab.job set ${set} where ${where} returning *`, values);
    return row === undefined ? undefined : jobRow(row);
  }

  async openJobs(): Promise<readonly JobRow[]> {
    return this.jobs("state = any($1) order by number", [[...OPEN_STATES]]);
  }

  async boards(where = "true", values: readonly unknown[] = []): Promise<readonly BoardRow[]> {
    const text = `select b.*, r.who as reserved_by, r.why as reserved_why, r.until as reserved_until,
      r.since as reserved_since
      from lab.board b left join lab.reservation r on r.board = b.name where ${where} order by b.name`;
    return (await this.query(text, values)).map(boardRow);
  }

  async audit(at: Date, who: string, what: string): Promise<void> {
    await this.query("insert into lab.audit (at, who, what) values ($1, $2, $3)", [at, who, what]);
  }
}
