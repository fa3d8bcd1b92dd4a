import { describe, expect, test } from "@jest/globals";
import { GENERATIONS } from "../generations.ts";
import { outcomeOf } from "../run-boot.ts";
import { actuallyDoes, type Happening, type RecordedLine, recorded } from "../testing/recorded-boots.ts";
import { requestedBoard, type SmallBoard, smallBoard } from "../testing/small-board.ts";
import { readLog, tells } from "./index.ts";

const boot: Happening = { does: "boot" };
const ask: Happening = { does: "request" };
const askForGood: Happening = { does: "request", permanent: true };
const confirmed: Happening = { does: "confirm" };
const cut = (operation: number): Happening => ({ does: "boot", cut: operation });
const hello: Happening = { does: "print", text: "*** Booting Zephyr OS build v3.7.99 ***" };

const SLOT_BYTES = 16 * 4096;

function scripts({ build, flash }: SmallBoard): Record<string, readonly Happening[]> {
  const damaged: Happening = { does: "load", offset: SLOT_BYTES + 9_000, bytes: new Uint8Array(8) };
  const spoiled: Happening = { does: "load", offset: 9_000, bytes: new Uint8Array(8) };
  const noImage: Happening = { does: "load", offset: SLOT_BYTES, bytes: new Uint8Array(2 * 4096).fill(0xff) };
  const empty: Happening = { does: "load", offset: 0, bytes: new Uint8Array(2 * 4096).fill(0xff) };
  const wiped: Happening = { does: "load", offset: SLOT_BYTES, bytes: new Uint8Array(SLOT_BYTES).fill(0xff) };
  const operations = outcomeOf(requestedBoardLike({ build, flash }), build).operations;
  const places = [0, 1, 2, 3, 5, 8, 0.5].map((at) =>
    at > 0 && at < 1 ? Math.floor(at * operations) : at,
  );
  const late = [operations - 1, operations - 2, operations];
  return {
    nothing: [boot, hello, boot],
    test: [boot, ask, boot, hello, boot, hello, boot],
    confirmed: [ask, boot, hello, confirmed, boot],
    "for good": [askForGood, boot, boot],
    refused: [damaged, ask, boot, hello, boot],
    "refused, cut": [damaged, ask, cut(3), boot, boot],
    "refused on trial": [ask, boot, damaged, boot, boot, boot],
    "no image": [noImage, askForGood, boot, boot],
    "slot 0 spoiled": [spoiled, boot, boot],
    "slot 0 spoiled on trial": [ask, boot, spoiled, boot, boot],
    "slot 0 empty": [empty, ask, boot, boot],
    "stuck revert": [ask, boot, wiped, boot, boot, boot],
    ...Object.fromEntries(
      [...places, ...late].flatMap((at) => [
        [`cut at ${at}`, [ask, cut(at), boot, boot]],
        [`for good, cut at ${at}`, [boot, askForGood, cut(at), boot, hello, boot]],
        [`revert cut at ${at}`, [ask, boot, cut(at), boot, boot]],
        [`cut twice at ${at}`, [ask, cut(at), cut(Math.min(at, 6)), boot]],
      ]),
    ),
  };
}

function requestedBoardLike({ build, flash }: SmallBoard) {
  const after = flash.snapshot();
  recorded({ build, flash: after }, []);
  return after;
}

const SEEN = new WeakMap<SmallBoard, Set<string>>();

const TIGHT: any = {};
interface Counts {
  prefixes: number;
  answers: number;
  open: number;
}

/** Compares what is read from every beginning of a log with what the model does from there. */
function check(board: SmallBoard, lines: readonly RecordedLine[], counts: Counts, wrong: string[], name: string): void {
  const seen = SEEN.get(board) ?? new Set();
  SEEN.set(board, seen);
  const { build } = board;
  let ended: RecordedLine["flashes"] = [];
  for (const [index, line] of lines.entries()) {
    if (line.over && line.start !== undefined) ended = line.flashes;
    const text = lines.slice(0, index + 1).map((each) => each.text).join("\n");
    const key = `${text} ${line.flashes[0]?.identity(0, line.flashes[0].bytes)}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const reading = readLog(text, build);
    if (reading === undefined) continue;
    counts.prefixes += 1;
    // The banner of an old bootloader may as well be the application's: then the next boot is told as the last one left it.
    const isNext = reading.end !== undefined && !line.over;
    const over = line.over || isNext;
    const last = (isNext ? ended : line.flashes).at(-1);
    const from = line.start === undefined || over ? last : line.start;
    if (from === undefined) continue;
    const actual = actuallyDoes(from, build);
    const cuts = over ? [] : sampled(line.flashes).map((flash) => actuallyDoes(flash, build));
    for (const image of reading.images) {
      counts.answers += 1;
      const t = (TIGHT[`${build.mode} ${line.text.replace(/magic.*/, "")}`] ??= { n: 0, open: 0, says: {}, really: {} });
      t.n += 1;
      if (!tells(image.may)) { counts.open += 1; t.open += 1; const k = image.may.join(","); t.says[k] = (t.says[k] ?? 0) + 1; const a = actual[image.image]?.action ?? "?"; t.really[a] = (t.really[a] ?? 0) + 1; }
      const really = actual[image.image];
      const where = `${name}, line ${index + 1} "${line.text}": `;
      if (really?.action !== undefined && !image.may.includes(really.action)) {
        wrong.push(`${where}${really.action} is none of ${image.may.join(", ")}`);
      }
      if (image.boots !== undefined && really !== undefined && image.boots !== really.boots) {
        wrong.push(`${where}boots ${really.boots}, said ${image.boots}`);
      }
      const next = really?.boots === true ? actuallyDoes(really.after, build)[image.image]?.action : undefined;
      if (next !== undefined && image.may.length === 1 && !image.then.includes(next)) {
        wrong.push(`${where}then ${next} is none of ${image.then.join(", ")}`);
      }
      for (const each of cuts) {
        const action = each[image.image]?.action;
        if (action !== undefined && image.ifCut?.includes(action) !== true) {
          wrong.push(`${where}cut here: ${action} is none of ${image.ifCut?.join(", ")}`);
        }
      }
    }
  }
}

function sampled<T>(all: readonly T[]): readonly T[] {
  const step = Math.max(1, Math.floor(all.length / 5));
  return all.filter((_, index) => index < 2 || index >= all.length - 2 || index % step === 0);
}

const MODES = ["move", "offset", "scratch", "overwrite"] as const;

describe("a log cut at every line never contradicts the model's own boot", () => {
  const counts: Counts = { prefixes: 0, answers: 0, open: 0 };
  const cases = MODES.flatMap((mode) =>
    GENERATIONS.filter(({ version }) => mode !== "offset" || version >= 202).map(({ name }) => [mode, name] as const),
  );
  test.each(cases)("%s, %s", (mode, name) => {
    const board = smallBoard({ mode, generation: name, encrypted: false });
    const wrong: string[] = [];
    for (const [what, script] of Object.entries(scripts(board))) {
      check(board, recorded(board, script), counts, wrong, what);
    }
    if (name === 'current') console.log('TIGHT', JSON.stringify(TIGHT));
    expect([...new Set(wrong)].slice(0, 40)).toEqual([]);
    expect(requestedBoard).toBeDefined();
  });
});
