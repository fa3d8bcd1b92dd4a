import { mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { entryAt } from "../../core/index.ts";
import type { AttemptRef } from "../wire/messages.ts";
import type { Received } from "../wire/routes.ts";
import { type LabParts, Refusal } from "./parts.ts";

/**
 * Lays the record of an attempt down among the lab's records, whole or not at all. Said again, it changes nothing.
 * @throws Refusal: 404 for an attempt that is not this agent's, 409 while a file of it has not come.
 */
export async function keepRecord(
  { db, blobs, records, changed, live }: LabParts,
  agent: string,
  { job, attempt }: AttemptRef,
  { name, files }: Received<"record">,
): Promise<void> {
  const [row] = await db.query("select record from lab.attempt where job = $1 and attempt = $2 and agent = $3", [
    job,
    attempt,
    agent,
  ]);
  if (row === undefined) throw new Refusal(404, "the lab knows of no such attempt.");
  const kept = row["record"];
  const lacking = files.find(({ sha256 }) => blobs.have(sha256) !== "whole");
  if (kept === null && lacking !== undefined) {
    throw new Refusal(409, `${lacking.path} of the record has not come.`, "Send it first.");
  }
  const folder = kept === null ? await nameFor(db, name, { job, attempt }) : (kept as string);
  // Its name is kept before it is there: a server that dies in between lays it down under the same one.
  await db.query("update lab.attempt set record = $3 where job = $1 and attempt = $2", [job, attempt, folder]);
  if (entryAt(join(records, folder)) === undefined) {
    const making = join(records, `.${job}-${attempt}`);
    rmSync(making, { recursive: true, force: true });
    for (const { path, sha256 } of files) {
      const target = join(making, path);
      mkdirSync(dirname(target), { recursive: true });
      blobs.layDown(sha256, target);
    }
    renameSync(making, join(records, folder));
  }
  await db.query("update lab.job set record = $3 where id = $1 and attempt = $2", [job, attempt, folder]);
  live.drop({ job, attempt });
  changed.emit(job);
}

/** Two hosts may have made one name in one second. */
async function nameFor(db: LabParts["db"], name: string, { job, attempt }: AttemptRef): Promise<string> {
  const [taken] = await db.query("select 1 as taken from lab.attempt where record = $1", [name]);
  return taken === undefined ? name : `${name}-${job.slice(0, 8)}-${attempt}`;
}
