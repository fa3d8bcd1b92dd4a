import { describe, expect, test } from "@jest/globals";
import { outcomeOf } from "../boot/run-boot.ts";
import { cutAt, requestedBoard, shown } from "../testing/small-board.ts";
import { DEFECTS, type DefectName, INVENTED_DEFECTS } from "./defects.ts";

/** What a board shows after a cut upgrade, and on the boot after that. */
function story({ defect, permanent = false, damaged = false }: Partial<Story>): readonly string[] {
  const board = requestedBoard({ defects: new Set(defect === undefined ? [] : [defect]) }, permanent);
  const secondary = board.build.images[0]?.secondary.offset ?? 0;
  if (damaged) board.flash.load(secondary + 5_000, Uint8Array.of(0, 0, 0, 0));
  const first = outcomeOf(damaged ? board.flash : cutAt(board, MIDDLE), board.build);
  return [shown(first), shown(outcomeOf(first.flash, board.build))];
}

const MIDDLE = 100;
const UPGRADED = "run: 2.0.0 active, 1.0.0 confirmed";
const REVERTED = "run: 1.0.0 active confirmed, 2.0.0";

const STAYS = "run: 2.0.0 active confirmed, 1.0.0";

interface Story {
  readonly defect: DefectName;
  readonly permanent?: boolean;
  /** The new image is damaged, and there is no cut. */
  readonly damaged?: boolean;
  /** What a board shows after the boot that follows the cut, and on the boot after that. */
  readonly faulty: readonly string[];
}

const STORIES: readonly Story[] = [
  { defect: "forget-resume", faulty: ["fail: ", "fail: "] },
  { defect: "forget-keys", faulty: ["fail: 2.0.0 active, 1.0.0 confirmed", "fail: 2.0.0 active"] },
  { defect: "skip-copy-done", faulty: [STAYS, STAYS] },
  { defect: "no-revert", faulty: [STAYS, STAYS] },
  { defect: "lose-fallback", faulty: ["run: 2.0.0 active", "run: 2.0.0 active confirmed"] },
  { defect: "skip-image-ok", permanent: true, faulty: [UPGRADED, "run: 1.0.0 active, 2.0.0 confirmed"] },
  { defect: "revert-at-once", faulty: [REVERTED, REVERTED] },
  { defect: "swap-unvalidated", damaged: true, faulty: ["fail: 2.0.0 active, 1.0.0 confirmed", REVERTED] },
];

describe("faults that can be switched on", () => {
  test("without faults a cut test upgrade resumes, and is reverted unless confirmed", () => {
    expect(story({})).toEqual([UPGRADED, REVERTED]);
  });

  for (const { defect, faulty, ...cut } of STORIES) {
    test(`${defect} shows on a board`, () => {
      expect(story({ defect, ...cut })).toEqual(faulty);
      expect(story(cut)).not.toEqual(faulty);
    });
  }

  test("every fault says what a board shows and where it comes from, and invented ones have their story here", () => {
    for (const row of DEFECTS) expect(row.what).toMatch(/A board shows/);
    const elsewhere = ["own-update-in-place"]; // src/mcuboot/nsib/own-update.test.ts
    expect([...STORIES.map((row) => row.defect), ...elsewhere].toSorted()).toEqual(
      INVENTED_DEFECTS.map((row) => row.name).toSorted(),
    );
  });
});
