import { describe, expect, test } from "@jest/globals";
import { hil, ptyBench } from "../../testing/process.ts";
import { benchOfSuite } from "../../testing/suite.ts";

/** These run in real time: a twin in a process of its own, real pseudo-terminals, real serial port objects. */
const REAL_TIME_MS = 120_000;

describe("hil run against a twin on pseudo-terminals that does not come to its end", () => {
  const lab = benchOfSuite(ptyBench, REAL_TIME_MS);

  test(
    "interrupted by Ctrl-C ends with exit code 4, power on, ports closed and the record whole",
    async () => {
      const run = hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", "50");
      await run.printed(/swap {6}/);
      run.child.kill("SIGINT");
      const { code, err } = await run.done;
      expect(err).toContain("interrupted by SIGINT");
      expect(code).toBe(4);
      expect(lab().newestRun().run).toMatchObject({ state: "finished", result: { outcome: "interrupted" } });
      expect(lab().newestRun().events.at(-1)?.event).toBe("run-finished");
      // The port is free and the board has power: another client gets its answer.
      const echo = hil(
        lab().folder,
        "smp",
        "--port",
        "dev/uart",
        "--baud",
        "1000000",
        "--timeout",
        "8000",
        "echo",
        "here",
      );
      expect((await echo.done).out).toContain("here");
    },
    REAL_TIME_MS,
  );

  test(
    "refuses a port that somebody else holds, and names a way out",
    async () => {
      const holder = hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", "50");
      await holder.printed(/preflight/);
      const { code, err } = await hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml").done;
      holder.child.kill("SIGINT");
      await holder.done;
      expect(code).toBe(3);
      expect(err).toMatch(/hil: .*(taken|in use|holds|held|busy|lock)/i);
    },
    REAL_TIME_MS,
  );

  test(
    "a board that vanishes in mid-run is a bench failure, not a verdict",
    async () => {
      const run = hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", "50");
      await run.printed(/swap {6}/);
      lab().twin.child.kill("SIGKILL");
      const { code, out } = await run.done;
      expect(out).toContain("the bench failed");
      expect(code).toBe(3);
    },
    REAL_TIME_MS,
  );
});
