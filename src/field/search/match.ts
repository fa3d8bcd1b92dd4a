import type { FlashOperation } from "../../mcuboot/index.ts";
import type { BootSeenInLog, FieldEvidence } from "../evidence/evidence.ts";
import type { Act, BoardState, Cut, Leg, Machine, WholeBoot } from "../world/machine.ts";
import { tokenDistance } from "./distance.ts";
import { finalMisses, leastDistance, type Miss } from "./final-facts.ts";
import type { Roles } from "./roles.ts";

/** How far a search goes in one world. */
export interface MatchLimits {
  /** Cuts may tear the operation that they fall on; one in a history. */
  readonly torn: boolean;
  /** Boots that nobody logged, before the first that was, and one after the last. */
  readonly hidden: number;
  /** Largest distance that is still of interest. */
  readonly distanceMax: number;
  /** Boards that are followed at a time. */
  readonly width: number;
}

/** A history, and how far it is from the evidence. */
export interface Fit {
  readonly legs: readonly Leg[];
  /** What was done after the last boot. */
  readonly tail: readonly Act[];
  readonly distance: number;
  /** What it takes: cuts, torn ones, requests made twice, boots that nobody logged. */
  readonly effort: number;
  readonly misses: readonly Miss[];
  readonly state: BoardState;
}

interface Node {
  readonly state: BoardState;
  readonly distance: number;
  readonly effort: number;
  readonly torn: number;
  /** The boot that led here, and the board before it. */
  readonly leg: Leg | undefined;
  readonly before: Node | undefined;
  /** What was done since. */
  readonly acts: readonly Act[];
  readonly misses: readonly Miss[];
}

/** What a history costs by what is in it: the simplest of equal fits is the likeliest. */
const EFFORT = {
  cut: 1,
  torn: 1.5,
  hidden: 1,
  askAgain: 1.5,
  confirm: 0.25,
  erase: 1.5,
  upload: 0.5,
  requestCut: 1.5,
} as const;

/** The result of a search in one world. */
interface Matched {
  readonly fits: readonly Fit[];
  /** Nothing that might have fitted was left out. */
  readonly complete: boolean;
}

/** Looks in one world for histories that show what was seen. */
export function matchWorld(machine: Machine, evidence: FieldEvidence, roles: Roles, limits: MatchLimits): Matched {
  return new Matcher(machine, evidence, roles, limits).match();
}

class Matcher {
  readonly #machine: Machine;
  readonly #evidence: FieldEvidence;
  readonly #roles: Roles;
  readonly #limits: MatchLimits;
  #complete = true;

  constructor(machine: Machine, evidence: FieldEvidence, roles: Roles, limits: MatchLimits) {
    this.#machine = machine;
    this.#evidence = evidence;
    this.#roles = roles;
    this.#limits = limits;
  }

  match(): Matched {
    const { boots } = this.#evidence;
    const start = { distance: 0, effort: 0, torn: 0, leg: undefined, before: undefined, acts: [], misses: [] };
    let layer: readonly Node[] = this.#withHidden([{ ...start, state: this.#machine.start() }], this.#limits.hidden);
    for (const [at, seen] of boots.entries()) {
      const last = at === boots.length - 1;
      layer = this.#kept(layer.flatMap((node) => this.#step(node, seen, last)));
      if (layer.length === 0) break;
    }
    return { fits: this.#ended(layer), complete: this.#complete };
  }

  /** Boots that nobody saw come first: whole ones, and one that was cut. */
  #withHidden(start: readonly Node[], count: number): readonly Node[] {
    let all = start;
    let latest = start;
    for (let boot = 0; boot < count; boot += 1) {
      const next = latest.flatMap((node) => this.#hiddenBoots(node));
      latest = this.#kept(next.filter(({ state }) => !all.some((known) => known.state.name === state.name)));
      all = [...all, ...latest];
    }
    return all;
  }

  #hiddenBoots(node: Node): readonly Node[] {
    const wasCut = waysTo(node).some(({ leg }) => leg?.cut !== undefined);
    return this.#actings(node).flatMap((acted) => {
      const whole = this.#machine.whole(acted.state);
      const after = this.#machine.afterWhole(acted.state);
      const through = step(acted, after, undefined, { effort: EFFORT.hidden });
      if (wasCut) return [through];
      const cuts = this.#cuts(
        acted,
        whole,
        whole.operations.map((_, at) => at),
      );
      return [through, ...cuts.map((cut) => ({ ...cut, effort: cut.effort + EFFORT.hidden }))];
    });
  }

  #step(node: Node, seen: BootSeenInLog, last: boolean): readonly Node[] {
    return this.#actings(node).flatMap((acted) => {
      if (node.distance + leastDistance(this.#machine, acted.state, seen) > this.#limits.distanceMax) return [];
      const whole = this.#machine.whole(acted.state);
      const nodes = [...this.#through(acted, whole, seen, last)];
      if (seen.end === undefined && !last) nodes.push(...this.#cutShort(acted, whole, seen));
      return nodes;
    });
  }

  #through(acted: Node, whole: WholeBoot, seen: BootSeenInLog, last: boolean): readonly Node[] {
    const stops = last && seen.end === undefined;
    const lines = tokenDistance(seen.tokens, whole.tokens, { front: !seen.headSeen, back: stops });
    const misses: Miss[] = lines === 0 ? [] : [{ counts: lines, what: `lines ${seen.lines.join(" to ")} of the log` }];
    const ends = seen.end === whole.end || stops || seen.end === "recovery";
    if (!ends) misses.push({ counts: 2, what: `how the boot of lines ${seen.lines.join(" to ")} ended` });
    const role = seen.version === undefined ? undefined : this.#roles.of(seen.version);
    if (role !== undefined && whole.end === "ran" && role !== whole.running) {
      misses.push({ counts: 3, what: `version ${seen.version} ran` });
    }
    const after = this.#machine.afterWhole(acted.state);
    if (seen.appSpoke && seen.end === "ran" && whole.end === "ran" && !after.acts) {
      misses.push({ counts: 2, what: "an application spoke" });
    }
    return this.#near(acted, misses) ? [step(acted, after, undefined, { misses })] : [];
  }

  #cutShort(acted: Node, whole: WholeBoot, seen: BootSeenInLog): readonly Node[] {
    const front = !seen.headSeen;
    const distances = new Map<number, number>();
    const places = whole.operations.flatMap((_, at) => {
      const count = whole.tokensBefore[at] ?? 0;
      const known = distances.get(count) ?? tokenDistance(seen.tokens, whole.tokens.slice(0, count), { front });
      distances.set(count, known);
      return this.#near(acted, [{ counts: known, what: "" }]) ? [{ at, lines: known }] : [];
    });
    const cuts = this.#cuts(
      acted,
      whole,
      places.map(({ at }) => at),
    );
    return cuts.map((node) => {
      const lines = places.find(({ at }) => at === node.leg?.cut?.operation)?.lines ?? 0;
      const misses = lines === 0 ? [] : [{ counts: lines, what: `lines ${seen.lines.join(" to ")} of the log` }];
      return { ...node, distance: node.distance + lines, misses: [...node.misses, ...misses] };
    });
  }

  /** Boards that a cut at these operations leaves; torn where that can make a difference. */
  #cuts(acted: Node, whole: WholeBoot, places: readonly number[]): readonly Node[] {
    const wanted = new Set(places);
    const flash = acted.state.flash.snapshot();
    const nodes: Node[] = [];
    const mayTear = this.#limits.torn && acted.torn === 0;
    for (const [at, operation] of whole.operations.entries()) {
      if (wanted.has(at)) {
        nodes.push(this.#cut(acted, flash.snapshot(), { operation: at }));
        for (const torn of mayTear && this.#isTelling(operation) ? TEARS : []) {
          const half = flash.snapshot();
          half.apply(operation, torn);
          nodes.push(this.#cut(acted, half, { operation: at, torn }));
        }
      }
      flash.apply(operation);
    }
    return nodes;
  }

  #cut(acted: Node, flash: Parameters<Machine["cutState"]>[1], cut: Cut): Node {
    const state = this.#machine.cutState(acted.state, flash);
    const torn = cut.torn === undefined ? 0 : 1;
    return step(acted, state, cut, { effort: EFFORT.cut + torn * EFFORT.torn, torn });
  }

  /** Half a copy of data is copied again; half a trailer says something else. */
  #isTelling({ kind, offset }: FlashOperation): boolean {
    const { build } = this.#machine.world;
    const areas = build.images[0];
    if (kind === "erase" || areas === undefined) return true;
    const ends = [areas.primary, areas.secondary, ...(build.scratch ? [build.scratch] : [])];
    return ends.some(
      (area) => offset >= area.offset + area.bytes - build.sectorBytes && offset < area.offset + area.bytes,
    );
  }

  /** What an application may have done before the next boot. */
  #actings(node: Node): readonly Node[] {
    const { state } = node;
    if (!state.acts) return [node];
    const machine = this.#machine;
    const acted = (acts: readonly Act[], effort: number, torn = 0): Node => ({
      ...node,
      state: acts.reduce((board, act) => machine.act(board, act), state),
      effort: node.effort + effort,
      torn: node.torn + torn,
      acts: [...node.acts, ...acts],
    });
    const nodes = [node];
    const first = state.asked === 0;
    if (machine.canConfirm(state)) {
      nodes.push(acted([{ kind: "confirm" }], EFFORT.confirm), acted([{ kind: "erase" }], EFFORT.erase));
    }
    if (state.running === "old" && state.asked < 2) {
      const again = first ? 0 : EFFORT.askAgain;
      nodes.push(acted([{ kind: "ask" }], again));
      if (first) nodes.push(acted([{ kind: "upload" }], EFFORT.upload));
      nodes.push(...this.#cutRequests(node, acted, again));
      if (!first) nodes.push(acted([{ kind: "ask again" }], EFFORT.askAgain));
    }
    return nodes;
  }

  #cutRequests(
    node: Node,
    acted: (acts: readonly Act[], effort: number, torn?: number) => Node,
    effort: number,
  ): readonly Node[] {
    if (!this.#limits.torn) return [];
    const count = this.#machine.requestOperations(node.state);
    return Array.from({ length: count }, (_, operation) => operation).flatMap((operation) => {
      const clean = operation === 0 ? [] : [acted([{ kind: "ask", cut: { operation } }], effort + EFFORT.requestCut)];
      const torn =
        node.torn > 0
          ? []
          : TEARS.map((kind) =>
              acted([{ kind: "ask", cut: { operation, torn: kind } }], effort + EFFORT.requestCut + EFFORT.torn, 1),
            );
      return [...clean, ...torn];
    });
  }

  #near(node: Node, misses: readonly Miss[]): boolean {
    return node.distance + sum(misses) <= this.#limits.distanceMax;
  }

  /** The nearest and simplest boards, each once. */
  #kept(nodes: readonly Node[]): readonly Node[] {
    const best = new Map<string, Node>();
    for (const node of nodes) {
      const key = `${node.state.name} ${node.torn}`;
      const known = best.get(key);
      if (known === undefined || isBetter(node, known)) best.set(key, node);
    }
    const sorted = [...best.values()].toSorted((a, b) => a.distance - b.distance || a.effort - b.effort);
    if (sorted.length > this.#limits.width) this.#complete = false;
    return sorted.slice(0, this.#limits.width);
  }

  #ended(layer: readonly Node[]): readonly Fit[] {
    const { list, held, trailers, said } = this.#evidence;
    const asks = (list ?? held) !== undefined || trailers.length > 0 || said.size > 0;
    const more = asks ? layer.flatMap((node) => this.#later(node)) : [];
    return this.#kept([...layer, ...more])
      .map((node) => this.#fit(node))
      .filter(({ distance }) => distance <= this.#limits.distanceMax)
      .toSorted((a, b) => a.distance - b.distance || a.effort - b.effort);
  }

  /** What came after the last boot that was seen: an act, or one boot more. */
  #later(node: Node): readonly Node[] {
    const acted = this.#actings(node).slice(1);
    const booted = step(node, this.#machine.afterWhole(node.state), undefined, { effort: EFFORT.hidden + 0.5 });
    return [...acted, booted];
  }

  #fit(node: Node): Fit {
    const legs = waysTo(node).flatMap(({ leg }) => (leg ? [leg] : []));
    const all = [...legs, { acts: node.acts }];
    const misses = [...node.misses, ...finalMisses(this.#machine, node.state, all, this.#evidence, this.#roles)];
    return { legs, tail: node.acts, distance: sum(misses), effort: node.effort, misses, state: node.state };
  }
}

/** How an operation is torn in a search. */
const TEARS = ["head", "tail", "bits"] as const;

/** The board after one more boot. */
function step(
  acted: Node,
  state: BoardState,
  cut: Cut | undefined,
  more: { readonly effort?: number; readonly torn?: number; readonly misses?: readonly Miss[] },
): Node {
  const misses = more.misses ?? [];
  return {
    state,
    distance: acted.distance + sum(misses),
    effort: acted.effort + (more.effort ?? 0),
    torn: acted.torn + (more.torn ?? 0),
    leg: { acts: acted.acts, ...(cut && { cut }) },
    before: acted,
    acts: [],
    misses: [...acted.misses, ...misses],
  };
}

/** The boots that led to a board, first one first. */
function waysTo(node: Node): readonly Node[] {
  const way: Node[] = [];
  for (let at: Node | undefined = node; at !== undefined; at = at.before) way.unshift(at);
  return way;
}

function isBetter(one: Node, other: Node): boolean {
  return one.distance < other.distance || (one.distance === other.distance && one.effort < other.effort);
}

function sum(misses: readonly Miss[]): number {
  return misses.reduce((all, { counts }) => all + counts, 0);
}
