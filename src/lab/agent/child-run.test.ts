import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { type Clock, EXIT, RealClock, sleep } from "../../core/index.ts";
import { AttemptFolder } from "./attempt-folder.ts";
import { runAttempt } from "./child-run.ts";

const GIVEN = {
  ...{ job: "7f1c3f0e-52f7-4d6c-9a39-0d2a0f6f9a11", attempt: 1, board: "b1", scenario: "s.yaml" },
  ...{ files: [], labels: {}, options: {} },
};

test("a run that is told to stop leaves no alarm behind once it has ended: its agent would stay up for it", async () => {
  const root = mkdtempSync(join(tmpdir(), "hil-child-run-"));
  const open = new Set<() => unknown>();
  let asked = 0;
  const clock: Clock = {
    kind: "real",
    nowUs: () => 0,
    at: (_, wake) => {
      asked += 1;
      open.add(wake);
      return () => open.delete(wake);
    },
    whileReal: async (work) => work(),
  };
  const stop = new AbortController();
  try {
    const folder = AttemptFolder.make(root, GIVEN);
    if (folder === undefined) throw new RangeError("it is there already");
    const program = [process.execPath, "-e", "require('node:net').createServer().listen(0)"] as const;
    const run = runAttempt(folder, { program: [...program], profile: "b1.yaml", clock, stop: stop.signal });
    stop.abort();
    expect(await run).toMatchObject({ exit: EXIT.bench });
    await sleep(new RealClock(), 1);
    expect({ asked, open: open.size }).toEqual({ asked: 1, open: 0 });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
