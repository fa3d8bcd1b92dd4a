import {
  type ContentJudge,
  contentJudge,
  type GenerationRow,
  type Stage,
  type SweepFinding,
} from "../../mcuboot/index.ts";
import { type Act, type BoardState, type Leg, Machine, type ShownBoot } from "../world/machine.ts";
import { type World, type WorldShape, worldOf } from "../world/world.ts";
import { CAUSES } from "./causes.ts";

/** A history, as far as it decides what a board shows. */
export interface History {
  readonly legs: readonly Leg[];
  readonly tail: readonly Act[];
}

/** Why a history in a world ends as it does: the id of a cause, or "new: CLASS" for what is on no record. */
interface Attributed {
  readonly cause: string;
  /** The boot from which it shows, from 0; undefined: all of it. */
  readonly boot?: number;
}

/** Worlds and their machines: a history is walked in several that differ by one column. */
export class Attributer {
  readonly #machines = new Map<string, Machine>();
  readonly #judges = new WeakMap<World, ContentJudge>();

  machine(shape: WorldShape): Machine {
    const { generation, ...rest } = shape;
    const key = JSON.stringify([rest, generation]);
    const known = this.#machines.get(key);
    if (known !== undefined) return known;
    const made = new Machine(worldOf(shape));
    this.#machines.set(key, made);
    return made;
  }

  /** Boots that all machines worked out. */
  get booted(): number {
    return [...this.#machines.values()].reduce((all, machine) => all + machine.booted, 0);
  }

  /** The cause of what a history shows; undefined: the world's fault did nothing in it. */
  attribute(shape: WorldShape, history: History): Attributed | undefined {
    const machine = this.machine(shape);
    const walked = machine.walk(history.legs);
    const own = this.#faultOf(shape);
    if (own !== undefined) {
      const differs = this.#differs(walked, { ...shape, ...own.without }, history);
      return differs ? { cause: own.id } : undefined;
    }
    const column = CAUSES.find(({ mended, modes, id }) => {
      if (mended === undefined || !modes.includes(shape.mode) || (id === "R35" && !shape.networkCore)) return false;
      if (Object.entries(mended).every(([name, value]) => shape.generation[name as keyof GenerationRow] === value))
        return false;
      return this.#differs(walked, { ...shape, generation: { ...shape.generation, ...mended } }, history);
    });
    if (column !== undefined) return { cause: column.id };
    return this.#found(machine, history, walked) ?? { cause: designedCause(machine, history, walked) };
  }

  /** The fault that is switched on in a world, and the world without it. */
  #faultOf(shape: WorldShape): { readonly id: string; readonly without: Partial<WorldShape> } | undefined {
    const [defect] = shape.defects;
    if (defect !== undefined) {
      const mended = CAUSES.find(({ id }) => id === defect)?.mended;
      const generation = mended && { ...shape.generation, ...mended };
      return { id: defect, without: { defects: [], ...(generation && { generation }) } };
    }
    if (shape.uploadsToStart) return { id: "R27-2268", without: { uploadsToStart: false } };
    if (shape.afterUpdate === "resets") return { id: "DZ-105028", without: { afterUpdate: "starts" } };
    if (shape.afterUpdate === "hangs") return { id: "DZ-126603", without: { afterUpdate: "starts" } };
    return undefined;
  }

  #differs(walked: ReturnType<Machine["walk"]>, other: WorldShape, { legs }: History): boolean {
    const sound = this.machine(other).walk(legs);
    return (
      JSON.stringify(walked.shown.map(shownText)) !== JSON.stringify(sound.shown.map(shownText)) ||
      endText(this.machine(other), sound.states.at(-1)) !== endText(this.machine(other), walked.states.at(-1))
    );
  }

  /** A finding of the sweep's rules that this history runs into, and that it shows. */
  #found(machine: Machine, { legs }: History, walked: ReturnType<Machine["walk"]>): Attributed | undefined {
    const { world } = machine;
    if (!["move", "offset", "scratch"].includes(world.shape.mode) || world.shape.damage !== "none") return undefined;
    if (world.shape.downgrade && world.shape.downgradePrevention) return undefined;
    const asked = legs.findLastIndex(({ acts }) => acts.some(({ kind }) => kind === "ask"));
    if (asked < 0 || legs.some(({ acts }) => acts.some(({ kind }) => kind === "confirm"))) return undefined;
    if (walked.shown.some(({ tokens }) => tokens.some((token) => REFUSED.test(token)))) return undefined;
    const judge = this.#judgeOf(world);
    let [cuts, torn, tried] = [0, 0, false];
    let stage: Stage = "asked";
    for (const [at, leg] of legs.entries()) {
      if (at < asked) continue;
      const request = leg.acts.find((act) => act.kind === "ask")?.cut;
      if (request !== undefined) {
        stage = "asking";
        if (request.torn !== undefined) torn += 1;
        cuts += 1;
      }
      const before = stateBefore(machine, leg, walked.states[at]);
      if (before === undefined) return undefined;
      const finding = judge(before.flash, stage, { cuts, torn })[0];
      if (finding !== undefined && shows(finding, walked.shown.slice(at), legs.slice(at), machine)) {
        return { cause: finding.known ?? (isStuck(finding) ? "R20-2199" : `new: ${finding.class}`), boot: at };
      }
      if (leg.cut !== undefined) {
        cuts += 1;
        if (leg.cut.torn !== undefined) torn += 1;
      }
      const { running } = walked.shown[at] ?? { running: "none" };
      if (running === "new") [stage, tried] = ["tried", true];
      else if (running === "old" && tried) stage = "back";
    }
    return undefined;
  }

  #judgeOf(world: World): ContentJudge {
    const known = this.#judges.get(world);
    if (known !== undefined) return known;
    const { build, old, next, shape } = world;
    const made = contentJudge({ build, old, next, permanent: shape.permanent });
    this.#judges.set(world, made);
    return made;
  }
}

/** The bootloader said why it takes no update: its image is at fault. */
const REFUSED = /^(no space|incompatible slots|sectors unread|insufficient version|wrong )/;

function stateBefore(machine: Machine, leg: Leg, state: BoardState | undefined): BoardState | undefined {
  if (state === undefined) return undefined;
  return leg.acts.reduce((board, act) => (board.acts ? machine.act(board, act) : board), state);
}

function isStuck({ class: name }: SweepFinding): boolean {
  return name === "endless loop";
}

/** A finding counts as the cause of what was seen only where its effect is among that. */
function shows(finding: SweepFinding, shown: readonly ShownBoot[], legs: readonly Leg[], { world }: Machine): boolean {
  const whole = shown.filter((_, at) => legs[at]?.cut === undefined);
  switch (finding.class) {
    case "brick":
    case "failed boot":
      return whole.some(({ running }) => running === "none");
    case "wrong image":
      return whole.some(({ running }) => running === "other" || running === "none");
    case "request lost":
    case "request postponed":
    case "comes back":
      return whole.length > 0;
    case "request weakened":
      return whole.length > 1;
    case "fallback lost":
      return whole.some(({ tokens }) => tokens.includes("image invalid slot=secondary"));
    case "never reverts":
      return whole.filter(({ running }) => running === "new").length > 1 && !world.shape.permanent;
    case "endless loop":
      return whole.length > 1;
    case "leak":
      return false;
  }
}

/** What is no fault: by what was asked for, done and shown; the first that holds. */
function designedCause({ world }: Machine, { legs, tail }: History, { shown }: ReturnType<Machine["walk"]>): string {
  const acts = [...legs.flatMap((leg) => leg.acts), ...tail];
  const said = (token: string) => shown.some(({ tokens }) => tokens.some((one) => one.startsWith(token)));
  const ran = shown.filter(({ running }) => running !== "none").map(({ running }) => running);
  const last = ran.at(-1);
  if (said("downgrade prevented") || said("insufficient version")) return "downgrade";
  if (said("no space")) return "too long";
  if (said("incompatible slots") || said("sectors unread")) return "SZ-3080";
  if (said("image invalid slot=secondary")) return "refused";
  if (ran.includes("new") && last === "old") return "unconfirmed";
  if (ran.includes("new")) return legs.some(({ cut }) => cut !== undefined) ? "cut and resumed" : "as asked";
  if (acts.some((act) => act.kind === "ask" && act.cut !== undefined)) return "request cut";
  if (world.shape.damage !== "none" && acts.some(({ kind }) => kind === "ask") && shown.length > 0) return "refused";
  if (!acts.some(({ kind }) => kind === "ask" || kind === "ask again")) return "not asked for";
  return legs.some(({ cut }) => cut !== undefined) ? "cut and resumed" : "as asked";
}

function shownText({ tokens, end, running }: ShownBoot): unknown {
  return [tokens, end, running];
}

/** What could be seen of a board's end beyond its boots. */
function endText(machine: Machine, state: BoardState | undefined): string {
  if (state === undefined) return "";
  const list = machine
    .list(state)
    .map(({ slot, version, pending, confirmed, active, permanent }) =>
      [slot, version, pending, confirmed, active, permanent].join(),
    );
  return [...list, state.acts, state.running].join(" ");
}
