import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseProfile } from "../../../board/index.ts";
import { isHilError, messageOf, Random } from "../../../core/index.ts";
import { GENERATIONS, isWithin } from "../../../mcuboot/index.ts";
import { parseScenario, run, subjectText, type Verdict } from "../../index.ts";

/** What came of a random campaign. */
export interface CampaignEnd {
  readonly seed: number;
  /** "swap-move, current, encrypted, permanent, cut in the revert": for people. */
  readonly title: string;
  readonly cuts: number;
  readonly verdicts: number;
  /** Verdicts that failed because MCUboot itself is known to do this wrong: the twin and the judge agree. */
  readonly known: readonly string[];
  /** What twin and judge do not agree about; empty on a sound harness. */
  readonly disagreements: readonly string[];
}

const MODES = ["swap-move", "swap-offset", "swap-scratch", "overwrite-only"] as const;
const SECTOR_BYTES = 4096;
const PRIMARY_OFFSET = 0x1_0000;

function oneOf<T>(random: Random, values: readonly T[]): T {
  const value = values[random.below(values.length)];
  if (value === undefined) throw new RangeError("nothing to choose from");
  return value;
}

interface Drawn {
  readonly profile: string;
  readonly scenario: string;
  readonly title: string;
}

/** A board and a campaign on it, both made from a seed. */
export function drawCampaign(seed: number): Drawn {
  const random = Random.fromSeed(`random campaign ${seed}`);
  const mode = oneOf(random, MODES);
  const names = GENERATIONS.filter((row) => mode !== "swap-offset" || isWithin(row.release, { from: "2.2" })).map(
    (row) => row.name,
  );
  const generation = oneOf(random, names);
  const encrypted = random.chance({ of: 2, in: 3 });
  const sectors = 12 + random.below(9);
  const profile = profileText(random, { mode, generation, sectors });
  const permanent = random.chance({ of: 1, in: 3 });
  const swaps = mode !== "overwrite-only";
  const where = !permanent && swaps && random.chance({ of: 1, in: 3 }) ? "revert" : "upgrade";
  const pairs = random.chance({ of: 1, in: 4 });
  // The largest image of any mode leaves three sectors free.
  const bytesMax = (sectors - 3) * SECTOR_BYTES - 1500;
  const bytes = () => 1024 + random.below(bytesMax - 1024);
  const scenario = `schema: 1
name: random-${seed}
images:
  old: { version: "1.0.0", payload: { generate_bytes: ${bytes()} } }
  new: { version: "2.0.0", payload: { generate_bytes: ${bytes()} } }
  encrypt: ${encrypted}
request: ${permanent ? "permanent" : "test"}
cuts: { ${pairs ? "pairs" : "count"}: ${1 + random.below(4)}, in: ${where} }
boots_after: ${random.below(3)}
revert_check: ${!permanent && random.chance({ of: 1, in: 2 }) && swaps}
`;
  const device = profile.includes("qspi") ? "secondary on QSPI" : "internal flash";
  const title = [mode, device, generation, encrypted ? "encrypted" : "plain", permanent ? "permanent" : "test"];
  return { profile, scenario, title: [...title, `${pairs ? "two cuts" : "one cut"} in the ${where}`].join(", ") };
}

function profileText(
  random: Random,
  { mode, generation, sectors }: { readonly mode: string; readonly generation: string; readonly sectors: number },
): string {
  const spare = random.below(2);
  const primary = sectors + (mode === "swap-move" ? spare : 0);
  const secondary = sectors + (mode === "swap-offset" ? spare : 0);
  const external = random.chance({ of: 1, in: 3 });
  const behind = PRIMARY_OFFSET + primary * SECTOR_BYTES;
  const secondaryOffset = external ? random.below(16) * SECTOR_BYTES : behind;
  const scratchOffset = behind + secondary * SECTOR_BYTES;
  const device = external ? "qspi" : "internal";
  const keepsPower = random.chance({ of: 1, in: 2 });
  const scratch = `  scratch: { offset: ${scratchOffset}, bytes: ${(1 + random.below(3)) * SECTOR_BYTES} }\n`;
  const maxAlign = oneOf(random, [8, 16, 32]);
  return `schema: 1
name: random
provider: twin
ports: { app: { path: "twin:app", baud_rate: 1000000 } }
power: { driver: lcus, port: { path: "twin:relay" }, channel: 1, contact: NC, cuts: soc, off_ms: 100 }
bootloader:
  generation: "${generation}"
  mode: ${mode}
  max_align: ${maxAlign}
  max_image_sectors: ${24 + random.below(40)}
  save_enctlv: ${random.chance({ of: 1, in: 3 })}
slots:
  sector_bytes: ${SECTOR_BYTES}
  primary: { offset: ${PRIMARY_OFFSET}, bytes: ${primary * SECTOR_BYTES} }
  secondary: { offset: ${secondaryOffset}, bytes: ${secondary * SECTOR_BYTES}, device: ${device} }
${mode === "swap-scratch" ? scratch : ""}${external ? `qspi: { keeps_power: ${keepsPower} }\n` : ""}keys: { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" }
timeouts_ms: { boot: 5000, swap: 60000 }
`;
}

/** Runs the campaign of a seed on the twin, in virtual time, and holds every verdict against the judge. */
export async function runRandomCampaign(seed: number): Promise<CampaignEnd> {
  const drawn = drawCampaign(seed);
  const runsRoot = mkdtempSync(join(tmpdir(), "hil-random-"));
  try {
    const outcome = await run({
      board: parseProfile(drawn.profile, join(runsRoot, "board.yaml")),
      scenario: parseScenario(drawn.scenario, join(runsRoot, "scenario.yaml")),
      seed,
      failFast: false,
      runsRoot,
      version: "0",
      signal: new AbortController().signal,
    });
    const verdicts = outcome.events.flatMap((event) => (event.event === "verdict" ? [event.verdict] : []));
    const failed = verdicts.filter((verdict) => !verdict.pass);
    const broken = outcome.events.flatMap((event) => (event.event === "warning" ? [event.text] : []));
    const error = outcome.error === undefined ? [] : [describeError(outcome.error)];
    return {
      seed,
      title: drawn.title,
      cuts: outcome.result.cutsJudged,
      verdicts: verdicts.length,
      known: failed.flatMap((verdict) => knownDefectOf(verdict) ?? []),
      disagreements: [
        ...failed.filter((verdict) => knownDefectOf(verdict) === undefined).map(describe),
        ...broken,
        ...error,
      ],
    };
  } finally {
    rmSync(runsRoot, { recursive: true, force: true });
  }
}

function knownDefectOf({ because }: Verdict): string | undefined {
  return /known defect (\w+)/.exec(because)?.[1];
}

function describe({ subject, where, ending, expected, found, because }: Verdict): string {
  return `${subjectText(subject)} (${where ?? "no cut"}): ${ending}; expected ${expected}; found ${found}; because ${because}`;
}

function describeError(error: unknown): string {
  return isHilError(error) ? `${error.kind}: ${error.paragraph()}` : messageOf(error);
}
