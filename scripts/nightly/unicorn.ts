/**
 * Random instructions in random states on our core and on PyPI's unicorn 2.1.4, by fixed seeds: npm run nightly -- unicorn,
 * or npx tsx scripts/nightly/unicorn.ts [THOUSANDS_A_CORE]. Ends with 1 when they differ in what is no known fault of
 * unicorn's (`UNICORN_FAULTS`, peers/unicorn.ts). A sample is in peers/unicorn.test.ts.
 */
import { compareWithUnicorn, type UnicornCore, unicornPython } from "../../peers/unicorn.ts";

const CORES: readonly (readonly [UnicornCore, number])[] = [
  ["M33", 80],
  ["M0", 20],
];
const CASES_A_SEED = 1_000;
const FIRST_SEED = 100;

const python = unicornPython();
if (python === undefined) {
  console.error("unicorn is not there: .ci/run install, or HIL_PEERS_VENV=FOLDER with unicorn==2.1.4");
  process.exit(1);
}
const wanted = Number(process.argv[2] ?? Number.NaN);
let differences = 0;
for (const [core, thousands] of CORES) {
  const known = new Map<string, number>();
  let [cases, faulted] = [0, 0];
  for (let seed = 0; seed < (Number.isFinite(wanted) ? wanted : thousands); seed += 1) {
    const found = compareWithUnicorn(python, { core, seed: FIRST_SEED + seed, count: CASES_A_SEED });
    cases += found.cases;
    faulted += found.faulted;
    for (const [why, count] of found.known) known.set(why, (known.get(why) ?? 0) + count);
    differences += found.unknown.length;
    for (const text of found.unknown) console.log(`seed ${FIRST_SEED + seed}: ${text}`);
  }
  const faults = [...known].map(([why, count]) => `\n  ${count}: ${why}`).join("");
  console.log(
    `Cortex-${core}: ${cases} cases, ${faulted} faulted on both; known faults of unicorn:${faults || " none"}`,
  );
}
console.log(`${differences} differences`);
process.exit(differences === 0 ? 0 : 1);
