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
 * more and more densely, so that what a budget leaves out lies evenly.
 * @returns yields before each boot; sent true, it ends
 */
export function* sweepFirmware(options: Options): Generator<FirmwareSwept, FirmwareSwept, boolean | undefined> {
  const { bench, build, torn, looksAtLog = false, witness } = options;
  const rules = { build, timing: bench.timing, looksAtLog };
  const known = new Set<string>();
  const findings: FirmwareFinding[] = [];
  const swept = { operations: [] as number[], cutPoints: 0, cuts: 0, booted: 0, findings };
  const look = (content: FlashContent, cut: FirmwareFinding["cut"]): void => {
    const name = content.identity();
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
  for (const { boot, before, operations } of plans) {
    const contents = contentsBefore(before, operations);
    for (const operation of spreadOut(operations)) {
      if ((yield swept) === true) return swept;
      const uncut = contents(operation);
      for (const tear of [undefined, ...torn]) {
        const content = uncut.snapshot();
        if (tear !== undefined) content.apply(operations[operation] as FlashOperation, tear);
        swept.cuts += 1;
        look(content, { boot, operation, ...defined({ torn: tear }) });
      }
    }
  }
  return swept;
}

const MARKS = 512;

/** The content before an operation, worked out from the nearest mark before it. */
function contentsBefore(
  before: FlashContent,
  operations: readonly FlashOperation[],
): (operation: number) => FlashContent {
  const marks: FlashContent[] = [];
  const content = before.snapshot();
  for (const [index, operation] of operations.entries()) {
    if (index % MARKS === 0) marks.push(content.snapshot());
    content.apply(operation);
  }
  return (operation) => {
    const mark = Math.floor(operation / MARKS);
    const there = (marks[mark] ?? before).snapshot();
    for (const done of operations.slice(mark * MARKS, operation)) there.apply(done);
    return there;
  };
}

/** Numbers of operations: the first, all erases, then the others by halving the gaps again and again. */
function spreadOut(operations: readonly FlashOperation[]): readonly number[] {
  const order = new Set<number>();
  for (const [index, { kind }] of operations.entries()) if (index === 0 || kind === "erase") order.add(index);
  for (let step = 2 ** Math.ceil(Math.log2(operations.length + 1)); step >= 1; step /= 2) {
    for (let index = step - 1; index < operations.length; index += step) order.add(index);
  }
  return [...order];
}
