import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { LiveRuns } from "./live-runs.ts";

const REF = { job: "0b8f6a52-0000-4000-8000-000000000001", attempt: 1 };
const piece = (at: number, text: string) => ({ at, data: Buffer.from(text).toString("base64") });

test("a run's events are taken only while somebody looks, in order, once, and are gone with their record", () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-live-"));
  const live = new LiveRuns(join(folder, "live"));
  expect(live.wanted(REF)).toBeUndefined();
  expect(live.take(REF, piece(0, "x"))).toBe(0);
  const [forget, forgetOther] = [live.look(REF.job), live.look(REF.job)];
  expect(live.wanted(REF)).toBe(0);
  const started = '{"atUs":1,"event":"run-started"}\n';
  expect(live.take(REF, piece(0, started))).toBe(started.length);
  expect(live.take(REF, piece(0, started))).toBe(started.length);
  expect(live.take(REF, piece(started.length + 1, "late"))).toBe(started.length);
  const run = live.run(REF, "job 1");
  expect([run.read(), run.read()]).toEqual([true, false]);
  forget();
  expect(live.wanted(REF)).toBe(started.length);
  forgetOther();
  expect(live.wanted(REF)).toBeUndefined();
  live.drop(REF);
  live.look(REF.job);
  expect(live.wanted(REF)).toBe(0);
  rmSync(folder, { recursive: true });
});
