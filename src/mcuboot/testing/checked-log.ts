import { readLog, tells } from "../explain/index.ts";
import { actuallyDoes, type RecordedLine } from "./recorded-boots.ts";
import type { SmallBoard } from "./small-board.ts";

/** How often something was asked, and how often the log did not tell. */
export interface Tally {
  answers: number;
  untold: number;
  /** The same of logs that stop after the trailers or the swap type were printed. */
  late: number;
  lateUntold: number;
}

export const noTally = (): Tally => ({ answers: 0, untold: 0, late: 0, lateUntold: 0 });

/** Lines before which a boot has said nothing of any image. */
const HEAD = /\*\*\*|Starting (?:Direct-XIP )?bootloader/;

/**
 * Compares what is read from every beginning of a log with what the model does from there: the boot that the log stops
 * in, or the next one; that one's successor; and the boot after a cut at that place.
 * @returns every contradiction, as a sentence.
 */
export function contradictions(
  board: SmallBoard,
  lines: readonly RecordedLine[],
  name: string,
  tally: Tally,
): string[] {
  const wrong: string[] = [];
  let ended: RecordedLine["flashes"] = [];
  for (const [index, line] of lines.entries()) {
    if (line.over && line.start !== undefined) ended = line.flashes;
    const text = lines.slice(0, index + 1).map((each) => each.text);
    if (isSeen(board, `${text.join("\n")} ${line.flashes[0]?.identity()}`)) continue;
    wrong.push(
      ...compared(board, text.join("\n"), line, ended, tally).map((what) => `${name}: "${line.text}": ${what}`),
    );
  }
  return wrong;
}

const SEEN = new WeakMap<SmallBoard, Set<string>>();

/** Scripts begin alike: nothing is looked at twice. */
function isSeen(board: SmallBoard, key: string): boolean {
  const seen = SEEN.get(board) ?? new Set<string>();
  SEEN.set(board, seen);
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}

function compared(
  { build }: SmallBoard,
  text: string,
  line: RecordedLine,
  ended: RecordedLine["flashes"],
  tally: Tally,
): string[] {
  const reading = readLog(text, build);
  if (reading === undefined) return [];
  // An old bootloader's banner may as well be the application's: what is told then is the next boot, as the last left it.
  const isNext = reading.end !== undefined && !line.over;
  const over = line.over || isNext;
  const from = line.start === undefined || over ? (isNext ? ended : line.flashes).at(-1) : line.start;
  if (from === undefined) return [];
  const actual = actuallyDoes(from, build);
  const cuts = over ? [] : sampled(line.flashes).map((flash) => actuallyDoes(flash, build));
  return reading.images.flatMap((image) => {
    count(tally, line.text, tells(image.may));
    const really = actual[image.image];
    const who = `image ${image.image} `;
    if (really === undefined) return [`there is no image ${image.image}`];
    const next = really.boots ? actuallyDoes(really.after, build)[image.image]?.action : undefined;
    return [
      ...differs(`${who}does`, really.action, image.may),
      ...(image.boots === undefined || image.boots === really.boots ? [] : [`boots ${really.boots}, and not as said`]),
      ...(image.may.length === 1 ? differs(`${who}then does`, next, image.after) : []),
      ...cuts.flatMap((each) => differs(`${who}does after a cut`, each[image.image]?.action, image.ifCut ?? [])),
    ];
  });
}

function differs(what: string, really: string | undefined, said: readonly string[]): string[] {
  if (really === undefined || said.includes(really)) return [];
  return [`${what} ${really}, which is none of ${said.join(", ")}`];
}

function count(tally: Tally, text: string, told: boolean): void {
  const early = HEAD.test(text);
  tally.answers += 1;
  if (!told) tally.untold += 1;
  if (!early) tally.late += 1;
  if (!early && !told) tally.lateUntold += 1;
}

function sampled<T>(all: readonly T[]): readonly T[] {
  const step = Math.max(1, Math.floor(all.length / 5));
  return all.filter((_, index) => index < 2 || index >= all.length - 2 || index % step === 0);
}
