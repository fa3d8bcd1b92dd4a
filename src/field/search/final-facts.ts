import { readTrailer } from "../../mcuboot/index.ts";
import type { BootSeenInLog, FieldEvidence, SaidFact, SlotSeen } from "../evidence/evidence.ts";
import type { BoardState, Leg, Machine, Running } from "../world/machine.ts";
import type { Roles } from "./roles.ts";

/** Something of the evidence that a history does not show, and how much that counts. */
export interface Miss {
  readonly counts: number;
  readonly what: string;
}

const FLAGS = ["pending", "confirmed", "active", "permanent"] as const;

/** What of the evidence about the end of it all does not fit this board. */
export function finalMisses(
  machine: Machine,
  state: BoardState,
  legs: readonly Leg[],
  evidence: FieldEvidence,
  roles: Roles,
): readonly Miss[] {
  const given = evidence.list ?? evidence.held;
  const dead = evidence.list !== undefined && !state.acts ? [NOBODY_LISTS] : [];
  const list = given === undefined ? [] : [...dead, ...listMisses(machine, state, given, roles)];
  return [...list, ...trailerMisses(machine, state, evidence), ...saidMisses(machine, state, legs, evidence)];
}

const NOBODY_LISTS: Miss = { counts: 2, what: "an image list was read, and nothing runs that could send one" };

function listMisses(machine: Machine, state: BoardState, list: readonly SlotSeen[], roles: Roles): readonly Miss[] {
  const shown = machine.list(state).filter(({ image }) => image === 0);
  const seen = list.filter(({ image }) => image === 0);
  return ([0, 1] as const).flatMap((slot): Miss[] => {
    const [there, told] = [shown.find((entry) => entry.slot === slot), seen.find((entry) => entry.slot === slot)];
    if (there === undefined && told === undefined) return [];
    if (there === undefined || told === undefined) {
      return [{ counts: 2, what: `slot ${slot} ${told ? "is listed" : "is not listed"}` }];
    }
    const role = told.version === undefined ? undefined : roles.of(told.version);
    const own = roles.nameOf(machine.world.shape, there.version);
    const version =
      role === undefined || role === own ? [] : [{ counts: 2, what: `slot ${slot} holds ${told.version}` }];
    const flags = FLAGS.filter((flag) => there[flag] !== told[flag]).map((flag) => ({
      counts: 1,
      what: `slot ${slot} is ${told[flag] ? "" : "not "}${flag}`,
    }));
    return [...version, ...flags];
  });
}

/** As the bootloader prints it: magic, swap type, copy_done, image_ok. */
function trailerAsSeen(machine: Machine, state: BoardState, slot: 0 | 1): string {
  const { build } = machine.world;
  const areas = build.images[0];
  if (areas === undefined) return "";
  const { magic, swapType, copyDone, imageOk } = readTrailer(
    state.flash.still(),
    build,
    slot === 0 ? areas.primary : areas.secondary,
  );
  return `${magic} ${swapType} ${copyDone} ${imageOk}`;
}

/**
 * What a boot of this board is apart from a boot that was seen at least, by the two trailers alone: a boot costs a
 * hundred times as much as a look at them.
 */
export function leastDistance(machine: Machine, { flash }: BoardState, seen: BootSeenInLog): number {
  const { build, shape } = machine.world;
  const areas = build.images[0];
  if (!seen.headSeen || areas === undefined || !SWAPS.has(shape.mode) || flash.isDoubtful()) return 0;
  return (
    [
      ["Primary image", areas.primary],
      ["Secondary image", areas.secondary],
    ] as const
  )
    .map(([name, area]) => {
      const told = seen.tokens.find((token) => token.startsWith(`swap state area=${name}`));
      const { magic, swapCode, copyDone, imageOk } = readTrailer(flash, build, area);
      const own = `swap state area=${name} magic=${magic} swapType=0x${swapCode} copyDone=0x${CODE[copyDone]} imageOk=0x${CODE[imageOk]}`;
      return told === undefined || told === own ? 0 : 2;
    })
    .reduce<number>((all, one) => all + one, 0);
}

const SWAPS = new Set(["move", "offset", "scratch"]);
/** Source: MCUboot bootutil_public.h BOOT_FLAG_*. */
const CODE = { set: 1, bad: 2, unset: 3 } as const;

function trailerMisses(machine: Machine, state: BoardState, { trailers }: FieldEvidence): readonly Miss[] {
  return trailers
    .filter(({ slot, text }) => trailerAsSeen(machine, state, slot) !== text)
    .map(({ slot, text }) => ({ counts: 1.5, what: `the trailer of slot ${slot} says ${text}` }));
}

interface Ended {
  readonly machine: Machine;
  readonly state: BoardState;
  readonly legs: readonly Leg[];
  /** What runs, or would with the next boot. */
  readonly running: Running;
}

/** How much a fact counts that a history does not bear out. */
const SAID: Readonly<Record<SaidFact, { readonly counts: number; readonly holds: (ended: Ended) => boolean }>> = {
  "does not boot": { counts: 2, holds: ({ running }) => running === "none" },
  "old runs": { counts: 2, holds: ({ running }) => running === "old" },
  "new runs": { counts: 2, holds: ({ running }) => running === "new" },
  "power was lost": { counts: 0.5, holds: ({ legs }) => legs.some((leg) => isCut(leg)) },
  "nobody confirmed": { counts: 2, holds: ({ legs }) => !confirms(legs) },
  confirmed: { counts: 1, holds: ({ legs, machine }) => confirms(legs) || machine.world.shape.permanent },
  encrypted: { counts: 1, holds: ({ machine }) => machine.world.shape.encrypted },
  "reboots for ever": {
    counts: 2,
    holds: ({ machine, state }) => machine.world.shape.afterUpdate === "resets" && state.updated,
  },
  "application never starts": {
    counts: 2,
    holds: ({ machine, state, running }) =>
      running === "none" || (machine.world.shape.afterUpdate === "hangs" && state.updated),
  },
  "upload refused": { counts: 1, holds: ({ machine, state }) => isTaken(machine, state) },
  permanent: { counts: 0.5, holds: ({ machine }) => machine.world.shape.permanent },
  "network core": { counts: 0.5, holds: ({ machine }) => machine.world.shape.networkCore },
  "first update": { counts: 0.25, holds: ({ machine }) => machine.world.shape.padded },
};

function saidMisses(
  machine: Machine,
  state: BoardState,
  legs: readonly Leg[],
  { said }: FieldEvidence,
): readonly Miss[] {
  const running = state.running === "none" ? machine.whole(state).running : state.running;
  const ended = { machine, state, legs, running };
  const misses = [...said]
    .filter((fact) => !SAID[fact].holds(ended))
    .map((fact) => ({ counts: SAID[fact].counts, what: `"${fact}" was said` }));
  const { afterUpdate } = machine.world.shape;
  const dead = afterUpdate !== "starts" && state.updated && running !== "none";
  const told = said.has("reboots for ever") || said.has("application never starts");
  return dead && !told ? [...misses, { counts: 1, what: "nobody said that the application does not start" }] : misses;
}

function isCut({ cut, acts }: Leg): boolean {
  return cut !== undefined || acts.some((act) => act.kind === "ask" && act.cut !== undefined);
}

function confirms(legs: readonly Leg[]): boolean {
  return legs.some(({ acts }) => acts.some(({ kind }) => kind === "confirm"));
}

/** The application takes no upload: slot 1 is asked for, or holds what a revert needs. Source: Zephyr img_mgmt.c. */
function isTaken(machine: Machine, state: BoardState): boolean {
  const areas = machine.world.build.images[0];
  if (areas === undefined) return false;
  return readTrailer(state.flash.still(), machine.world.build, areas.secondary).magic === "good";
}
