import { MutantSuites } from "./mutant-run.ts";
import { MUTANTS } from "./mutant-table.ts";

/**
 * Mutation test of the model: `npx tsx scripts/nightly/mutants.ts [FIRST] [COUNT]`. Breaks one rule at a time as
 * the source is compiled, and names the suite that notices. Exit 1 when one goes unnoticed.
 */
const [first = 0, count = MUTANTS.length] = process.argv.slice(2).map(Number);
const chosen = MUTANTS.slice(first, first + count);
// Nothing tried is nothing shown.
if (chosen.length === 0) throw new Error(`FIRST is a number below ${MUTANTS.length}, COUNT one from 1 on`);
using suites = new MutantSuites();
if (!(await suites.isSound())) throw new Error("the suites fail without any mutant");
const tally = new Map<string, number>();
for (const [order, mutant] of chosen.entries()) {
  const noticed = await suites.try(mutant);
  tally.set(noticed, (tally.get(noticed) ?? 0) + 1);
  const number = String(first + order + 1).padStart(2);
  process.stdout.write(`${number}  ${noticed.padEnd(13)}  ${mutant.file.padEnd(26)}  ${mutant.rule}\n`);
}
const figures = [...tally].map(([name, times]) => `${times} by ${name}`).join(", ");
process.stdout.write(`mutants noticed: ${figures}\n`);
process.exitCode = tally.has("nobody") ? 1 : 0;
