import { type BootMode, compareReleases, GENERATIONS, type GenerationRow, type Release } from "../../mcuboot/index.ts";
import { Attributer } from "../causes/attribute.ts";
import type { CauseRow } from "../causes/cause-row.ts";
import { CAUSES, causeNamed } from "../causes/causes.ts";
import type { FieldEvidence } from "../evidence/evidence.ts";
import { SMALL, type WorldShape } from "../world/world.ts";
import { type Fit, type MatchLimits, matchWorld } from "./match.ts";
import { type Roles, rolesOf } from "./roles.ts";

/** A history that fits, in its world. */
interface PlacedFit extends Fit {
  readonly shape: WorldShape;
  readonly roles: Roles;
}

/** A cause, and the histories by which it fits. */
export interface Candidate {
  readonly cause: string;
  readonly row: CauseRow | undefined;
  readonly distance: number;
  readonly best: FoundHistory;
  /** Histories that are as near. */
  readonly histories: number;
  /** Bootloaders in which it fits as well, oldest first. */
  readonly generations: readonly string[];
  readonly modes: readonly BootMode[];
}

export interface SearchResult {
  /** The nearest first; causes that fit equally well stand together, the simplest first. */
  readonly candidates: readonly Candidate[];
  /** Those that fit: nothing of the evidence is left unexplained. */
  readonly fitting: number;
  /** One cause fits, and nothing that was looked for was left out. */
  readonly sure: boolean;
  readonly complete: boolean;
  readonly worlds: number;
  readonly boots: number;
}

interface SearchBudget {
  /** Boots to work out, in all. */
  readonly boots: number;
}

/** A history that fits, without its board. */
type FoundHistory = Omit<PlacedFit, "state" | "roles">;

/** Yielded after each world: how far a search is. */
export interface SearchProgress {
  readonly worlds: number;
  readonly of: number;
  readonly boots: number;
}

/**
 * How far a search goes, each time over all worlds, until something fits: nothing hidden and nothing left out; then a
 * boot that nobody logged; then lines that do not fit.
 */
const PASSES = [
  { hidden: 0, distanceMax: 0.5 },
  { hidden: 1, distanceMax: 0.5 },
  { hidden: 1, distanceMax: 3 },
] as const;
/** Without a log every boot is one that nobody logged. */
const WITHOUT_LOG = 2;
const WIDTH = 600;
/** Fits of a world whose cause is asked for. */
const ATTRIBUTED_MAX = 120;
/** Tries history after history; yields after each world, and gives up when it is passed true. */
export function* searchSteps(
  evidence: FieldEvidence,
  budget: SearchBudget,
): Generator<SearchProgress, SearchResult, boolean | undefined> {
  const search = new Search(evidence, budget);
  const worlds = worldsFor(evidence);
  for (const [pass, limits] of PASSES.entries()) {
    if (pass > 0 && search.hasFit) break;
    for (const [at, shape] of worlds.entries()) {
      const stop = yield { worlds: at, of: worlds.length, boots: search.boots };
      if (stop || search.isSpent) return search.result(worlds.length, false);
      search.lookIn(shape, limits);
    }
  }
  return search.result(worlds.length, true);
}

class Search {
  #complete = true;
  readonly #evidence: FieldEvidence;
  readonly #budget: SearchBudget;
  readonly #attributer = new Attributer();
  readonly #roles: readonly Roles[];
  readonly #found = new Map<string, { fits: PlacedFit[] }>();

  constructor(evidence: FieldEvidence, budget: SearchBudget) {
    this.#evidence = evidence;
    this.#budget = budget;
    this.#roles = rolesOf(evidence);
  }

  get boots(): number {
    return this.#attributer.booted;
  }

  get isSpent(): boolean {
    return this.boots > this.#budget.boots;
  }

  get hasFit(): boolean {
    return [...this.#found.values()].some(({ fits }) => fits.some(({ distance }) => distance === 0));
  }

  lookIn(shape: WorldShape, { hidden, distanceMax }: Pick<MatchLimits, "hidden" | "distanceMax">): void {
    const noLog = this.#evidence.boots.length === 0;
    const limits: MatchLimits = { torn: true, hidden: noLog ? WITHOUT_LOG : hidden, distanceMax, width: WIDTH };
    for (const roles of this.#roles) {
      if (roles.downgrade !== shape.downgrade) continue;
      const { fits, complete } = matchWorld(this.#attributer.machine(shape), this.#evidence, roles, limits);
      if (!complete) this.#complete = false;
      this.#note(shape, roles, fits);
    }
  }

  #note(shape: WorldShape, roles: Roles, fits: readonly Fit[]): void {
    const best = fits[0]?.distance;
    if (best === undefined) return;
    const near = fits.filter(({ distance }) => distance <= best + 0.5).slice(0, ATTRIBUTED_MAX);
    for (const fit of near) {
      const attributed = this.#attributer.attribute(shape, fit);
      if (attributed === undefined) continue;
      const { cause } = attributed;
      const known = this.#found.get(cause) ?? { fits: [] };
      this.#found.set(cause, known);
      known.fits.push({ ...fit, shape, roles });
    }
  }

  result(worlds: number, isWhole: boolean): SearchResult {
    const complete = isWhole && this.#complete;
    const all = [...this.#found].map(([cause, { fits }]) => candidateOf(cause, fits));
    const candidates = all.toSorted(
      (a, b) => a.distance - b.distance || priorOf(a, this.#evidence) - priorOf(b, this.#evidence),
    );
    const fitting = candidates.filter(({ distance }) => distance === 0).length;
    const sure = complete && fitting === 1 && this.#evidence.boots.length > 0;
    return { candidates, fitting, sure, complete, worlds, boots: this.boots };
  }
}

function candidateOf(cause: string, fits: readonly PlacedFit[]): Candidate {
  const costs = ({ effort, shape }: PlacedFit): number => effort + oddness(shape);
  const sorted = fits.toSorted((a, b) => a.distance - b.distance || costs(a) - costs(b));
  const [best] = sorted;
  if (best === undefined) throw new RangeError("a cause without a history");
  const equal = sorted.filter(({ distance }) => distance === best.distance);
  const generations = GENERATIONS.map(({ name }) => name).filter((name) =>
    equal.some(({ shape }) => shape.generation.name === name),
  );
  const { state: _, roles: _roles, ...history } = best;
  return {
    cause,
    row: causeNamed(cause),
    distance: best.distance,
    best: history,
    histories: equal.length,
    generations,
    modes: [...new Set(equal.map(({ shape }) => shape.mode))],
  };
}

/** Of causes that fit equally well the simplest is the likeliest; a bug that only old releases had is less so. */
function priorOf({ best, row, cause }: Candidate, { generationTold }: FieldEvidence): number {
  const old = row?.until !== undefined && !generationTold && best.shape.defects.length > 0 ? 0.5 : 0;
  return best.effort + oddness(best.shape) + old + (cause.startsWith("new: ") ? 3 : 0);
}

/** How unusual a board and its images are: what nobody said, and what is seldom. */
function oddness(shape: WorldShape): number {
  const { encrypted, permanent, padded, downgrade, downgradePrevention, networkCore, damage } = shape;
  const odd: readonly (readonly [boolean, number])[] = [
    [encrypted, 0.05],
    [permanent, 0.1],
    [padded, 0.2],
    [downgrade, 0.2],
    [downgradePrevention, 0.2],
    [networkCore, 0.2],
    [damage !== "none", 0.2],
    [shape.slotSectors > SMALL.slotSectors, 0.1],
    [shape.newBytes < 1024, 0.5],
    [shape.headerBytes > 1024, 1],
  ];
  return odd.reduce((all, [is, costs]) => all + (is ? costs : 0), 0);
}

/** Worlds to look in, the likeliest first: each generation's behaviour once. */
function worldsFor(evidence: FieldEvidence): readonly WorldShape[] {
  const groups = groupsOf(evidence.generations);
  const worlds = evidence.modes.flatMap((mode) => groups.flatMap((generation) => shapesOf(mode, generation, evidence)));
  const planted = evidence.modes.flatMap((mode) => plantedShapes(mode, evidence, groups));
  const seen = new Set<string>();
  return [...worlds, ...planted].filter((shape) => {
    const key = JSON.stringify({ ...shape, generation: shape.generation.name });
    return !seen.has(key) && seen.add(key) && isPossible(shape, evidence);
  });
}

/** Generations that behave alike in all that a log of the application's image shows. */
function groupsOf(rows: readonly GenerationRow[]): readonly GenerationRow[] {
  const groups = new Map<string, GenerationRow>();
  for (const row of rows) {
    const { name: _, release, ncs: _ncs, sdk, banner: _banner, source: _source, ...columns } = row;
    const {
      recoveryImageInEachChunk: _a,
      recoveryTellsBuffer: _b,
      recoverySpeaksRaw: _c,
      recoveryEndsIdle: _d,
      ...rest
    } = columns;
    const {
      resetVectorWord: _e,
      resetVectorMayBeEnd: _f,
      verifiesResetAddress: _g,
      tellsLifeCycle: _h,
      cleansUnusable: _i,
      ...told
    } = rest;
    const dialect = DIALECTS.map((from) => compareReleases(release, from) >= 0);
    groups.set(JSON.stringify([told, dialect, sdk !== undefined && compareReleases(release, "2.3") >= 0]), row);
  }
  return [...groups.values()];
}

/** Releases from which on lines are worded otherwise. */
const DIALECTS = ["1.9.99", "1.10.99", "2.2", "2.2.99", "2.3.99"] as const;

/** Worlds without a fault switched on. */
function shapesOf(mode: BootMode, generation: GenerationRow, evidence: FieldEvidence): readonly WorldShape[] {
  const sound = CAUSES.filter(({ modes, worlds, since, until }) => {
    if (!modes.includes(mode) || worlds.some(({ defects }) => (defects?.length ?? 0) > 0)) return false;
    if (worlds.some(({ uploadsToStart, afterUpdate }) => uploadsToStart || afterUpdate)) return false;
    return isHad({ since, until }, generation);
  });
  const shapes = sound.flatMap(({ worlds }) => worlds);
  return shapes.flatMap((shape) => {
    const permanent = shape.permanent === undefined ? [false, true] : [shape.permanent];
    return permanent.map((is) => ({ ...SMALL, mode, generation, ...encryptedAs(evidence), ...shape, permanent: is }));
  });
}

function encryptedAs({ said, files }: FieldEvidence): Partial<WorldShape> {
  return said.has("encrypted") || files.some(({ encrypted }) => encrypted) ? { encrypted: true } : {};
}

/** Worlds with a fault switched on, in generations that had it, or, where none is told, in the oldest that fits. */
function plantedShapes(
  mode: BootMode,
  evidence: FieldEvidence,
  groups: readonly GenerationRow[],
): readonly WorldShape[] {
  return CAUSES.flatMap(({ modes, worlds, since, until }) => {
    const faults = worlds.filter(
      ({ defects, uploadsToStart, afterUpdate }) => (defects?.length ?? 0) > 0 || uploadsToStart || afterUpdate,
    );
    if (!modes.includes(mode) || faults.length === 0) return [];
    const had = groups.filter((generation) => isHad({ since, until }, generation));
    const [oldest] = groups;
    const hosts = had.length > 0 || evidence.generationTold || oldest === undefined ? had : [oldest];
    return hosts.flatMap((generation) =>
      faults.map((shape) => ({ ...SMALL, mode, generation, ...encryptedAs(evidence), ...shape })),
    );
  });
}

function isHad(
  { since, until }: { readonly since: Release | undefined; readonly until: Release | undefined },
  { release }: GenerationRow,
): boolean {
  return (
    (since === undefined || compareReleases(release, since) >= 0) &&
    (until === undefined || compareReleases(release, until) < 0)
  );
}

/** What the files say rules a world out. */
function isPossible(shape: WorldShape, { files, modes }: FieldEvidence): boolean {
  const file = files.find(({ image }) => image === 0);
  if (!modes.includes(shape.mode)) return false;
  if (file === undefined) return true;
  if (shape.newBytes < 1024 !== file.bytes < 2048) return false;
  if (shape.encrypted !== file.encrypted) return false;
  return !(shape.damage !== "none" && file.faults.length === 0 && file.keyOf !== undefined);
}
