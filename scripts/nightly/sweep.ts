// Every mode, every MCUboot generation, every variant: npx tsx scripts/nightly/sweep.ts [MODE] [--markdown]
// Small slots, any number of clean cuts, and with one torn among them. Ends with 1 when a finding is not on record, or
// when boots followed to their end find anything else than boots followed to what is known.
import { loadProfile } from "../../src/board/index.ts";
import { DEFAULT_SCENARIO, loadScenario } from "../../src/campaign/index.ts";
import { parseSwept, upgradeOf } from "../../src/cli/sweep/request.ts";
import { pathText } from "../../src/cli/sweep/text.ts";
import {
  GENERATIONS,
  type GenerationRow,
  isWithin,
  SWEPT_TEARS,
  type Sweep,
  type SweepFinding,
  sweepUpgrade,
} from "../../src/mcuboot/index.ts";

/** Beyond this the torn space is not exhausted, and the line says so. */
const STATES_MAX = 40_000;

interface Variant {
  readonly name: string;
  readonly modes: readonly string[];
  readonly swept: Readonly<Record<string, unknown>>;
}

const SWAPS = ["swap-move", "swap-offset", "swap-scratch"] as const;
const IN_RAM = ["ram-load", "ram-load-revert"] as const;
const MODES = [...SWAPS, "overwrite-only", "direct-xip", "direct-xip-revert", ...IN_RAM] as const;
const small = { slot_sectors: 6, old_bytes: 9_000, new_bytes: 11_000 } as const;

const VARIANTS: readonly Variant[] = [
  { name: "encrypted", modes: [...MODES.slice(0, 4), ...IN_RAM], swept: small },
  { name: "plain", modes: MODES, swept: { ...small, plain: true } },
  { name: "old longer", modes: SWAPS, swept: { ...small, plain: true, old_bytes: 15_000, new_bytes: 3_000 } },
  { name: "permanent", modes: MODES.slice(0, 4), swept: { ...small, permanent: true } },
  { name: "full slot", modes: ["swap-scratch"], swept: { slot_sectors: 5, old_bytes: 15_000, new_bytes: 17_000 } },
  { name: "old too long", modes: ["swap-scratch"], swept: { ...small, plain: true, old_bytes: 22_400 } },
  { name: "stale primary", modes: SWAPS, swept: { ...small, primary: "stale" } },
  { name: "downgrade prevention", modes: MODES.slice(0, 4), swept: { ...small, downgrade_prevention: true } },
  { name: "bootstrap", modes: SWAPS, swept: { ...small, bootstrap: true, primary: "empty", new_bytes: 10_552 } },
];

const [only] = process.argv.slice(2).filter((text) => !text.startsWith("--"));
const boards = {
  flash: await loadProfile("twin", { cwd: process.cwd() }),
  ram: await loadProfile("twin-ram-load", { cwd: process.cwd() }),
};
const scenario = await loadScenario(DEFAULT_SCENARIO, process.cwd());
let unknown = 0;
let different = 0;

/** First releases of modes that came later than the others. */
const SINCE: Readonly<Record<string, GenerationRow["release"]>> = {
  "swap-offset": "2.2",
  "ram-load": "2.0",
  "ram-load-revert": "2.3",
};

/** Columns that say how a generation is called and what it prints: none decides what a sweep finds. */
const WORDS: ReadonlySet<string> = new Set<keyof GenerationRow>([
  "name",
  "release",
  "ncs",
  "sdk",
  "banner",
  "source",
  "tellsLifeCycle",
  "netCoreRule",
  "movesOwnUpdate",
  "ownUpdateFillsSlot",
]);

/** What a generation does, as one text. */
function behaviour(row: GenerationRow): string {
  return JSON.stringify(Object.entries(row).filter(([column]) => !WORDS.has(column)));
}

/** One generation of each behaviour, the oldest: what differs in a name or a line only is not swept again. */
function generationsOf(mode: string): readonly GenerationRow[] {
  const rows = GENERATIONS.filter(({ release }) => isWithin(release, { from: SINCE[mode] ?? "1.7" }));
  return [...new Map(rows.toReversed().map((row) => [behaviour(row), row])).values()].toReversed();
}

for (const variant of VARIANTS) {
  for (const mode of variant.modes) {
    if (only !== undefined && only !== mode) continue;
    for (const { name } of generationsOf(mode)) await sweepOne(variant, mode, name);
  }
}
console.log(`sampled   ${new Set(GENERATIONS.map(behaviour)).size} behaviours of ${GENERATIONS.length} generations`);
console.log(`done      ${unknown} findings not on record, ${different} sweeps that differ from the whole one`);
process.exitCode = unknown + different === 0 ? 0 : 1;

async function sweepOne({ name, swept }: Variant, mode: string, generation: string): Promise<void> {
  const fields = parseSwept({ ...swept, mode, generation });
  const board = mode.startsWith("ram-load") ? boards.ram : boards.flash;
  const upgrade = await upgradeOf({ board, scenario, seed: 1, swept: fields });
  const clean = sweepUpgrade(upgrade);
  if (told(sweepUpgrade(upgrade, { whole: true })) !== told(clean)) {
    different += 1;
    console.log(`DIFFERS   ${mode} ${generation}, ${name}`);
  }
  const torn = sweepUpgrade(upgrade, { torn: SWEPT_TEARS, stop: ({ states }) => states > STATES_MAX });
  for (const [kind, sweep] of [
    ["clean", clean],
    ["torn", torn],
  ] as const) {
    const { states, edges, coveredCuts } = sweep.exploration;
    const covered = coveredCuts === undefined ? "any number of cuts" : `up to ${coveredCuts} cuts`;
    console.log(`${mode} ${generation}, ${name}, ${kind}: ${states.length} states, ${edges} cut points, ${covered}`);
    for (const finding of sweep.findings) {
      if (finding.known === undefined) unknown += 1;
      console.log(`    ${lineOf(finding)}`);
    }
  }
}

function lineOf({ known, class: what, cuts, torn, path, contents }: SweepFinding): string {
  return `${known ?? "NOT ON RECORD"} ${what}, ${cuts} cuts (${torn} torn), ${contents} states: ${pathText(path)}`;
}

function told({ exploration, findings }: Sweep): string {
  return JSON.stringify([exploration.contents, exploration.edges, findings.map((finding) => lineOf(finding))]);
}
