import type { Attributer, History } from "../causes/attribute.ts";
import type { WorldShape } from "../world/world.ts";

/** A history in its world. */
export interface PlacedCase {
  readonly shape: WorldShape;
  readonly history: History;
}

/** How large a case is: what a minimiser makes smaller. */
export interface CaseSize {
  readonly boots: number;
  readonly cuts: number;
  readonly imageBytes: number;
}

/** Passes over all ways to make a case simpler, until none helps. */
const ROUNDS_MAX = 100;
/** No image is made shorter than these. */
const SMALLER_BYTES = [3000, 5000] as const;

/**
 * The simplest case with the same cause: fewest boots, fewest cuts, whole cuts instead of torn ones, the earliest
 * operation, a plain request for a test, small plain images. Each step is kept only if the cause stays the same.
 */
export function minimise(attributer: Attributer, cause: string, found: PlacedCase): PlacedCase {
  let best = found;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const simpler = simplerCases(best).find((placed) => isSame(attributer, cause, placed));
    if (simpler === undefined) break;
    best = simpler;
  }
  return earliest(attributer, cause, best);
}

/** What a case consists of. */
export function sizeOf({ shape, history }: PlacedCase): CaseSize {
  const cuts = history.legs.filter(({ cut }) => cut !== undefined).length;
  const asked = history.legs.flatMap(({ acts }) => acts).filter((act) => act.kind === "ask" && act.cut !== undefined);
  return { boots: history.legs.length, cuts: cuts + asked.length, imageBytes: shape.oldBytes + shape.newBytes };
}

function isSame(attributer: Attributer, cause: string, { shape, history }: PlacedCase): boolean {
  try {
    return attributer.attribute(shape, history)?.cause === cause;
  } catch (error) {
    // An image that does not fit, an act where nothing runs: no case at all.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** One step simpler, the most telling first. */
function simplerCases({ shape, history }: PlacedCase): readonly PlacedCase[] {
  const { legs, tail } = history;
  const withLegs = (next: History["legs"]): PlacedCase => ({ shape, history: { legs: next, tail } });
  const shorter = legs.map((leg, at) => {
    const rest = legs.filter((_, other) => other !== at);
    const heir = rest[at];
    // What was done before the boot is done before the next one.
    if (heir === undefined || leg.acts.length === 0) return rest;
    return rest.map((other, place) => (place === at ? { ...other, acts: [...leg.acts, ...other.acts] } : other));
  });
  const uncut = legs.flatMap((leg, at) =>
    leg.cut === undefined ? [] : [legs.map((other, place) => (place === at ? { acts: other.acts } : other))],
  );
  const whole = legs.flatMap(({ cut }, at) =>
    cut?.torn === undefined
      ? []
      : [legs.map((other, place) => (place === at ? { acts: other.acts, cut: { operation: cut.operation } } : other))],
  );
  const plainer: readonly Partial<WorldShape>[] = [
    ...(shape.encrypted ? [{ encrypted: false }] : []),
    ...(shape.permanent ? [{ permanent: false }] : []),
    ...(shape.padded ? [{ padded: false }] : []),
    ...(shape.networkCore ? [{ networkCore: false }] : []),
    ...(shape.downgrade ? [{ downgrade: false }] : []),
    ...(shape.downgradePrevention ? [{ downgradePrevention: false }] : []),
    ...(shape.damage === "none" ? [] : [{ damage: "none" as const }]),
    ...(shape.oldBytes > SMALLER_BYTES[0] ? [{ oldBytes: SMALLER_BYTES[0] }] : []),
    ...(shape.newBytes > SMALLER_BYTES[1] ? [{ newBytes: SMALLER_BYTES[1] }] : []),
  ];
  return [
    ...shorter.map(withLegs),
    ...uncut.map(withLegs),
    ...(tail.length > 0 ? [{ shape, history: { legs, tail: [] } }] : []),
    ...whole.map(withLegs),
    ...plainer.flatMap((change) =>
      [0, ...WRITES_LESS].map((fewer) => ({
        shape: { ...shape, ...change },
        history: { legs: sooner(legs, fewer), tail },
      })),
    ),
  ];
}

/** Without encryption a swap has two writes fewer, those of the keys; for a test one, that of image_ok. */
const WRITES_LESS = [1, 2] as const;

function sooner(legs: History["legs"], by: number): History["legs"] {
  if (by === 0) return legs;
  return legs.map((leg) =>
    leg.cut === undefined ? leg : { ...leg, cut: { ...leg.cut, operation: Math.max(0, leg.cut.operation - by) } },
  );
}

/** Each cut as early as the cause allows, the first one first. */
function earliest(attributer: Attributer, cause: string, found: PlacedCase): PlacedCase {
  let best = found;
  for (const [at, { cut }] of found.history.legs.entries()) {
    for (let operation = 0; operation < (cut?.operation ?? 0); operation += 1) {
      const legs = best.history.legs.map((leg, place) =>
        place === at && leg.cut ? { ...leg, cut: { ...leg.cut, operation } } : leg,
      );
      const earlier = { shape: best.shape, history: { legs, tail: best.history.tail } };
      if (!isSame(attributer, cause, earlier)) continue;
      best = earlier;
      break;
    }
  }
  return best;
}
