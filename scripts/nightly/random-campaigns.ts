import { runRandomCampaign } from "../../src/campaign/integration/testing/random-campaign.ts";

/**
 * Model against harness: `npx tsx scripts/nightly/random-campaigns.ts [COUNT] [FIRST_SEED]`. Random boards, images and
 * cuts on the twin; every verdict must be what the judge allows, or a defect of MCUboot that is known by its id.
 */
const [count = 5000, firstSeed = 1] = process.argv.slice(2).map(Number);
const known = new Map<string, number>();
let [cuts, verdicts, bad] = [0, 0, 0];
for (let seed = firstSeed; seed < firstSeed + count; seed += 1) {
  const end = await runRandomCampaign(seed);
  cuts += end.cuts;
  verdicts += end.verdicts;
  for (const id of end.known) known.set(id, (known.get(id) ?? 0) + 1);
  if (end.disagreements.length > 0) {
    bad += 1;
    process.stdout.write(`seed ${seed} (${end.title})\n${end.disagreements.map((text) => `    ${text}\n`).join("")}`);
  }
  if ((seed - firstSeed + 1) % 500 === 0) process.stdout.write(`${seed - firstSeed + 1} of ${count}\n`);
}
const defects = [...known].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([id, times]) => `${id} ${times}`);
process.stdout.write(
  `${count} campaigns, ${cuts} cuts, ${verdicts} verdicts: ${bad} campaigns disagree; known defects met: ${defects.join(", ") || "none"}\n`,
);
process.exitCode = bad === 0 ? 0 : 1;
