import { defined } from "../../core/index.ts";
import type { BootloaderBuild, FlashContent, FlashOperation, FlashTiming, Torn } from "../../mcuboot/index.ts";
import { type BootDifference, bootDifference, type FirmwareBoot } from "../emulated/boot-difference.ts";
import type { WitnessedBoot } from "../emulated/explain-difference.ts";

/** Where power was lost: before an operation of a boot, or in it. */
interface FirmwareCut {
  /** 0: the boot that upgrades; 1: the one after it, which reverts what nobody confirmed. */
  readonly boot: number;
  readonly operation: number;
  readonly torn?: Torn;
}

/** A boot of the binary that is not as it must be, or not as the model's. */
export interface FirmwareFinding {
  readonly cut: FirmwareCut | { readonly boot: number };
  readonly what: string;
}

/** A part of the cuts: those whose flash contents fall to it, so that equal ones fall to one part. */
export interface SweepShare {
  /** 0 to `of` - 1. */
  readonly part: number;
  readonly of: number;
}

export interface FirmwareSwept {
  /** Flash operations of each uncut boot. */
  readonly operations: readonly number[];
  readonly cutPoints: number;
  /** Cuts that were looked at, and how many contents had to be booted for them. */
  readonly cuts: number;
  readonly booted: number;
  readonly findings: readonly FirmwareFinding[];
}

/** Boots a bootloader from a flash content: see `FirmwareBench`. */
interface Bench {
  readonly timing: FlashTiming;
  content(model: FlashContent): FlashContent;
  boot(content: FlashContent): FirmwareBoot;
  /** @throws BenchError when another chip does not boot a content in the same way: the emulator's fault */
  confirm(content: FlashContent, found: FirmwareBoot): void;
}

interface Options {
  readonly bench: Bench;
  readonly build: BootloaderBuild;
  /** The slots when power comes. */
  readonly start: FlashContent;
  readonly torn: readonly Torn[];
  /** Only this part of the cuts. */
  readonly share?: SweepShare | undefined;
  /** Log lines count, too. */
  readonly looksAtLog?: boolean;
  /** Is given each uncut boot, and each boot with a finding. */
  readonly witness?: (witnessed: WitnessedBoot, difference: BootDifference | undefined) => void;
}

const FINDINGS_MAX = 50;
/** Boots: the upgrade, and the revert. */
const BOOTS = 2;

/**
 * Cuts the power of a real bootloader at its flash operations, the model beside it. One uncut boot is run; the content
 * before each operation follows from it, and is booted once: a board that gets its power back. The model boots from
 * the same content; the operations of both, and what they leave, must be the same. Erases are cut first, then the rest
 * of all boots more and more densely, so that what a budget leaves out lies evenly.
 * @returns yields before each boot; sent true, it ends
 */
export function* sweepFirmware(options: Options): Generator<FirmwareSwept, FirmwareSwept, boolean | undefined> {
  const { bench, build, torn, share = { part: 0, of: 1 }, looksAtLog = false, witness } = options;
  const rules = { build, timing: bench.timing, looksAtLog };
  const known = new Set<string>();
  const findings: FirmwareFinding[] = [];
  const swept = { operations: [] as number[], cutPoints: 0, cuts: 0, booted: 0, findings };
  const look = (content: FlashContent, cut: FirmwareFinding["cut"]): void => {
    const name = content.identity();
    if (ownerOf(name, share.of) !== share.part) return;
    swept.cuts += 1;
    if (known.has(name)) return;
    known.add(name);
    swept.booted += 1;
    const boot = bench.boot(content.snapshot());
    const difference = bootDifference(boot, content, rules);
    if (difference === undefined || findings.length >= FINDINGS_MAX) return;
    bench.confirm(content.snapshot(), boot);
    findings.push({ cut, what: difference.what });
    witness?.({ content, boot }, difference);
  };
  let start = bench.content(options.start);
  const plans = Array.from({ length: BOOTS }, (_, boot) => {
    const before = start;
    const uncut = bench.boot(before.snapshot());
    const difference = bootDifference(uncut, before, rules);
    witness?.({ content: before, boot: uncut }, difference);
    if (difference !== undefined) {
      bench.confirm(before.snapshot(), uncut);
      findings.push({ cut: { boot }, what: difference.what });
    }
    start = uncut.flash;
    swept.operations.push(uncut.operations.length);
    swept.cutPoints += uncut.operations.length * (1 + torn.length);
    return { boot, before, operations: uncut.operations };
  });
  const contents = plans.map(({ before, operations }) => contentsBefore(before, operations));
  for (const { boot, operation } of inOrder(plans)) {
    if ((yield swept) === true) return swept;
    const uncut = (contents[boot] as (typeof contents)[number])(operation);
    const { operations } = plans[boot] as (typeof plans)[number];
    for (const tear of [undefined, ...torn]) {
      const content = uncut.snapshot();
      if (tear !== undefined) content.apply(operations[operation] as FlashOperation, tear);
      look(content, { boot, operation, ...defined({ torn: tear }) });
    }
  }
  return swept;
}

/** Whose part a content is, by its name. */
function ownerOf(name: string, of: number): number {
  if (of === 1) return 0;
  let sum = 0;
  for (let at = 0; at < name.length; at += 1) sum = (Math.imul(sum, 31) + name.charCodeAt(at)) >>> 0;
  return sum % of;
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The parts of one sweep as a whole: findings in the order of the cuts, each once. */
export function sharesTogether(parts: readonly FirmwareSwept[]): FirmwareSwept {
  const [first] = parts;
  if (first === undefined) throw new TypeError("a sweep has at least one part");
  const total = (field: "cuts" | "booted") => parts.reduce((sum, part) => sum + part[field], 0);
  const found = new Map(parts.flatMap(({ findings }) => findings.map((one) => [JSON.stringify(one), one] as const)));
  const place = ({ cut }: FirmwareFinding) => ("operation" in cut ? cut.operation : -1);
  const findings = [...found]
    .toSorted(([a, one], [b, other]) => one.cut.boot - other.cut.boot || place(one) - place(other) || compareText(a, b))
    .map(([, finding]) => finding)
    .slice(0, FINDINGS_MAX);
  return { ...first, cuts: total("cuts"), booted: total("booted"), findings };
}

/** Contents that are kept of a boot: each holds the pages of a whole board, external flash included. */
const MARKS_MAX = 200;
/** Operations from one to the next at least: carrying out so many takes less than keeping another. */
const BETWEEN_MARKS_MIN = 64;

/** The content before an operation, worked out from the nearest mark before it. */
function contentsBefore(
  before: FlashContent,
  operations: readonly FlashOperation[],
): (operation: number) => FlashContent {
  const every = Math.max(BETWEEN_MARKS_MIN, Math.ceil(operations.length / MARKS_MAX));
  const marks: FlashContent[] = [];
  const content = before.snapshot();
  for (const [index, operation] of operations.entries()) {
    if (index % every === 0) marks.push(content.snapshot());
    content.apply(operation);
  }
  return (operation) => {
    const mark = Math.floor(operation / every);
    const there = (marks[mark] ?? before).snapshot();
    for (const done of operations.slice(mark * every, operation)) there.apply(done);
    return there;
  };
}

interface Place {
  readonly boot: number;
  readonly operation: number;
}

/** The erases of all boots, then the other operations of all of them in turn, by halving the gaps again and again. */
function inOrder(plans: readonly { readonly boot: number; readonly operations: readonly FlashOperation[] }[]): Place[] {
  const places = plans.map(({ boot, operations }) => spreadOut(operations).map((operation) => ({ boot, operation })));
  const isFirst = ({ boot, operation }: Place) =>
    operation === 0 || plans[boot]?.operations[operation]?.kind === "erase";
  const rest = places.map((own) => own.filter((place) => !isFirst(place)));
  const turns = Math.max(0, ...rest.map(({ length }) => length));
  return [
    ...places.flatMap((own) => own.filter(isFirst)),
    ...Array.from({ length: turns }, (_, turn) => rest.flatMap((own) => own[turn] ?? [])).flat(),
  ];
}

/** Numbers of operations, each at the half of a gap. */
function spreadOut(operations: readonly FlashOperation[]): readonly number[] {
  const order = new Set<number>();
  for (let step = 2 ** Math.ceil(Math.log2(operations.length + 1)); step >= 1; step /= 2) {
    for (let index = step - 1; index < operations.length; index += step) order.add(index);
  }
  return [...order];
}
