import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LoadedProfile, parseProfile } from "../../board/index.ts";
import type { RunEvent } from "../record/run-event.ts";
import type { RunRequest } from "../request/run-request.ts";
import { parseScenario, type ScenarioFile } from "../request/scenario.ts";
import { type RunOutcome, run } from "../run.ts";

const PROFILE = `schema: 1
name: small
provider: twin
ports: { app: { path: "twin:app", baud_rate: 1000000 } }
power: { driver: lcus, port: { path: "twin:relay" }, channel: 1, contact: NC, cuts: soc }
bootloader: { mode: swap-move }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" }
twin: { faults: [] }
`;

const SCENARIO = `schema: 1
name: small
images:
  old: { version: "1.0.0", payload: { generate_bytes: 6000 } }
  new: { version: "2.0.0", payload: { generate_bytes: 9000 } }
cuts: { count: 4 }
revert_check: true
`;

/** An edit of a text: what must be there, and what takes its place. */
export type Edit = readonly [find: string | RegExp, replacement: string];

export function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((before, [find, replacement]) => {
    const after = before.replace(find, replacement);
    if (after === before) throw new RangeError(`nothing to replace: ${String(find)}`);
    return after;
  }, text);
}

/** A twin with slots of 16 pages and a fast line: a whole campaign takes a fraction of a second. */
export function smallProfile(...edits: readonly Edit[]): LoadedProfile {
  const file = fileURLToPath(new URL("../../../boards/small.yaml", import.meta.url));
  return parseProfile(edited(PROFILE, edits), file);
}

/** Two images of a few pages, four cuts. */
export function smallScenario(...edits: readonly Edit[]): ScenarioFile {
  return parseScenario(edited(SCENARIO, edits), join(tmpdir(), "small.yaml"));
}

/** A folder that nothing is in. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "hil-campaign-"));
}

/** Runs a small campaign in a folder of its own. */
export function smallRun(request: Partial<RunRequest> = {}): Promise<RunOutcome> {
  return run({
    scenario: smallScenario(),
    board: smallProfile(),
    seed: 1,
    failFast: false,
    runsRoot: emptyFolder(),
    version: "0.0.0",
    signal: new AbortController().signal,
    ...request,
  });
}

/** Events of one kind, in order. */
export function eventsOf<N extends RunEvent["event"]>(
  events: readonly RunEvent[],
  name: N,
): Extract<RunEvent, { event: N }>[] {
  return events.filter((event): event is Extract<RunEvent, { event: N }> => event.event === name);
}
