#!/usr/bin/env bash
# PGlite is PostgreSQL in one's own process, and a folder is its database: a lab's queue that needs no server. Two processes
# open the same folder, as a service that is restarted while the old one still runs, or a script beside it.
#
# Guessed: the second one is refused, as PostgreSQL refuses a second postmaster by postmaster.pid.
# Seen: both open it, both are told that their ten rows are committed, neither sees the other's, and both close without
#   an error. The rows of the one that closed first are gone.
# Matters: jobs and reservations that a lab has confirmed vanish, and nothing says so. Whoever embeds PGlite locks the
#   folder itself (hil lab does).
source "$(dirname "${BASH_SOURCE[0]}")/lib/bench.bash"
npmjs @electric-sql/pglite@0.5.17

js <<'JS' >"$WORK/seen"
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { PGlite } from "@electric-sql/pglite";

const [, self, who] = process.argv;
if (who !== undefined) {
  const db = await PGlite.create("shared");
  console.log("opens it");
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "insert") {
      await db.query("insert into note select $1, generate_series(1, 10)", [who]);
      console.log("is told: committed");
    } else if (line === "count") {
      const { rows } = await db.query("select count(*)::int as n from note");
      console.log(`sees ${rows[0].n} rows`);
    } else {
      await db.close();
      console.log("closes without an error");
      process.exit(0);
    }
  }
}

const first = await PGlite.create("shared");
await first.exec("create table note (who text, n int)");
await first.close();
const start = async (name) => {
  const child = spawn(process.execPath, [self, name], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  console.log(name, (await lines.next()).value);
  return async (word) => {
    child.stdin.write(`${word}\n`);
    console.log(name, (await lines.next()).value);
  };
};
const both = [await start("one"), await start("two")];
for (const word of ["insert", "count", "close"]) for (const say of both) await say(word);
const after = await PGlite.create("shared");
const { rows } = await after.query("select who, count(*)::int as n from note group by who order by who");
console.log("left:", rows.map(({ who, n }) => `${n} rows of ${who}`).join(", "));
JS

expect <<'SEEN'
one opens it
two opens it
one is told: committed
two is told: committed
one sees 10 rows
two sees 10 rows
one closes without an error
two closes without an error
left: 10 rows of two
SEEN
