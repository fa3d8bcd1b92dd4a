#!/usr/bin/env bash
# A lab's queue on pg-boss gets a schedule of a time of day, a few seconds after that time: at 14:08:20 somebody adds "8 14 * * *".
#
# Guessed: its first job comes tomorrow, as its own preview of the schedule says.
# Seen: a job comes at once: whatever fell into the last 60 seconds is due, also from before the schedule was there.
# Matters: a nightly campaign that is moved to "now, roughly" takes the boards at noon, and a schedule that is taken away
#   and added again within its minute runs twice.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs pg-boss@12.38.0 @electric-sql/pglite@0.5.17

js <<'JS' >"$WORK/seen"
import { PGlite } from "@electric-sql/pglite";
import { fromPglite, PgBoss } from "pg-boss";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const db = await PGlite.create();
const boss = new PgBoss({ db: fromPglite(db), backend: "pglite", cronMonitorIntervalSeconds: 1, cronWorkerIntervalSeconds: 1 });
boss.on("error", (error) => console.log(error.message));
await boss.start();
await boss.createQueue("night");
// Not in the last seconds of a minute, where the next one would come anyway.
while (new Date().getUTCSeconds() < 3 || new Date().getUTCSeconds() > 40) await pause(200);
const added = new Date();
const cron = `${added.getUTCMinutes()} ${added.getUTCHours()} * * *`;
await boss.schedule("night", cron, {}, { tz: "UTC" });
const hours = Math.round((boss.previewSchedule(cron, { count: 1 })[0] - added) / 3_600_000);
console.log(`the preview says: in ${hours} hours`);
let jobs = [];
while (jobs.length === 0 && new Date() - added < 15_000) {
  await pause(200);
  jobs = await boss.fetch("night");
}
console.log(jobs.length === 0 ? "no job came in 15 s" : "a job came within 15 s");
await boss.stop({ graceful: false });
await db.close();
JS

expect <<'SEEN'
the preview says: in 24 hours
a job came within 15 s
SEEN
