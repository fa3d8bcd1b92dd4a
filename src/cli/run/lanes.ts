/** Things in their order, as lanes: those of one key one after another, and lanes beside one another. */
export function lanesOf<T>(things: readonly T[], keyOf: (thing: T) => unknown): readonly (readonly T[])[] {
  const lanes = new Map<unknown, T[]>();
  for (const thing of things) {
    const key = keyOf(thing);
    const lane = lanes.get(key) ?? [];
    lanes.set(key, lane);
    lane.push(thing);
  }
  return [...lanes.values()];
}

/** Does something with each thing; one of a lane begins when the one before it in that lane has ended. */
export async function inLanes<T>(lanes: readonly (readonly T[])[], act: (thing: T) => Promise<void>): Promise<void> {
  await Promise.all(
    lanes.map(async (lane) => {
      for (const thing of lane) await act(thing);
    }),
  );
}
