import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { findLocks } from "../../../board/index.ts";
import { hil, LAB_PROFILE, locksOf } from "../../testing/process.ts";
import { benchOfSuite } from "../../testing/suite.ts";
import { twoBoards } from "../../testing/two-boards.ts";

/** In real time: two twins in processes of their own, one `hil run` for both. */
const REAL_TIME_MS = 300_000;

const BOTH = ["run", "small.yaml", "--board", "a.yaml", "--board", "b.yaml"];

const lab = benchOfSuite(twoBoards, REAL_TIME_MS);

describe("hil run on two boards with ports of their own", () => {
  test(
    "runs them at the same time, each with its record, and both pass",
    async () => {
      let end = { code: null as number | null, out: "", err: "" };
      const records = await lab().recordsOf(async () => {
        end = await hil(lab().folder, ...BOTH, "--cuts", "0").done;
      });
      expect(end.err).toBe("");
      expect(end.out).toMatch(/^lab-a {2}PASS {2}1 check .*; record runs\//m);
      expect(end.out).toMatch(/^lab-b {2}PASS {2}1 check .*; record runs\//m);
      expect(end.code).toBe(0);
      expect(records).toMatchObject([
        { board: "lab-a", outcome: "pass", lastPower: "on" },
        { board: "lab-b", outcome: "pass", lastPower: "on" },
      ]);
      const [a, b] = records;
      if (!a || !b) throw new RangeError("not two records");
      expect([a.began < b.ended, b.began < a.ended]).toEqual([true, true]);
      expect(findLocks(locksOf(lab().folder))).toEqual([]);
    },
    REAL_TIME_MS,
  );

  test(
    "ended by Ctrl-C leaves both with power, records whole, locks free: exit 4",
    async () => {
      let end = { code: null as number | null, out: "", err: "" };
      const records = await lab().recordsOf(async () => {
        const run = hil(lab().folder, ...BOTH, "--cuts", "50");
        await run.printed(/lab-a {2}swap[\s\S]*lab-b {2}swap|lab-b {2}swap[\s\S]*lab-a {2}swap/);
        run.child.kill("SIGINT");
        end = await run.done;
      });
      expect(end.err).toMatch(/lab-a: interrupted by SIGINT/);
      expect(end.code).toBe(4);
      expect(records).toMatchObject([
        { board: "lab-a", outcome: "interrupted", lastPower: "on" },
        { board: "lab-b", outcome: "interrupted", lastPower: "on" },
      ]);
      expect(findLocks(locksOf(lab().folder))).toEqual([]);
    },
    REAL_TIME_MS,
  );

  test(
    "goes on with one board when the other vanishes: exit 3 for both together",
    async () => {
      const run = hil(lab().folder, ...BOTH, "--cuts", "0");
      await run.printed(/lab-b {2}preflight/);
      lab().second.child.kill("SIGKILL");
      const { code, out, err } = await run.done;
      await lab().restartSecond();
      expect(out).toMatch(/^lab-a {2}PASS {2}1 check/m);
      expect(out).toMatch(/^lab-b {2}ERROR the bench failed/m);
      expect(err).toMatch(/^hil: lab-b: /m);
      expect(code).toBe(3);
    },
    REAL_TIME_MS,
  );

  test(
    "is refused when both profiles name one port, whatever they call it: exit 2, and nothing moves",
    async () => {
      const other = LAB_PROFILE.replace("lab-pty", "lab-c").replace(
        "./dev/uart",
        join(lab().folder, "dev2/../dev/uart"),
      );
      writeFileSync(join(lab().folder, "c.yaml"), other.replace("channel: 1", "channel: 2"));
      const records = await lab().recordsOf(async () => {
        const { code, err } = await hil(lab().folder, "run", "small.yaml", "--board", "a.yaml", "--board", "c.yaml")
          .done;
        expect(err).toMatch(/a\.yaml and .*c\.yaml both use port .*uart\./);
        expect(code).toBe(2);
      });
      expect(records).toEqual([]);
    },
    REAL_TIME_MS,
  );
});
