import { expect, test } from "@jest/globals";
import { loudBench, ptyCampaign } from "../../testing/loud-ptys.ts";

/** What CI samples of `npm run nightly -- loud-ptys`: real time, real pseudo-terminals. */
const REAL_TIME_MS = 300_000;

test(
  "a good board that logs 60 % of its line passes, through real pseudo-terminals",
  async () => {
    await using lab = await loudBench(60_000);
    expect(await ptyCampaign(lab, "60 %", { cuts: 1 })).toMatchObject({ code: 0, failed: 0 });
  },
  REAL_TIME_MS,
);
