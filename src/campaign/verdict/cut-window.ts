import { type GenerationRow, recogniseBootLine, type Timeline } from "../../mcuboot/index.ts";

/** Lines that come right before the first flash operation of a swap, and of an overwrite. */
export const UPGRADE_BEGINS: readonly string[] = ["starting swap", "erasing primary"];

/** What MCUboot says of an image whose hash or signature is wrong: before it erases the slot, or when that is done. */
const INVALID = "image invalid";

/** Lines that come right before the erase of an image that a release refuses. */
export function refusalBegins({ refusalErasesFirst }: GenerationRow): readonly string[] {
  const always = ["downgrade prevented", "insufficient version"];
  return refusalErasesFirst ? always : [...always, INVALID];
}

/** A line that comes when the erase of a refused image is done, in a release that erases first. */
export function endsRefusal({ refusalErasesFirst }: GenerationRow, line: { event?: string | undefined; text: string }) {
  return refusalErasesFirst && line.event === INVALID && line.text.includes("secondary");
}

/** A boot that has operations and says so before the first: only then can a cut be placed in it by its log. */
export function isAnnounced({ log, operations }: Timeline, generation: GenerationRow): boolean {
  const begins = [...UPGRADE_BEGINS, ...refusalBegins(generation)];
  return operations.length === 0 || log.some(({ text }) => begins.includes(recogniseBootLine(text)?.event ?? ""));
}

/** Microseconds from a boot's first flash operation. */
export interface Span {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Where a cut fell whose boot had announced nothing. */
export interface CutSpan extends Span {
  /** The same for a boot that announces nothing before its first operation; without it, as above. */
  readonly silent?: Span & {
    /** The line that ends a refusal had been seen: the erase was over. */
    readonly refused: boolean;
  };
}

/** The window of a cut in this boot. */
export function windowIn(boot: Timeline | undefined, { silent, fromUs, toUs }: CutSpan, row: GenerationRow): Span {
  if (silent === undefined || boot === undefined || isAnnounced(boot, row)) return { fromUs, toUs };
  if (!silent.refused) return { fromUs: silent.fromUs, toUs: silent.toUs };
  const last = boot.operations.findLast(({ operation }) => operation.kind === "erase");
  const overUs = last === undefined ? 0 : last.startUs + last.durationUs;
  return { fromUs: Math.max(overUs, silent.fromUs), toUs: Math.max(overUs, silent.toUs) };
}
