import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { cutVerdict, recordFolder, STARTED } from "../testing/record-folder.ts";
import { runsIn } from "./run-index.ts";

const RESULT = { outcome: "pass", cutsPlanned: 1, cutsJudged: 1, passed: 1, failed: 0, endings: { resumed: 1 } };
const ENDED = { atUs: 2_000_000, event: "run-finished", result: RESULT };

describe("a folder of records", () => {
  let root = "";
  const add = (id: string, events: readonly unknown[], began: string) => {
    const host = JSON.stringify({ began, labels: { commit: "4f2a" } });
    cpSync(recordFolder(events, { "host.json": host }), join(root, id), { recursive: true });
  };
  const index = () => readFileSync(join(root, "index.jsonl"), "utf8");

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "hil-runs-"));
    add("b", [STARTED, cutVerdict(1, 1_000_000), ENDED], "2026-01-01T00:00:00.000Z");
    add("a", [STARTED, cutVerdict(1, 1_000_000, { pass: false, because: "U5" }), ENDED], "2026-01-02T00:00:00.000Z");
  });

  test("is told oldest first, with each run's cases and labels", () => {
    const { lines } = runsIn(root);
    expect(lines.map(({ id }) => id)).toEqual(["b", "a"]);
    expect(lines[1]).toMatchObject({
      scenario: "encrypted-upgrade",
      board: "twin",
      labels: { commit: "4f2a" },
      cases: [["cut in swap", "resumed", "U5"]],
    });
  });

  test("is read from its index the second time, and says the same", () => {
    const first = runsIn(root);
    writeFileSync(join(root, "a", "events.jsonl"), "");
    expect(runsIn(root)).toEqual(first);
    rmSync(join(root, "index.jsonl"));
    expect(runsIn(root).unread).toMatchObject([{ id: "a" }]);
  });

  test("has no line of a run that goes on, and none that another version wrote or that is torn", () => {
    add("c", [STARTED, cutVerdict(1, 1_000_000)], "2026-01-03T00:00:00.000Z");
    expect(runsIn(root).unfinished).toEqual(["c"]);
    appendFileSync(join(root, "index.jsonl"), '{"schema":9,"id":"a"}\n{"schema":2,"id":"b","beg');
    expect(runsIn(root).lines.map(({ id }) => id)).toEqual(["b", "a"]);
  });

  test("forgets runs that were deleted, and passes over what is no record", () => {
    runsIn(root);
    rmSync(join(root, "b"), { recursive: true });
    mkdirSync(join(root, "notes"));
    const found = runsIn(root);
    expect([found.lines.map(({ id }) => id), found.unread.map(({ id }) => id)]).toEqual([["a"], ["notes"]]);
    expect(index().trim().split("\n")).toHaveLength(2);
  });

  test("has no line written through a link that lies in place of its index", () => {
    writeFileSync(join(root, "b", "precious"), "mine\n");
    symlinkSync(join("b", "precious"), join(root, "index.jsonl"));
    expect(runsIn(root).lines).toHaveLength(2);
    expect(readFileSync(join(root, "b", "precious"), "utf8")).toBe("mine\n");
  });

  test("that is not there is refused", () => {
    expect(() => runsIn(join(root, "none"))).toThrow(/none/);
  });
});
