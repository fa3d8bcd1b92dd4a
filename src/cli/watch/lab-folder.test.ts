import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { cutVerdict, STARTED } from "../../report/testing/record-folder.ts";
import { LabFolder } from "./lab-folder.ts";

const NOW_MS = 1_800_000_000_000;
const FINISHED = {
  atUs: 9_000_000,
  event: "run-finished",
  result: { outcome: "pass", cutsPlanned: 1, cutsJudged: 1, passed: 1, failed: 0, endings: {} },
};
let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hil-watched-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** A record in the lab's folder that was written to so many minutes ago. */
function record(name: string, events: readonly unknown[], { goesOn = false, minutesAgo = 0 } = {}): void {
  mkdirSync(join(root, name));
  const file = join(root, name, "events.jsonl");
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  writeFileSync(join(root, name, "host.json"), JSON.stringify({ began: "2026-11-30T02:10:07.000Z" }));
  if (goesOn) writeFileSync(join(root, name, ".reserve"), "");
  utimesSync(file, NOW_MS / 1000 - minutesAgo * 60, NOW_MS / 1000 - minutesAgo * 60);
}

describe("a folder of records that is watched", () => {
  test("tells the runs that go on, not those that ended or were killed, and then each that begins", () => {
    record("a-ended", [STARTED, FINISHED]);
    record("b-goes-on", [STARTED], { goesOn: true, minutesAgo: 1 });
    record("c-killed", [STARTED], { goesOn: true, minutesAgo: 60 });
    mkdirSync(join(root, "photos"));
    const lab = new LabFolder("runs", root);
    expect(lab.begun(NOW_MS)).toEqual(["b-goes-on"]);
    expect(lab.begun(NOW_MS)).toEqual([]);
    record("d-begins", [STARTED], { goesOn: true });
    expect(lab.begun(NOW_MS)).toEqual(["d-begins"]);
  });

  test("has the lab's page once a run has ended, with those that have not by name", () => {
    const lab = new LabFolder("runs", root);
    expect(lab.page()).toBeUndefined();
    record("a-ended", [STARTED, cutVerdict(1, 1_000_000), FINISHED]);
    record("b-goes-on", [STARTED], { goesOn: true });
    const page = lab.page();
    expect(page?.rows).toMatchObject([{ scenario: "encrypted-upgrade", board: "twin", passed: 1 }]);
    expect(page?.leftOut.join(" ")).toContain("b-goes-on");
  });

  test("that is not there is the wrong request", () => {
    expect(() => new LabFolder("none", join(root, "none")).begun(NOW_MS)).toThrow(/none: .*ENOENT/);
  });
});
