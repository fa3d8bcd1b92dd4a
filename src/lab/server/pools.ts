import type { AnswerOf, Received } from "../wire/routes.ts";
import { type LabParts, Refusal } from "./parts.ts";

/** How many boards with a tag may run at once: a licence, a power supply, a hub that does not feed them all. */
export async function listPools({ db }: Pick<LabParts, "db">): Promise<AnswerOf<"pools">> {
  const rows = await db.query("select tag, most from lab.pool order by tag");
  return rows.map(({ tag, most }) => ({ tag: String(tag), most: Number(most) }));
}

export async function setPool(
  { db, now, changed }: LabParts,
  who: string,
  { tag, most }: Received<"setPool">,
): Promise<void> {
  await db.query(
    `insert into lab.pool (tag, most, who, made) values ($1, $2, $3, $4)
      on conflict (tag) do update set most = $2, who = $3, made = $4`,
    [tag, most, who, now()],
  );
  await db.audit(now(), who, `pool ${tag}: ${most} at once`);
  changed.emit("");
}

/** @throws Refusal 404. */
export async function removePool({ db, now, changed }: LabParts, who: string, tag: string): Promise<void> {
  const [row] = await db.query("delete from lab.pool where tag = $1 returning tag", [tag]);
  if (row === undefined) throw new Refusal(404, `there is no pool "${tag.slice(0, 60)}".`);
  await db.audit(now(), who, `pool ${tag} removed`);
  changed.emit("");
}
