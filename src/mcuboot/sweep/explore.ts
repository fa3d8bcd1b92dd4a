import { defined } from "../../core/index.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import type { Torn } from "../flash/flash-rules.ts";
import type { FlashOperation } from "../flash/operation.ts";
import type { PagePool } from "../flash/pages.ts";
import { type FlashTiming, timingAt } from "../steps/timing.ts";
import { BootCache } from "./boot-memory.ts";
import { type ImagesAsked, KnownStates } from "./facts.ts";
import type { Leak, LeakWatch } from "./leak-watch.ts";
import { type CutPoint, STAGES, type Stage, type SweepState } from "./state.ts";

/** A leak at an operation of a boot. */
export interface LeakSeen {
  readonly leak: Leak;
  readonly state: SweepState;
  readonly operation: number;
  /** Flash contents with it. */
  contents: number;
}

export interface ExploreQuestion {
  readonly build: BootloaderBuild;
  /** Flash contents to start from. */
  readonly starts: readonly {
    readonly flash: FlashContent;
    readonly stage: Stage;
    /** Where the application was cut while it asked. */
    readonly request?: CutPoint;
    /** Cuts that led there already, and how many of them were torn; default: none. */
    readonly cuts?: number;
    readonly torn?: number;
  }[];
  readonly images: ImagesAsked;
  /** How operations are torn, besides not being done at all; default: none. */
  readonly torn?: readonly Torn[];
  /** Torn cuts in one sequence; default: 1. */
  readonly tornMax?: number;
  /** The flash: a device that keeps its power is never torn, but for what lies between two of its pages. */
  readonly timing?: FlashTiming;
  /** Longest sequence of cuts; default: any length. */
  readonly cutsMax?: number;
  readonly leaks?: LeakWatch;
  /**
   * For a driver that may give up: states of a level are judged before any of them is cut further, so that the level is
   * whole as soon as that is possible. Each state is then booted twice; what is found is the same.
   */
  readonly deepen?: boolean;
  /** Ends where the new image runs: no reset, no revert. */
  readonly onlyUpgrade?: boolean;
  /** Follows every boot to its end, to prove that it makes no difference. */
  readonly whole?: boolean;
}

export interface SweepProgress {
  readonly states: number;
  readonly waiting: number;
  readonly cuts: number;
  readonly edges: number;
}

export interface Exploration {
  readonly states: readonly SweepState[];
  readonly leaks: readonly LeakSeen[];
  readonly facts: KnownStates;
  /** Different flash contents. */
  readonly contents: number;
  /** Cut points: operations of the boots of all contents together. */
  readonly edges: number;
  /** Operations that were carried out; the rest were known from boots that went on alike. */
  readonly followed: number;
  /** Every sequence of at most so many cuts was seen; undefined: of any number. */
  readonly coveredCuts: number | undefined;
  /** States found and not looked at, when it was given up. */
  readonly waiting: number;
  /** What was done of the level that was not whole, when it was given up. */
  readonly begun: Begun | undefined;
}

/** A level of an exploration that was given up in it. */
interface Begun {
  /** Cuts of its sequences. */
  readonly cuts: number;
  /** States of it that were found, and those whose boot was looked at. */
  readonly found: number;
  readonly looked: number;
  /** States of the level before, and those of them whose boots were cut at every operation: only then all is found. */
  readonly cutFrom: number;
  readonly cutDone: number;
}

/**
 * All sequences of power cuts of an upgrade and of what follows it. A cut state is a flash content; equal contents boot
 * alike, so each is booted once at each stage, and the contents that its boot goes through are where the next cut may
 * fall. When nothing new appears, every sequence has been seen, of any length. States are found in the order of their
 * number of cuts, so the way that each remembers is a shortest one.
 *
 * Yields before each state; the driver passes true to give up.
 */
export function* exploreCuts(question: ExploreQuestion): Generator<SweepProgress, Exploration, boolean | undefined> {
  return yield* new Explorer(question).explore();
}

/** True when a cut can leave this half of an operation. */
export function canTear(timing: FlashTiming | undefined, operation: FlashOperation, torn: Torn): boolean {
  const device = timing && timingAt(timing, operation.offset);
  if (device?.keepsPower !== true) return true;
  return operation.kind === "write" && torn === "head" && operation.data.length / 2 >= device.unitBytes;
}

/** A content that was reached, and what is known of it: one look-up for each of half a million cuts. */
interface Reached {
  readonly content: FlashContent;
  /** A swap that is complete and has not been tried; undefined: nobody asked. */
  isTaken: boolean | undefined;
  /** Where the state of each stage stands among all states. */
  readonly states: (number | undefined)[];
}

class Explorer {
  readonly #question: ExploreQuestion;
  readonly #memory: BootCache;
  readonly #facts: KnownStates;
  readonly #states: SweepState[] = [];
  readonly #reached = new Map<string, Reached>();
  readonly #leaks = new Map<string, LeakSeen>();
  /** Contents in which nothing leaks, and nothing is in doubt: the same before the first operation of their boots. */
  readonly #clean = new WeakSet<FlashContent>();
  readonly #pool: PagePool = new Map();
  /** States to boot, by number of cuts. */
  readonly #levels: SweepState[][] = [];
  #edges = 0;

  constructor(question: ExploreQuestion) {
    this.#question = question;
    this.#memory = new BootCache(question.build, { whole: question.whole ?? false });
    this.#facts = new KnownStates(question.build, question.images);
  }

  *explore(): Generator<SweepProgress, Exploration, boolean | undefined> {
    for (const { flash, stage, request, cuts = 0, torn = 0 } of this.#question.starts) {
      const cause = { kind: "start", ...defined({ request }) } as const;
      this.#meet(flash.snapshot(), { stage, cuts, torn, from: undefined, cause });
    }
    const { cutsMax = Number.POSITIVE_INFINITY, deepen = false } = this.#question;
    for (let cuts = 0; cuts < this.#levels.length && cuts <= cutsMax; cuts += 1) {
      for (const further of deepen ? [false, true] : [cuts < cutsMax]) {
        if (further && cuts >= cutsMax) continue;
        const stopped = yield* this.#level(cuts, further);
        if (stopped !== undefined) return stopped;
      }
    }
    const bounded = this.#levels.length > cutsMax;
    return this.#result(bounded ? cutsMax : undefined);
  }

  /** Boots the states of a level; with `further`, each boot is cut at every operation. Returns early when given up. */
  *#level(cuts: number, further: boolean): Generator<SweepProgress, Exploration | undefined, boolean | undefined> {
    const level = this.#levels[cuts] ?? [];
    const judgesFirst = this.#question.deepen === true;
    // A reset adds to the level that is being walked.
    for (let at = 0; at < level.length; at += 1) {
      const state = level[at];
      if (state === undefined) continue;
      const next = this.#levels[cuts + 1]?.length ?? 0;
      const waiting = (further && judgesFirst ? 0 : level.length - at) + next;
      const stop = yield { states: this.#states.length, waiting, cuts, edges: this.#edges };
      if (stop) {
        const found = level.length;
        return further && judgesFirst
          ? this.#result(cuts, waiting, { cuts: cuts + 1, found: next, looked: 0, cutFrom: found, cutDone: at })
          : this.#result(cuts - 1, waiting, { cuts, found, looked: at, cutFrom: 0, cutDone: 0 });
      }
      this.#boot(state, further);
    }
    return undefined;
  }

  #boot(state: SweepState, furtherCuts: boolean): void {
    const { torn = [], tornMax = 1 } = this.#question;
    const kinds = furtherCuts && state.torn < tornMax ? torn : [];
    const { stage, cuts } = state;
    const scope = 1 + 2 * (STAGES.indexOf(stage) + STAGES.length * state.torn) + Number(furtherCuts);
    const see = (flash: FlashContent, operation: FlashOperation, index: number): boolean => {
      if (!furtherCuts) return !(index === 0 && this.#clean.has(state.content)) && this.#watch(flash, state, index);
      const cause = { kind: "cut", operation: index, torn: undefined } as const;
      if (index > 0) this.#meet(flash, { stage, cuts: cuts + 1, torn: state.torn, from: state, cause });
      for (const kind of kinds) {
        if (!canTear(this.#question.timing, operation, kind)) continue;
        const cut = flash.snapshot();
        cut.apply(operation, kind);
        const how = { kind: "cut", operation: index, torn: kind } as const;
        this.#meet(cut, { stage, cuts: cuts + 1, torn: state.torn + 1, from: state, cause: how });
      }
      return false;
    };
    // A boot that is only judged looks for leaks and leaves nothing else: where it finds none, the stage is all one.
    const end = this.#memory.follow(state.content, { scope, see, ...(furtherCuts ? {} : { unlessTold: 0 }) });
    state.end = end;
    if (!this.#facts.isKnown(state.identity)) {
      this.#edges += end.operations;
      this.#facts.note(state.identity, end);
    }
    const next = this.#facts.stageAfter(state, end);
    if (next === undefined || this.#question.onlyUpgrade) return;
    this.#meet(end.flash, { stage: next, cuts, torn: state.torn, from: state, cause: { kind: "reset" } });
  }

  /** A content is reached; it is new, or known, or known only by ways that leave less open. */
  #meet(flash: FlashContent, way: Omit<SweepState, "content" | "identity" | "end">): void {
    const { cuts, torn, from, cause } = way;
    const identity = flash.identity();
    let reached = this.#reached.get(identity);
    const stage = this.#stageOf(flash, way.stage, reached);
    const at = reached?.states[STAGES.indexOf(stage)];
    if (at !== undefined && (this.#states[at]?.torn ?? 0) <= torn) return;
    if (reached === undefined) {
      reached = { content: this.#kept(flash), isTaken: undefined, states: STAGES.map(() => undefined) };
      this.#reached.set(identity, reached);
    }
    const { content } = reached;
    const state: SweepState = { content, identity, stage, cuts, torn, from, cause, end: undefined };
    reached.states[STAGES.indexOf(stage)] = at ?? this.#states.length;
    this.#states[at ?? this.#states.length] = state;
    (this.#levels[cuts] ??= []).push(state);
    // What lies between two operations of a boot was seen when the boot was judged.
    if (this.#question.deepen && cause.kind === "cut" && cause.torn === undefined) return;
    const leaks = this.#watch(content, from ?? state, cause.kind === "cut" ? cause.operation : 0);
    if (!leaks && !content.isDoubtful()) this.#clean.add(content);
  }

  /** A swap that a cut left complete has been tried, although nothing ran: what comes now is its revert. */
  #stageOf(flash: FlashContent, stage: Stage, reached: Reached | undefined): Stage {
    if (stage !== "asked" && stage !== "asking") return stage;
    const isTaken = reached?.isTaken ?? this.#facts.isTaken(flash);
    if (reached !== undefined) reached.isTaken = isTaken;
    return isTaken ? "tried" : stage;
  }

  /** A copy to keep: equal pages of all that are kept are held once. */
  #kept(flash: FlashContent): FlashContent {
    // What was exchanged in the flash itself need not be again in the next copy of it.
    flash.share(this.#pool);
    return flash.snapshot();
  }

  /** Notes what leaks; true when something does. */
  #watch(flash: FlashContent, state: SweepState, operation: number): boolean {
    const leaks = this.#question.leaks?.leaks(flash) ?? [];
    for (const leak of leaks) {
      const stage = state.stage === "asking" ? "asked" : state.stage;
      const name = `${leak.what} ${leak.where} ${stage}`;
      const known = this.#leaks.get(name);
      const nearer = known === undefined || (known.state.cuts === state.cuts && state.torn < known.state.torn);
      if (nearer) this.#leaks.set(name, { leak, state, operation, contents: (known?.contents ?? 0) + 1 });
      else known.contents += 1;
    }
    return leaks.length > 0;
  }

  #result(coveredCuts: number | undefined, waiting = 0, begun?: Begun): Exploration {
    return {
      states: this.#states,
      leaks: [...this.#leaks.values()],
      facts: this.#facts,
      contents: this.#reached.size,
      edges: this.#edges,
      followed: this.#memory.followed,
      coveredCuts,
      waiting,
      begun,
    };
  }
}
