import { benchFaults, brokenRun, wrongWith } from "../../src/campaign/testing/bench-faults.ts";

/**
 * A good board on a bench that breaks once, in over a hundred ways: `npx tsx scripts/nightly/bench-faults.ts`. No verdict
 * may be given while the bench was broken, and none may be a failure.
 */
let [planted, wrong] = [0, 0];
const faults = benchFaults();
for (const fault of faults) {
  const run = await brokenRun(fault);
  if (run.brokeAt !== undefined) planted += 1;
  const text = wrongWith(run);
  if (text === undefined) continue;
  wrong += 1;
  process.stdout.write(`${fault.name}: ${text}\n`);
}
process.stdout.write(`${planted} of ${faults.length} faults came to be planted; ${wrong} had a part in a verdict\n`);
process.exitCode = wrong === 0 ? 0 : 1;
