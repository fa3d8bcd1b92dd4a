import { readFileSync } from "node:fs";
import { relative } from "node:path";
import TestSequencer from "@jest/test-sequencer";

/**
 * Suites that take long, the longest first. "waiting": programs in real time, which want a worker and next to no
 * processor. "computing": the other way round.
 */
const ORDER = JSON.parse(readFileSync(new URL("test-order.json", import.meta.url), "utf8"));

/** So many waiting suites begin together, and with them one that computes; then both kinds follow in turn. */
const WAITING_FIRST = 4;

/** What takes long begins first, with waiting and computing side by side. A clean clone knows no times of earlier runs. */
export default class Sequencer extends TestSequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    const pathOf = (test) => relative(test.context.config.rootDir, test.path).replaceAll("\\", "/");
    const listed = (names) => names.flatMap((name) => sorted.filter((test) => pathOf(test) === name));
    const waiting = listed(ORDER.waiting);
    const computing = listed(ORDER.computing);
    const first = [...waiting.splice(0, WAITING_FIRST), ...computing.splice(0, 1)];
    const inTurn = computing.flatMap((test) => [test, ...waiting.splice(0, 1)]);
    const known = [...first, ...inTurn, ...waiting];
    return [...known, ...sorted.filter((test) => !known.includes(test))];
  }
}
