import { describe, expect, test } from "@jest/globals";
import { Random } from "../../../core/index.ts";
import { broken, killOnce } from "../../testing/kills.ts";
import { ptyBench } from "../../testing/process.ts";

/** These run in real time: twins in processes of their own, real pseudo-terminals, real kills. */
const REAL_TIME_MS = 300_000;

/** The full number is the nightly's: scripts/nightly/kills.ts. */
const KILLS_A_BOARD = 2;
/** Side by side: a kill is waiting, most of all. */
const BOARDS = ["first board", "second board"];

describe("a run that is killed with -9", () => {
  test(
    "at any moment leaves a whole record and a dead lock, and the next run brings the board back",
    async () => {
      const random = Random.fromSeed(4).fork("kills");
      await Promise.all(BOARDS.map((board) => killed(random.fork(board))));
    },
    REAL_TIME_MS,
  );
});

async function killed(random: Random): Promise<void> {
  await using lab = await ptyBench();
  for (let number = 0; number < KILLS_A_BOARD; number += 1) {
    const kill = await killOnce(lab, random);
    expect([kill, broken(kill)]).toEqual([kill, []]);
  }
}
