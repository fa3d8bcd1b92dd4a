import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A run's folder as a record has it, with these events and whatever else a test puts into it. */
export function recordFolder(events: readonly unknown[], files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "hil-record-"));
  mkdirSync(join(folder, "inputs"));
  const lines = events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)));
  writeFileSync(join(folder, "events.jsonl"), lines.map((line) => `${line}\n`).join(""));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

export const STARTED = {
  atUs: 0,
  event: "run-started",
  scenario: "encrypted-upgrade",
  board: "twin (simulated)",
  profile: "twin",
  seed: 7,
};

/** A verdict on a cut, as `events.jsonl` has it. */
export function cutVerdict(index: number, atUs: number, more: Readonly<Record<string, unknown>> = {}) {
  const resetAnsweredUs = atUs - 900_000;
  return {
    atUs,
    event: "verdict",
    verdict: {
      check: `cut ${index}`,
      pass: true,
      ending: "resumed",
      from: "1.0.0",
      to: "2.0.0",
      cut: {
        planned: { index, kind: "time", afterResetUs: 100_000 },
        resetAnsweredUs,
        offSentUs: resetAnsweredUs + 100_000,
        cutUs: resetAnsweredUs + 100_000,
        lastByteUs: resetAnsweredUs + 100_400,
        onSentUs: resetAnsweredUs + 600_000,
        firstByteUs: resetAnsweredUs + 623_000,
        intoSwapUs: 50_000,
      },
      where: "operation 3, erase primary sector 2",
      swapPhase: "swap",
      allowed: [{ ending: "resumed", expects: "2.0.0 runs", because: "a swap is under way" }],
      expected: "2.0.0 runs",
      found: "2.0.0 runs",
      because: "a swap is under way",
      slots: [{ image: 0, slot: 0, version: "2.0.0", hash: "ab", flags: ["active"] }],
      boots: 1,
      bootLog: [],
      ...more,
    },
  };
}
