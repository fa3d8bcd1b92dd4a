import { decodeHeader, formatVersion, HEADER_BYTES } from "../../image/index.ts";
import {
  type BootResult,
  boot,
  confirm,
  eraseSlotByApp,
  type FlashContent,
  type FlashOperation,
  type ImageEntry,
  imageListOf,
  isOperation,
  prepareUpload,
  readTrailer,
  type Steps,
  setPending,
  slotsThatRun,
  type Torn,
  uploadOffset,
} from "../../mcuboot/index.ts";
import { tokenOf } from "./tokens.ts";
import { versionIn, type World } from "./world.ts";

/** Power goes before a flash operation, counted from 0, or inside it. */
export interface Cut {
  readonly operation: number;
  readonly torn?: Torn;
}

/** What an application, or who drives it, does between two boots. */
export type Act =
  /** The new image is uploaded, and nothing asked for. */
  | { readonly kind: "upload" }
  /** It is uploaded and asked for; power may go while the request is written. */
  | { readonly kind: "ask"; readonly cut?: Cut }
  /** The same request once more, without an upload. */
  | { readonly kind: "ask again" }
  /** The application erases slot 1, whatever it holds. */
  | { readonly kind: "erase" }
  | { readonly kind: "confirm" };

/** One boot of a history, and what came before it. */
export interface Leg {
  readonly acts: readonly Act[];
  readonly cut?: Cut;
}

/** Which image runs; none: nothing was started. */
export type Running = "old" | "new" | "other" | "none";

/** How a boot ends, as its log tells. */
export type ShownEnd = "ran" | "no boot" | "panic" | undefined;

/** A board between two boots. */
export interface BoardState {
  readonly flash: FlashContent;
  /** Equal names: the same board, whatever happened to it. */
  readonly name: string;
  readonly running: Running;
  readonly slots: readonly (0 | 1)[];
  /** Something that can act runs. */
  readonly acts: boolean;
  readonly asked: number;
  /** Updates done since power came: what `afterUpdate` needs. */
  readonly updated: boolean;
}

/** What a log shows of a boot. */
export interface ShownBoot {
  readonly tokens: readonly string[];
  readonly end: ShownEnd;
  readonly running: Running;
}

/** A boot carried through, with its way: a cut leaves the flash before an operation, and the lines printed so far. */
export interface WholeBoot extends ShownBoot {
  readonly operations: readonly FlashOperation[];
  /** Tokens printed before each operation. */
  readonly tokensBefore: readonly number[];
  readonly result: BootResult;
  readonly lines: readonly { readonly level: string; readonly text: string }[];
  readonly linesBefore: readonly number[];
  readonly after: FlashContent;
}

/** A world that is driven: boots, cuts, what an application does. All of it is pure; boots are remembered by content. */
export class Machine {
  readonly world: World;
  readonly #boots = new Map<string, WholeBoot>();
  /** Boots worked out so far: what a budget counts. */
  booted = 0;

  constructor(world: World) {
    this.world = world;
  }

  start(): BoardState {
    const { start } = this.world;
    return this.#state(start, { running: "old", slots: [0], acts: true, asked: 0, updated: false });
  }

  #state(flash: FlashContent, rest: Omit<BoardState, "flash" | "name">): BoardState {
    const { running, acts, asked, updated } = rest;
    const name = `${flash.identity()} ${running} ${acts} ${Math.min(asked, 2)} ${updated}`;
    return { flash, name, ...rest };
  }

  /** @throws RangeError for an act on a board where nothing runs: a history that cannot be. */
  act(state: BoardState, act: Act): BoardState {
    if (!state.acts) throw new RangeError("nothing runs that could act");
    const flash = state.flash.snapshot();
    const { build, shape } = this.world;
    const { running, slots, acts, updated } = state;
    const after = (more: Partial<BoardState>) =>
      this.#state(flash, { running, slots, acts, asked: state.asked, updated, ...more });
    if (act.kind === "confirm") {
      drive(confirm(flash, build, 0, slots[0] ?? 0), flash);
      return after({});
    }
    if (act.kind === "erase") {
      drive(eraseSlotByApp(flash, build, build.images[0]?.secondary ?? { offset: 0, bytes: 0 }), flash);
      return after({});
    }
    if (act.kind === "upload" || act.kind === "ask") this.#upload(flash);
    if (act.kind === "upload") return after({});
    const cut = act.kind === "ask" ? act.cut : undefined;
    drive(setPending(flash, build, 0, shape.permanent), flash, cut);
    return after({ asked: state.asked + 1 });
  }

  #upload(flash: FlashContent): void {
    const { build, next, shape } = this.world;
    const area = build.images[0]?.secondary ?? { offset: 0, bytes: 0 };
    const start = shape.uploadsToStart ? 0 : uploadOffset(build);
    drive(prepareUpload(flash, build, area, { start, bytes: next.length }), flash);
    flash.load(area.offset + start, next);
  }

  /** Flash operations of a request, to be cut. */
  requestOperations(state: BoardState): number {
    const flash = state.flash.snapshot();
    this.#upload(flash);
    let count = 0;
    drive(setPending(flash, this.world.build, 0, this.world.shape.permanent), flash, undefined, () => (count += 1));
    return count;
  }

  /** A confirmation would change something. */
  canConfirm({ flash, running, acts }: BoardState): boolean {
    const area = this.world.build.images[0]?.primary;
    if (area === undefined || !acts || running !== "new") return false;
    const { magic, imageOk } = readTrailer(flash, this.world.build, area);
    return magic === "good" && imageOk === "unset";
  }

  /** The boot of a content, carried through. */
  whole(state: BoardState): WholeBoot {
    const key = state.flash.identity();
    const known = this.#boots.get(key);
    if (known !== undefined) return known;
    this.booted += 1;
    const made = wholeBoot(this.world, state.flash);
    this.#boots.set(key, made);
    return made;
  }

  /** The board after a boot that went through. */
  afterWhole(state: BoardState): BoardState {
    const { result, after, running, operations } = this.whole(state);
    const { shape, build } = this.world;
    const updated = state.updated || (operations.length > 0 && running !== "none");
    const starts = shape.afterUpdate === "starts" || !updated;
    return this.#state(after, {
      running,
      slots: slotsThatRun(build, result),
      acts: result.kind === "run" && starts,
      asked: state.asked,
      updated: shape.afterUpdate === "starts" ? false : updated,
    });
  }

  /** The board after a boot that was cut, and how many tokens it had printed. */
  afterCut(state: BoardState, cut: Cut): BoardState {
    const { operations } = this.whole(state);
    const flash = state.flash.snapshot();
    for (const operation of operations.slice(0, cut.operation)) flash.apply(operation);
    const torn = operations[cut.operation];
    if (cut.torn !== undefined && torn !== undefined) flash.apply(torn, cut.torn);
    return this.cutState(state, flash);
  }

  /** The board with this content when power comes again. */
  cutState(state: BoardState, flash: FlashContent): BoardState {
    return this.#state(flash, { running: "none", slots: [], acts: false, asked: state.asked, updated: false });
  }

  list({ flash, slots }: BoardState): readonly ImageEntry[] {
    return imageListOf(flash.still(), this.world.build, slots);
  }

  /** Walks a history once more: what each boot shows, and the board at its end. */
  walk(legs: readonly Leg[]): { readonly shown: readonly ShownBoot[]; readonly states: readonly BoardState[] } {
    let state = this.start();
    const shown: ShownBoot[] = [];
    const states = [state];
    for (const { acts, cut } of legs) {
      for (const act of acts) if (state.acts) state = this.act(state, act);
      const whole = this.whole(state);
      const isCut = cut !== undefined && cut.operation < whole.operations.length;
      shown.push(isCut ? shownUntil(whole, cut) : whole);
      state = isCut ? this.afterCut(state, cut) : this.afterWhole(state);
      states.push(state);
    }
    return { shown, states };
  }
}

/** What is seen of a boot that was cut. */
function shownUntil(whole: WholeBoot, { operation }: Cut): ShownBoot {
  const count = whole.tokensBefore[operation] ?? whole.tokens.length;
  return { tokens: whole.tokens.slice(0, count), end: undefined, running: "none" };
}

function wholeBoot(world: World, before: FlashContent): WholeBoot {
  const flash = before.snapshot();
  const operations: FlashOperation[] = [];
  const lines: { level: string; text: string }[] = [];
  const tokens: string[] = [];
  const tokensBefore: number[] = [];
  const linesBefore: number[] = [];
  const steps = boot(flash, world.build);
  for (;;) {
    const next = steps.next();
    if (next.done === true) {
      const result = next.value;
      const panics = tokens.at(-1) === "panic";
      const end = result.kind === "run" ? "ran" : result.kind === "fail" ? "no boot" : panics ? "panic" : undefined;
      const running = runningOf(world, flash, result);
      return { tokens, end, running, operations, tokensBefore, result, lines, linesBefore, after: flash };
    }
    const step = next.value;
    if (step.kind === "log") {
      lines.push(step);
      const token = tokenOf(step.text);
      if (token !== undefined) tokens.push(token);
    } else if (isOperation(step)) {
      operations.push(step);
      tokensBefore.push(tokens.length);
      linesBefore.push(lines.length);
      flash.apply(step);
    }
  }
}

function runningOf({ shape }: World, flash: FlashContent, result: BootResult): Running {
  if (result.kind !== "run") return "none";
  const { version } = decodeHeader(flash.peek(result.slots[0] ?? 0, HEADER_BYTES));
  const text = formatVersion({ ...version, build: 0 });
  const role = (["old", "new"] as const).find((name) => text.startsWith(versionIn(shape, name)));
  return role ?? "other";
}

/** Carries steps of an application through, up to a cut. */
function drive<T>(steps: Steps<T>, flash: FlashContent, cut?: Cut, see: () => void = () => {}): void {
  let done = 0;
  for (const step of steps) {
    if (!isOperation(step)) continue;
    if (cut?.operation === done) {
      if (cut.torn !== undefined) flash.apply(step, cut.torn);
      return;
    }
    see();
    flash.apply(step);
    done += 1;
  }
}
