import { describe, expect, test } from "@jest/globals";
import { hil, ptyBench } from "../../testing/process.ts";
import { benchOfSuite } from "../../testing/suite.ts";

/** These run in real time: a twin in a process of its own, real pseudo-terminals, real serial port objects. */
const REAL_TIME_MS = 120_000;

describe("hil run against a twin on pseudo-terminals at 1,000,000 baud", () => {
  const lab = benchOfSuite(ptyBench, REAL_TIME_MS);

  test(
    "uploads, swaps, is cut through the relay's bytes, resumes, and is judged",
    async () => {
      const { code, out, err } = await hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml").done;
      expect(err).toBe("");
      expect(out).toMatch(/PASS {2}2 of 2 cuts as MCUboot allows/);
      expect(code).toBe(0);
      const names = lab()
        .newestRun()
        .events.map((event) => event.event);
      expect(names.filter((name) => name === "verdict")).toHaveLength(3);
      expect(names).toContain("upload-finished");
    },
    REAL_TIME_MS,
  );

  test(
    "killed with -9 in mid-cut leaves a record that is readable to its last event, and the next run starts clean",
    async () => {
      const first = hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml", "--cut-on", "Starting swap+300");
      await first.printed(/swap {6}/);
      first.child.kill("SIGKILL");
      await first.done;
      const killed = lab().newestRun();
      expect(killed.events.at(0)?.event).toBe("run-started");
      expect(killed.events.length).toBeGreaterThan(10);
      expect(killed.run.state).toBe("running");
      const next = await hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", "1").done;
      expect(next.out + next.err).toMatch(/PASS {2}1 of 1 cut as MCUboot allows/);
      expect(next.code).toBe(0);
    },
    REAL_TIME_MS,
  );
});
