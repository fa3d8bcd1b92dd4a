import type { PowerSwitch } from "./switch.ts";

/** Every member of a switch but its closing; the compiler asks for the row of a new one. */
const MEMBERS = { facts: true, set: true, read: true, current: true, arm: true } as const satisfies Record<
  Exclude<keyof PowerSwitch, symbol>,
  true
>;

/** Members to replace; undefined for one that stays. */
type Change = { readonly [K in keyof PowerSwitch]?: PowerSwitch[K] | undefined };

/**
 * A switch with some of its members replaced; all others stay what they are, also those that only some switches have.
 * @param change a member that is given as undefined stays the switch's own.
 */
export function aroundSwitch(power: PowerSwitch, change: Change): PowerSwitch {
  const own = Object.fromEntries(
    (Object.keys(MEMBERS) as (keyof typeof MEMBERS)[]).flatMap((name) => {
      const member: unknown = power[name];
      if (member === undefined) return [];
      return [[name, typeof member === "function" ? member.bind(power) : member]];
    }),
  ) as Omit<PowerSwitch, typeof Symbol.asyncDispose>;
  const given = Object.fromEntries(Object.entries(change).filter(([, member]) => member !== undefined));
  return {
    ...own,
    ...given,
    [Symbol.asyncDispose]: change[Symbol.asyncDispose] ?? (() => power[Symbol.asyncDispose]()),
  };
}
