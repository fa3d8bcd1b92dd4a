import { drawnPtyCampaign } from "../../src/cli/testing/loud-ptys.ts";
import { Random } from "../../src/core/index.ts";

/**
 * Good boards on real pseudo-terminals that log up to 85 % of their line, a third of them on a host that sleeps in
 * mid-campaign: `npx tsx scripts/nightly/loud-ptys.ts [COUNT] [SEED]`. No verdict may blame the board, and every
 * campaign ends.
 */
const [count = 40, seed = 1] = process.argv.slice(2).map(Number);
let wrong = 0;
let voidCuts = 0;
for (let number = 1; number <= count; number += 1) {
  const campaign = await drawnPtyCampaign(Random.fromSeed(`${seed} ${number}`));
  voidCuts += campaign.voidCuts;
  if (campaign.code === 0 && campaign.failed === 0) continue;
  wrong += 1;
  process.stdout.write(
    `${number} (${campaign.what}): exit ${campaign.code}, ${campaign.failed} failed\n${campaign.out}\n`,
  );
}
process.stdout.write(`${wrong} of ${count} campaigns on pseudo-terminals did not pass; ${voidCuts} cuts were void\n`);
process.exitCode = wrong === 0 ? 0 : 1;
