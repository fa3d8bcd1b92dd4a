import { describe, expect, test } from "@jest/globals";
import { defined } from "../../core/index.ts";
import { confirm } from "../boot/app-api.ts";
import { boot } from "../boot/boot.ts";
import { outcomeOf, runSteps } from "../boot/run-boot.ts";
import { contentBefore, timeline } from "../boot/timeline.ts";
import { isOperation } from "../steps/steps.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { cutAt, requestedBoard } from "../testing/small-board.ts";
import { type CutWindow, erasesOf, type LegalOutcome, legalOutcomes } from "./legal-outcomes.ts";

const timing = NRF5340_INTERNAL;
const board = requestedBoard();
const line = timeline(board.flash, board.build, timing);
const judged = (window?: CutWindow): readonly LegalOutcome[] =>
  legalOutcomes({ ...board, timing, ...defined({ window }) });
const endings = (window?: CutWindow): string[] => judged(window).map((outcome) => outcome.ending);
const at = (us: number): CutWindow => ({ fromUs: us, toUs: us });

describe("legal outcomes of a power cut", () => {
  test("a boot that nobody disturbs upgrades", () => {
    const [only, ...more] = judged();
    expect(more).toEqual([]);
    expect(only?.ending).toBe("upgraded");
    expect(only?.images.map((entry) => `${entry.version} ${entry.confirmed}`)).toEqual(["2.0.0 false", "1.0.0 true"]);
  });

  test("before the first operation the swap starts afresh, in the middle it resumes, after the last write it reverts", () => {
    expect(endings(at(-5_000))).toEqual(["upgraded"]);
    expect(endings(at(Math.round(line.operationsUs / 2)))).toEqual(["resumed"]);
    expect(endings(at(line.operationsUs + 1))).toEqual(["reverted"]);
  });

  test("a window over the last write allows both sides of it", () => {
    const outcomes = judged({ fromUs: line.operationsUs - 60, toUs: line.operationsUs + 60 });
    const right = outcomes.filter((outcome) => outcome.violation === undefined).map((outcome) => outcome.ending);
    expect(right).toEqual(expect.arrayContaining(["resumed", "reverted"]));
    expect(right).not.toContain("kept");
  });

  test("a copy_done half programmed may read as set, as unset, or as neither, which is a known defect", () => {
    const last = line.operations.length - 1;
    const outcomes = judged({ fromOperation: last, toOperation: last, torn: true });
    const texts = outcomes.map((outcome) => `${outcome.ending} ${outcome.knownDefect ?? "right"}`);
    // The application may read it as set where the bootloader did not: then nothing is wrong to see, so far.
    expect(new Set(texts)).toEqual(new Set(["resumed right", "reverted right", "upgraded U5", "upgraded right"]));
    expect(outcomes.find((outcome) => outcome.knownDefect === "U5")?.violation).toBe("never reverts");
  });

  test("a cut at any operation, done to any word, ends in an outcome that the judge allows", () => {
    for (const row of line.operations) {
      const flash = board.flash.snapshot();
      let index = 0;
      for (const step of boot(flash, board.build)) {
        if (!isOperation(step)) continue;
        if (index === row.index) {
          flash.apply(step, step.kind === "write" ? { prefixBytes: 4 * (index % 3) } : "bits");
          break;
        }
        flash.apply(step);
        index += 1;
      }
      const allowed = judged({ fromOperation: row.index, toOperation: row.index, torn: true });
      const found = outcomeOf(flash, board.build).flash.identity();
      expect([row.description, allowed.map((outcome) => outcome.flash.identity())]).toEqual([
        row.description,
        expect.arrayContaining([found]),
      ]);
    }
  });

  test("the reason names trailers, rule and source", () => {
    const [outcome] = judged(at(Math.round(line.operationsUs / 2)));
    expect(outcome?.because).toMatch(/primary trailer says magic good, copy_done unset/);
    expect(outcome?.because).toMatch(/resumes at (move|sector) \d+/);
    expect(outcome?.because).toMatch(/swap_status_source/);
  });

  test("a confirmed image stays after a cut that came too late", () => {
    const after = line.flash.snapshot();
    runSteps(confirm(after, board.build, 0), after);
    const [only, ...more] = legalOutcomes({ flash: after, build: board.build, timing, window: at(10) });
    expect(more).toEqual([]);
    expect(only).toMatchObject({ ending: "kept", knownDefect: undefined });
  });

  test("a revert that is cut is still a revert", () => {
    const flash = line.flash;
    const revert = timeline(flash, board.build, timing);
    const window = at(Math.round(revert.operationsUs / 3));
    expect(legalOutcomes({ flash, build: board.build, timing, window }).map((outcome) => outcome.ending)).toEqual([
      "reverted",
    ]);
  });

  test("faults of the board's bootloader are not legal", () => {
    const faulty = requestedBoard({ defects: new Set(["no-revert"]) });
    const upgraded = outcomeOf(faulty.flash, faulty.build).flash;
    const [only] = legalOutcomes({ flash: upgraded, build: faulty.build, timing });
    expect(only?.images[0]?.version).toBe("1.0.0");
    expect(outcomeOf(upgraded, faulty.build).images[0]?.version).toBe("2.0.0");
  });

  test("U1 of swap using offset is found, and is not legal", () => {
    const short = { mode: "offset", encrypted: false, slotSectors: 8, bodyBytes: [15_000, 3_000] } as const;
    const offsetBoard = requestedBoard(short);
    const { operations } = timeline(offsetBoard.flash, offsetBoard.build, timing);
    const found = operations.map(({ index }) =>
      legalOutcomes({
        ...offsetBoard,
        timing,
        window: { fromOperation: index, toOperation: index, torn: false },
      }).map((outcome) => `${outcome.ending} ${outcome.knownDefect ?? "right"}`),
    );
    const count = (text: string): number => found.flat().filter((other) => other === text).length;
    const texts = [...new Set(found.flat())].map((text) => `${count(text)} ${text}`);
    expect(texts).toEqual(["6 upgraded right", "34 resumed right", "5 resumed U1"]);
  });

  test("what a torn erase may do to a permanent request is allowed only as a known defect", () => {
    const permanent = requestedBoard({}, true);
    const rows = timeline(permanent.flash, permanent.build, timing).operations;
    const erase = rows.find((row) => row.description.startsWith("erase secondary trailer"))?.index ?? 0;
    const outcomes = legalOutcomes({
      ...permanent,
      timing,
      window: { fromOperation: erase, toOperation: erase, torn: true },
    });
    const kept = outcomes.filter((outcome) => outcome.ending === "kept");
    expect([...new Set(kept.map((outcome) => outcome.knownDefect))]).toEqual(["T1"]);
    expect(
      outcomes.filter((outcome) => outcome.knownDefect === undefined).map((outcome) => outcome.images[0]?.version),
    ).toEqual(expect.not.arrayContaining(["1.0.0"]));
  });
});

describe("what a boot erases", () => {
  // Scratch: some erases there change nothing, and a boot comes by the same content twice.
  const scratch = { mode: "scratch", scratch: { offset: 32 * 4096, bytes: 2 * 4096 } } as const;

  test.each([{}, { mode: "offset" } as const, scratch])(
    "after a cut at any operation is what a whole boot erases, although it is read off boots that are known (%j)",
    (options) => {
      const cut = requestedBoard(options);
      const plan = timeline(cut.flash, cut.build, timing);
      const known: string[] = [];
      const whole: string[] = [];
      for (const { index } of plan.operations) {
        const left = contentBefore(cut.flash, plan, index);
        known.push(
          erasesOf(left, cut.build)
            .map(({ offset, bytes }) => `${offset}+${bytes}`)
            .join(),
        );
        const erases = timeline(left, cut.build, timing).operations.map(({ operation }) => operation);
        whole.push(erases.flatMap((done) => (done.kind === "erase" ? `${done.offset}+${done.bytes}` : [])).join());
      }
      expect(known).toEqual(whole);
      expect(new Set(known).size).toBeGreaterThan(10);
    },
  );

  test("the content before any operation of a boot is what the operations before it make of it", () => {
    const before = line.operations.map(({ index }) => contentBefore(board.flash, line, index).identity());
    expect(before).toEqual(line.operations.map(({ index }) => cutAt(board, index).identity()));
  });
});
