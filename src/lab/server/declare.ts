import type { AnswerOf, Received } from "../wire/routes.ts";
import { AGENT_GONE_MS } from "./board-view.ts";
import type { LabParts } from "./parts.ts";

/** A run of the board that began, and whose end nobody has told: its last one. In SQL, of `b`. */
const RUN_GOES_ON = `coalesce((select a.started is not null and a.ended is null from lab.attempt a
  where a.board = b.name order by a.given desc limit 1), false)`;

/**
 * The boards of an agent's host. A board that another agent has, or another process with this one's token, stays with
 * that one while it is heard of; and after that, too, while a run of it may go on: a host that was asleep wakes up
 * with its run.
 */
export async function declareBoards(
  { db, now, changed }: LabParts,
  agent: string,
  { boards, instance }: Received<"declare">,
): Promise<AnswerOf<"declare">> {
  const at = now();
  const rows = await db.query(
    `with asked as (
        select distinct on (name) * from jsonb_to_recordset($1::jsonb)
          as x(name text, tags text[], state text, why text, lane text, wear int)),
      old as (select * from lab.board where name in (select name from asked)),
      put as (
        insert into lab.board as b (name, agent, instance, tags, state, why, lane, wear, seen, state_since)
        select name, $2, $3, tags, state, why, lane, coalesce(wear, 0), $4, $4 from asked
        on conflict (name) do update set agent = $2, instance = $3, tags = excluded.tags, state = excluded.state,
          why = excluded.why, lane = excluded.lane, wear = excluded.wear, seen = $4,
          state_since = case when b.state = excluded.state then coalesce(b.state_since, $4) else $4 end
        where (b.agent = $2 and coalesce(b.instance, $3) = $3)
          or ((b.seen < $5 or b.state = 'gone') and not ${RUN_GOES_ON})
        returning name),
      gone as (
        update lab.board set state = 'gone', why = 'its agent does not name it any more', state_since = $4
        where agent = $2 and coalesce(instance, $3) = $3 and state <> 'gone' and name not in (select name from asked)
        returning name)
      select asked.name, put.name is null as refused, old.agent as holder,
        old.seen < $5 or old.state = 'gone' as silent,
        old.name is null or old.state <> asked.state or old.agent <> $2 or old.tags <> asked.tags
          or exists (select 1 from gone) as fresh
      from asked left join put using (name) left join old using (name)`,
    [JSON.stringify(boards), agent, instance, at, new Date(at.getTime() - AGENT_GONE_MS)],
  );
  if (boards.length === 0) {
    await db.query("update lab.board set state = 'gone', why = 'its agent has no boards' where agent = $1", [agent]);
  }
  if (rows.some(({ fresh }) => fresh === true)) changed.emit("");
  return {
    refused: rows
      .filter(({ refused }) => refused === true)
      .map(({ name, holder, silent }) => ({
        name: String(name),
        why: refusalOf(agent, String(holder), silent === true),
      })),
  };
}

function refusalOf(agent: string, holder: string, isSilent: boolean): string {
  const who = holder === agent ? `another process with the token of ${agent}` : `the agent ${holder}`;
  if (!isSilent) return `${who} has a board of that name`;
  return `a run of ${who} on it may still go on: once that agent is heard of, or after hil lab ok, it can be had`;
}
