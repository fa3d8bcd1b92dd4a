import { FAULTS, tryFault } from "../../src/cli/testing/lab/faults.ts";
import { hasPostgres, NO_POSTGRES } from "../../src/cli/testing/lab/private-postgres.ts";
import { clock } from "../../src/cli/testing/lab/scripted-lab.ts";
import { labNode, NO_LAB_NODE } from "../../src/cli/testing/lab-program.ts";

/**
 * `npx tsx scripts/nightly/lab-faults.ts [NAME …]`: what may happen to a lab on PostgreSQL, each once (kills: many times),
 * with boards that wait in real time. A line a fault, with its figures; exit 1 when anything was not as it must be.
 */
const say = (text: string) => void process.stdout.write(`${text}\n`);
const node = labNode();
const wanted = process.argv.slice(2);
const faults = FAULTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
let bad = faults.length === 0 ? 1 : 0;
if (node === undefined || !hasPostgres()) {
  say(node === undefined ? NO_LAB_NODE : NO_POSTGRES);
  process.exit(1);
}
for (const fault of faults) {
  const beganUs = clock.nowUs();
  const seconds = () => `${((clock.nowUs() - beganUs) / 1e6).toFixed(0)} s`;
  if (fault.root === true && process.getuid?.() !== 0) {
    say(`skipped   ${fault.name}: only root may mount a small disk`);
    continue;
  }
  try {
    say(`as it must be  ${fault.name}, ${fault.what}: ${await tryFault(fault, node, fault.nightly)} (${seconds()})`);
  } catch (error) {
    bad += 1;
    say(
      `WRONG          ${fault.name}, ${fault.what} (${seconds()}): ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
process.exitCode = bad === 0 ? 0 : 1;
