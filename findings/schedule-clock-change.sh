#!/usr/bin/env bash
# A lab's night starts at "30 2 * * *" with a time zone. In the two nights in which the clock changes there is no 02:30,
# or there are two. What the libraries that lab servers take (pg-boss builds on cron-parser) say is the next run.
#
# Guessed: after Vixie cron's rule all run it once in each night, in spring some at 03:00 and some at 03:30.
# Seen: in spring as guessed. In autumn croner 11.0.1, cron-parser 5.10.6 and cron 4.4.0 run it once, croniter 7.0.0 and
#   APScheduler 3.11.3 twice, an hour apart. Of "*/30 2 * * *" in spring, croner runs none, cron-parser two, the others one.
# Matters: twice an hour apart, the second night asks for boards that the first still holds, and a history that counts
#   nights has one too many. Schedule outside 02:00 to 03:00, or in UTC.
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs croner@11.0.1 cron-parser@5.10.6 cron@4.4.0
pypi croniter==7.0.0 APScheduler==3.11.3 tzdata==2026.3

js <<'JS' >seen
import { CronTime } from "cron";
import { CronExpressionParser } from "cron-parser";
import { Cron } from "croner";
const timezone = "Europe/Oslo";
const libraries = {
  croner: (expression, start) => new Cron(expression, { timezone, paused: true }).nextRuns(9, start),
  "cron-parser": (expression, start) => {
    const schedule = CronExpressionParser.parse(expression, { currentDate: start, tz: timezone });
    return Array.from({ length: 9 }, () => schedule.next().toDate());
  },
  cron: (expression, start) => {
    const schedule = new CronTime(expression, timezone);
    const runs = [];
    for (let at = start; runs.length < 9; runs.push(at)) at = schedule.getNextDateFrom(at, timezone).toJSDate();
    return runs;
  },
};
for (const expression of ["30 2 * * *", "*/30 2 * * *"])
  for (const night of ["2026-03-29", "2026-10-25"])
    for (const [name, runs] of Object.entries(libraries)) {
      const seen = runs(expression, new Date(Date.parse(`${night}T12:00Z`) - 86_400_000))
        .map((run) => run.toISOString())
        .filter((run) => run.startsWith(night));
      console.log(`${expression} ${night} ${name}: ${seen.map((run) => `${run.slice(11, 16)}Z`).join(" ") || "none"}`);
    }
JS
py - >>seen <<'PY'
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo
from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
zone = ZoneInfo("Europe/Oslo")

def by_croniter(expression, start):
    schedule = croniter(expression, start)
    return [schedule.get_next(datetime) for _ in range(9)]

def by_apscheduler(expression, start):
    trigger, runs, last = CronTrigger.from_crontab(expression, timezone=zone), [], None
    while len(runs) < 9:
        last = trigger.get_next_fire_time(last, last or start)
        runs.append(last)
    return runs

for expression in ("30 2 * * *", "*/30 2 * * *"):
    for night in ("2026-03-29", "2026-10-25"):
        start = (datetime.fromisoformat(night + "T12:00+00:00") - timedelta(days=1)).astimezone(zone)
        for name, library in (("croniter", by_croniter), ("APScheduler", by_apscheduler)):
            seen = [run.astimezone(timezone.utc).isoformat() for run in library(expression, start)]
            seen = [run[11:16] + "Z" for run in seen if run.startswith(night)]
            print(f"{expression} {night} {name}: {' '.join(seen) or 'none'}")
PY

expect <<'SEEN'
30 2 * * * 2026-03-29 croner: 01:00Z
30 2 * * * 2026-03-29 cron-parser: 01:30Z
30 2 * * * 2026-03-29 cron: 01:00Z
30 2 * * * 2026-10-25 croner: 00:30Z
30 2 * * * 2026-10-25 cron-parser: 00:30Z
30 2 * * * 2026-10-25 cron: 00:30Z
*/30 2 * * * 2026-03-29 croner: none
*/30 2 * * * 2026-03-29 cron-parser: 01:00Z 01:30Z
*/30 2 * * * 2026-03-29 cron: 01:00Z
*/30 2 * * * 2026-10-25 croner: 00:00Z 00:30Z 01:00Z 01:30Z
*/30 2 * * * 2026-10-25 cron-parser: 00:00Z 00:30Z
*/30 2 * * * 2026-10-25 cron: 00:00Z 00:30Z
30 2 * * * 2026-03-29 croniter: 01:00Z
30 2 * * * 2026-03-29 APScheduler: 01:30Z
30 2 * * * 2026-10-25 croniter: 00:30Z 01:30Z
30 2 * * * 2026-10-25 APScheduler: 00:30Z 01:30Z
*/30 2 * * * 2026-03-29 croniter: 01:00Z
*/30 2 * * * 2026-03-29 APScheduler: 01:00Z
*/30 2 * * * 2026-10-25 croniter: 00:00Z 00:30Z 01:00Z 01:30Z
*/30 2 * * * 2026-10-25 APScheduler: 00:00Z 00:30Z 01:00Z 01:30Z
SEEN
