import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { findLocks } from "../../../board/index.ts";
import { EXIT, RealClock } from "../../../core/index.ts";
import { openPty } from "../../../serial/index.ts";
import { hil, LAB_PROFILE, locksOf, ptyBench } from "../../testing/process.ts";
import { benchOfSuite } from "../../testing/suite.ts";

/** These run in real time: a twin in a process of its own, real pseudo-terminals, real kills. */
const REAL_TIME_MS = 300_000;

const lab = benchOfSuite(ptyBench, REAL_TIME_MS);

const markFile = () => join(lab().folder, "lab.health.json");

describe("a run whose terminal is closed", () => {
  test(
    "ends as by Ctrl-C though nobody hears it: power on, the record whole, locks free",
    async () => {
      const run = hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", "50");
      await run.printed(/swap {6}/);
      run.child.stdout?.destroy();
      run.child.stderr?.destroy();
      run.child.kill("SIGHUP");
      expect((await run.done).code).toBe(4);
      const { run: document, events } = lab().newestRun();
      expect(document).toMatchObject({ state: "finished", result: { outcome: "interrupted" } });
      expect(events.findLast(({ event }) => event === "power")).toMatchObject({ state: "on" });
      expect(findLocks(locksOf(lab().folder))).toEqual([]);
    },
    REAL_TIME_MS,
  );
});

describe("a board that somebody uses", () => {
  test(
    "is refused to a second run, which says by whom and how to free it; hil board release keeps it from the impatient",
    async () => {
      const first = hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", "50");
      await first.printed(/preflight/);
      const second = await hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml", "--junit", "held.xml").done;
      const release = await hil(lab().folder, "board", "release", "--board", "lab.yaml").done;
      first.child.kill("SIGINT");
      await first.done;
      expect(second.err).toContain(`(process ${first.child.pid}, board lab-pty) since 20`);
      expect(second.err).toContain("hil board release --force");
      expect(second.code).toBe(3);
      expect(readFileSync(join(lab().folder, "held.xml"), "utf8")).toContain(
        '<testsuites name="hil" tests="1" failures="0" errors="1" skipped="0"',
      );
      expect([release.code, release.out.split("\n").filter((line) => line.startsWith("held"))]).toEqual([
        3,
        [expect.stringContaining("dev/uart"), expect.stringContaining("channel 1")],
      ]);
      expect((await hil(lab().folder, "board", "release").done).out).toBe("nothing is locked\n");
    },
    REAL_TIME_MS,
  );
});

describe("a board that does not come back", () => {
  test(
    "is marked bad with exit 3, refused by the next run with what happened, and tried again with --recover",
    async () => {
      const clock = new RealClock();
      const silent = await openPty({ clock });
      await using _silent = silent.link;
      const profile = LAB_PROFILE.replace("./dev/uart", silent.path).replace(
        "boot: 3000, swap: 12000",
        "boot: 300, swap: 500",
      );
      writeFileSync(join(lab().folder, "lab.yaml"), profile);
      const since = "2026-11-21T12:00:00.000Z";
      writeFileSync(markFile(), JSON.stringify({ schema: 1, state: "dirty", since, because: "a run did not end" }));
      const run = (...more: string[]) =>
        hil(lab().folder, "run", "small.yaml", "--board", "lab.yaml", "--cuts", "0", ...more).done;
      const first = await run("--infra-retries", "5");
      expect(first.err).toMatch(/lab-pty is marked bad: it did not come back .*power on: .*power cycle: /);
      expect(first.out).not.toContain("retry");
      const second = await run();
      expect(second.err).toMatch(/lab-pty is marked bad since 20.* UTC: it did not come back.*hil board recover/);
      expect([first.code, second.code]).toEqual([3, 3]);
      writeFileSync(join(lab().folder, "lab.yaml"), LAB_PROFILE);
      const third = await run("--recover");
      expect(third.out).toMatch(/^recovery {2}power on: the application answers/m);
      expect([third.code, existsSync(markFile())]).toEqual([0, false]);
    },
    REAL_TIME_MS,
  );
});

describe("a bench that fails for a moment", () => {
  test(
    "is tried again as often as asked: the run goes on in its record to its last cut, and says that it was",
    async () => {
      const argv = [
        "run",
        "small.yaml",
        "--board",
        "lab.yaml",
        "--cuts",
        "2",
        "--infra-retries",
        "9",
        "--junit",
        "out.xml",
      ];
      const run = hil(lab().folder, ...argv);
      await run.printed(/swap {6}/);
      lab().twin.child.kill("SIGKILL");
      await run.printed(/retry {5}1 of 9/);
      const twin = hil(lab().folder, "twin", "--board", "twin.yaml", "--link", "dev", "--baud", "1000000");
      const { code, out } = await run.done;
      twin.child.kill("SIGTERM");
      await twin.done;
      // On a busy machine a cut may miss its moment by more than the profile admits: what counts here is that it
      // was judged.
      expect(out).toMatch(/(PASS|FAIL) {2}.*; the bench failed \d times? and was tried again/);
      expect([EXIT.pass, EXIT.failed]).toContain(code);
      const { run: document, events } = lab().newestRun();
      expect(document).toMatchObject({
        state: "finished",
        result: { cutsJudged: 2, infraRetries: expect.any(Number) },
      });
      expect(events.filter(({ event }) => event === "images-built")).toHaveLength(1);
      const xml = readFileSync(join(lab().folder, "out.xml"), "utf8");
      expect(xml).toMatch(/<testsuites name="hil" tests="\d+" failures="\d+" errors="0" skipped="0"/);
      expect(xml).toContain('<property name="infra_retries"');
    },
    REAL_TIME_MS,
  );
});
