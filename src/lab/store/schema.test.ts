import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { migrate } from "./schema.ts";

/** A lab of version 1, with a job of each kind, as pg_dump wrote it: what was released is never made anew. */
const DUMP = readFileSync(join(import.meta.dirname, "testing/version-1.sql"), "utf8");

let db: PGlite;
const engine = {
  query: async (text: string, values?: readonly unknown[]) => {
    if (values === undefined) return ((await db.exec(text)).at(-1)?.rows ?? []) as Record<string, unknown>[];
    return (await db.query<Record<string, unknown>>(text, [...values])).rows;
  },
};
beforeEach(async () => {
  db = await PGlite.create();
});
afterEach(async () => db.close());

test("a lab of the first version is brought forward with all that it knows, and once is enough", async () => {
  await db.exec(DUMP);
  await migrate(engine);
  const [jobs, boards] = await Promise.all([
    engine.query("select number, who, state, board, batch from lab.job order by number"),
    engine.query("select name, agent, aside, wear, instance, state_since from lab.board order by name"),
  ]);
  expect(jobs).toEqual([
    { number: 1, who: "ann", state: "passed", board: "lab-07", batch: null },
    { number: 2, who: "bob", state: "running", board: "lab-08", batch: null },
    { number: 3, who: "ann", state: "waiting", board: null, batch: null },
  ]);
  expect(boards).toEqual([
    { name: "lab-07", agent: "host-a", aside: null, wear: 0, instance: null, state_since: null },
    { name: "lab-08", agent: "host-b", aside: "its bench failed", wear: 0, instance: null, state_since: null },
  ]);
  const versions = () => engine.query("select version from lab.version order by version");
  const before = await versions();
  await migrate(engine);
  expect(await versions()).toEqual(before);
  expect(await engine.query("insert into lab.pool values ('usb', 2, 'ann', now()) returning tag")).toHaveLength(1);
});

test("a brought-forward lab has the same tables as a new one", async () => {
  const columns = () =>
    engine.query(
      `select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
        where table_schema = 'lab' order by table_name, column_name`,
    );
  await db.exec(DUMP);
  await migrate(engine);
  const forward = await columns();
  await db.exec("drop schema lab cascade");
  await migrate(engine);
  expect(forward).toEqual(await columns());
  expect(forward.length).toBeGreaterThan(50);
});

test("a lab that a later hil wrote is not touched", async () => {
  await migrate(engine);
  await db.exec("insert into lab.version values (1000)");
  await expect(migrate(engine)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(/version 1000/) });
});
