import { expect, test } from "@jest/globals";
import { Random } from "../../../core/index.ts";
import { loudBench, ptyCampaign } from "../../testing/loud-ptys.ts";

/** What CI samples of `npm run nightly -- loud-ptys`: real time, real pseudo-terminals. */
const REAL_TIME_MS = 300_000;

test(
  "a host that sleeps while it cuts blames nobody: the cut is void, and made again",
  async () => {
    await using lab = await loudBench(500);
    const campaign = await ptyCampaign(lab, "the host sleeps", { cuts: 1, stopped: Random.fromSeed("sleep") });
    expect(campaign).toMatchObject({ code: 0, failed: 0 });
    expect(campaign.voidCuts).toBeGreaterThan(0);
  },
  REAL_TIME_MS,
);
