import { z } from "zod";
import { type LoadedProfile, parseProfile } from "../../board/index.ts";
import { admitSwept, buildMaterial, parseScenario, type ScenarioFile } from "../../campaign/index.ts";
import {
  ConfigurationError,
  nearest,
  parseValue,
  Random,
  roundUp,
  UsageError,
  VirtualClock,
} from "../../core/index.ts";
import {
  type BootloaderBuild,
  generation,
  MODES,
  type ModeName,
  modeOf,
  modeRow,
  type UpgradeSwept,
} from "../../mcuboot/index.ts";

/** As a scenario's generate_bytes. */
const PAYLOAD_BYTES = z.int().min(1024).max(4_194_304);
/** Far above what a sweep finds: a way of a million boots in a received replay would take an hour. */
const LEGS_MAX = 1_000;

/** What a sweep changes of profile and scenario; a replay keeps it. Sizes in bytes, slots in sectors. */
const SWEPT_SCHEMA = z.strictObject({
  mode: z.string().optional(),
  generation: z.string().optional(),
  permanent: z.boolean().default(false),
  revert_only: z.boolean().default(false),
  plain: z.boolean().default(false),
  primary: z.enum(["old", "stale", "empty"]).default("old"),
  old_bytes: PAYLOAD_BYTES.optional(),
  new_bytes: PAYLOAD_BYTES.optional(),
  slot_sectors: z.int().min(4).max(4096).optional(),
  downgrade_prevention: z.boolean().default(false),
  bootstrap: z.boolean().default(false),
});

type SweptFields = z.output<typeof SWEPT_SCHEMA>;

const torn = z.union([
  z.enum(["head", "tail", "bits"]),
  z.strictObject({ prefixBytes: z.int() }),
  z.strictObject({ shows: z.enum(["before", "after"]), reads: z.int().min(1) }),
]);
const cutPoint = { operation: z.int().min(0), torn: torn.optional() };

/** One sequence of cuts, to be walked again: `hil replay FILE`. */
export const SWEEP_REPLAY_SCHEMA = z.strictObject({
  schema: z.literal(1),
  kind: z.literal("sweep"),
  seed: z.int(),
  scenario: z.strictObject({ name: z.string(), text: z.string() }),
  profile: z.strictObject({ name: z.string(), text: z.string() }),
  swept: SWEPT_SCHEMA,
  /** From the request on: boots that are cut at an operation, and boots that go through and are followed by a reset. */
  path: z
    .array(
      z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("start"), request: z.strictObject(cutPoint).optional() }),
        z.strictObject({ kind: z.literal("cut"), ...cutPoint }),
        z.strictObject({ kind: z.literal("reset") }),
      ]),
    )
    .max(LEGS_MAX),
  finding: z.strictObject({
    class: z.string(),
    stage: z.enum(["asking", "asked", "tried", "back"]),
    known: z.string().nullable(),
    shows: z.string(),
  }),
});

export type SweepReplay = z.output<typeof SWEEP_REPLAY_SCHEMA>;

/** What is swept: files, and what is changed of them. */
export interface SweepRequest {
  readonly board: LoadedProfile;
  readonly scenario: ScenarioFile;
  readonly seed: number;
  readonly swept: SweptFields;
}

/** The request that a replay was found by; `cwd` is where files that its texts name are looked for. */
export function requestOf(replay: SweepReplay, cwd: string): SweepRequest {
  return {
    board: parseProfile(replay.profile.text, `${cwd}/${replay.profile.name}.yaml`),
    scenario: parseScenario(replay.scenario.text, `${cwd}/${replay.scenario.name}.yaml`),
    seed: replay.seed,
    swept: replay.swept,
  };
}

/** @throws ConfigurationError that names the option whose value is wrong, by its name on the command line. */
export function parseSwept(fields: Readonly<Record<string, unknown>>): SweptFields {
  const asOptions = <T>(named: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(named).map(([name, value]) => [`--${name.replaceAll("_", "-")}`, value]));
  parseValue(asOptions(fields), z.strictObject(asOptions<z.ZodType>(SWEPT_SCHEMA.shape)), "hil sweep");
  return SWEPT_SCHEMA.parse(fields);
}

/**
 * Images and bootloader of a sweep. Image keys come from the seed: nothing of this leaves the process.
 * @throws ConfigurationError for what the profile, the scenario or the model does not allow: also an image that this
 *   bootloader does not take, with its reason in numbers.
 */
export async function upgradeOf({ board, scenario, seed, swept }: SweepRequest): Promise<UpgradeSwept> {
  const mode = swept.mode === undefined ? undefined : namedMode(swept.mode);
  const row = mode ?? modeRow(board.profile.bootloader.mode);
  requireSwept(row, board.profile.bootloader.mode);
  const { inPlace } = row;
  const mayEncrypt = !swept.plain && !inPlace;
  const plain = mayEncrypt ? {} : { encrypt: false };
  const encrypt = scenario.value.images.encrypt && mayEncrypt;
  const sized: ScenarioFile = {
    ...scenario,
    value: {
      ...scenario.value,
      images: {
        ...scenario.value.images,
        encrypt,
        old: { ...withBytes(scenario.value.images.old, swept.old_bytes), ...plain },
        new: { ...withBytes(scenario.value.images.new, swept.new_bytes), ...plain },
      },
    },
  };
  const random = Random.fromSeed(seed);
  const material = await buildMaterial({ board, scenario: sized }, { clock: new VirtualClock() }, random);
  const { images, expected, own } = material;
  if ((images.old.network ?? images.new.network) !== undefined) {
    const text = "hold an image of the network core, and a sweep is of the application alone";
    throw scenario.wrong(["images"], text, "Leave it out, or take the application's signed file; `hil run` cuts both.");
  }
  if (own !== undefined) return ownUpgradeOf(scenario, swept, material);
  const upgrade: UpgradeSwept = {
    build: buildOf(expected.build, swept, mode ?? modeOf(expected.build)),
    timing: expected.timing,
    old: row.mode === "ram-load" ? images.old.file : images.old.plain,
    next: images.new.file,
    primary: swept.primary,
    permanent: swept.permanent,
    revertOnly: swept.revert_only,
  };
  admitSwept(sized, upgrade, images.new.hash);
  return upgrade;
}

/** An update of MCUboot itself, from the one in S0: its places are the board's, and its mode and generation, too. */
function ownUpgradeOf(
  scenario: ScenarioFile,
  { permanent, ...swept }: SweptFields,
  { images, expected, own }: Awaited<ReturnType<typeof buildMaterial>>,
): UpgradeSwept {
  const other = Object.entries(swept).find(([field, value]) => value !== PARSED[field as keyof SweptFields]);
  if (other !== undefined) {
    const text = `is of updates of MCUboot itself, which --${other[0].replaceAll("_", "-")} does not change`;
    throw scenario.wrong(["images", "bootloader"], text, "Leave that option out, or change the profile.");
  }
  const view = expected.ownView();
  const running = own?.assumed();
  const update = running && own?.next(running);
  const area = running && view.build.nsib?.[running.half];
  if (running === undefined || update === undefined || area === undefined) throw new RangeError("a board without NSIB");
  view.startsFrom(running);
  const firmware = { offset: area.offset, bytes: view.flash.read(area.offset, area.bytes) };
  const bootloader = { firmware, versions: { old: running.version, new: update.version } };
  const { build, timing } = view;
  return { build, timing, old: images.old.plain, next: update.image.file, permanent, bootloader };
}

const PARSED = SWEPT_SCHEMA.parse({});

type Source = ScenarioFile["value"]["images"]["old"];

function withBytes(source: Source, bytes: number | undefined): Source {
  return bytes === undefined ? source : { ...source, payload: { generate_bytes: bytes } };
}

/** The bootloader: slots one behind the other, scratch behind them where the profile has none. */
function buildOf(build: BootloaderBuild, swept: SweptFields, row: ReturnType<typeof modeOf>): BootloaderBuild {
  const { mode, inPlace, newestRuns, takesBack } = row;
  const [areas] = build.images;
  if (areas === undefined) throw new ConfigurationError("the profile has no slots.");
  const { sectorBytes } = build;
  const bytes = swept.slot_sectors === undefined ? undefined : swept.slot_sectors * sectorBytes;
  const primary = { ...areas.primary, bytes: bytes ?? areas.primary.bytes };
  const start = bytes === undefined ? areas.secondary.offset : primary.offset + primary.bytes;
  const secondary = { offset: start, bytes: bytes ?? areas.secondary.bytes };
  const end = roundUp(Math.max(primary.offset + primary.bytes, secondary.offset + secondary.bytes), sectorBytes);
  const { scratch: own, encryption, ...rest } = build;
  return {
    ...rest,
    ...(encryption === undefined || inPlace ? {} : { encryption }),
    ...(mode === "scratch" ? { scratch: own ?? { offset: end, bytes: sectorBytes } } : {}),
    mode,
    generation: swept.generation === undefined ? build.generation : generation(swept.generation),
    images: [{ primary, secondary }],
    downgradePrevention: build.downgradePrevention || swept.downgrade_prevention,
    bootstrap: build.bootstrap || swept.bootstrap,
    xipRevert: newestRuns && takesBack,
  };
}

/** @throws ConfigurationError for a mode without a second slot, and for RAM load of images that are for no place in RAM. */
function requireSwept({ mode, slots, name }: ReturnType<typeof modeOf>, own: ModeName): void {
  if (slots === 1) {
    throw new ConfigurationError(
      `a sweep is of an upgrade through two slots, and ${name} has one.`,
      "hil run recovery-upgrade cuts its uploads; cuts: { every: operation } cuts at each flash operation.",
    );
  }
  if (mode === "ram-load" && modeRow(own).mode !== "ram-load")
    throw new ConfigurationError(`${name} wants images for an address in RAM.`, "Add --board twin-ram-load.");
}

function namedMode(name: string): ReturnType<typeof modeOf> {
  const row = MODES.find((candidate) => candidate.name === name || candidate.mode === name);
  if (row !== undefined) return row;
  const names = MODES.map((candidate) => candidate.name);
  const near = nearest(name, names);
  const hint = near === undefined ? `Known are ${names.join(", ")}.` : `Did you mean "${near}"?`;
  throw new UsageError(`no mode is named "${name}".`, hint);
}
