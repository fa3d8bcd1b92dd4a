import { relative } from "node:path";
import TestSequencer from "@jest/test-sequencer";

/**
 * Suites that wait: programs in real time, on pseudo-terminals. They want a worker and next to no processor, the longest
 * first.
 */
export const WAITING = [
  "hil-tests/recovery.test.ts",
  "hil-tests/recovery-kills.test.ts",
  "hil-tests/several-boards.test.ts",
  "hil-tests/one-relay-card.test.ts",
  "hil-tests/real-time.test.ts",
  "hil-tests/board-commands.test.ts",
  "hil-tests/real-time-ends.test.ts",
  "hil-tests/sleeping-host.test.ts",
  "hil-tests/jest-suites.test.ts",
  "hil-tests/loud-ptys.test.ts",
];

/** Suites that compute for long, the longest first. */
export const COMPUTING = [
  "hil-tests/fault-pack.test.ts",
  "hil-tests/random-campaigns.test.ts",
  "hil-tests/layouts.test.ts",
  "src/mcuboot/sweep/sweep.test.ts",
  "src/cli/run/replay.test.ts",
  "src/campaign/run.test.ts",
  "src/mcuboot/explain/read-log.test.ts",
  "src/cli/run/run.test.ts",
  "hil-tests/cutter.test.ts",
  "src/mcuboot/judge/legal-outcomes.test.ts",
  "src/cli/run/boards.test.ts",
  "hil-tests/field-failure.test.ts",
  "src/campaign/attempts.test.ts",
  "hil-tests/app-and-net.test.ts",
  "src/image/build/properties.test.ts",
];

/** Suites of each kind that begin together, before the others follow in turn. */
const WAITING_FIRST = 3;

/** A clean clone has no times of earlier runs: the order of what takes long is in the tables above. */
export default class Sequencer extends TestSequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    const pathOf = (test) => relative(test.context.config.rootDir, test.path).replaceAll("\\", "/");
    const listed = (names) => names.flatMap((name) => sorted.filter((test) => pathOf(test) === name));
    const waiting = listed(WAITING);
    const computing = listed(COMPUTING);
    const first = waiting.splice(0, WAITING_FIRST);
    const inTurn = computing.flatMap((test) => [test, ...waiting.splice(0, 1)]);
    const known = [...first, ...inTurn, ...waiting];
    return [...known, ...sorted.filter((test) => !known.includes(test))];
  }
}
