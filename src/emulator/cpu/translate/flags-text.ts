/**
 * Where a flag is. `kept`: in the locals c or v. `difference`, `sum`: of fa - fb, of fa + fb. `wide`: of an addition with
 * carry, fa + fb + carry, whose result is fr. So flags cost nothing where nobody asks for them.
 */
type Source = "kept" | "difference" | "sum" | "wide";

/** Of both flags. `unknown`: as the local fk says. */
export type Sources = { readonly carry: Source; readonly overflow: Source } | "unknown";

/** Source: Armv8-M ARM (DDI 0553), AddWithCarry. */
const CARRY: Readonly<Record<Source, string>> = {
  kept: "c!==0",
  difference: "(fa>>>0)>=(fb>>>0)",
  sum: "((fa+fb)>>>0)<(fa>>>0)",
  wide: "((fa&fb)|((fa|fb)&~fr))<0",
};

const OVERFLOW: Readonly<Record<Source, string>> = {
  kept: "v!==0",
  difference: "((fa^fb)&(fa^(fa-fb)))<0",
  sum: "((fa^(fa+fb))&(fb^(fa+fb)))<0",
  wide: "((fa^fr)&(fb^fr))<0",
};

/** Carry as a condition. */
export const carryIs = (source: Source) => `(${CARRY[source]})`;
export const overflowIs = (source: Source) => `(${OVERFLOW[source]})`;

/** Carry as 0 or 1. */
export function carryText(source: Source): string {
  if (source === "kept") return "c";
  return source === "wide" ? "(((fa&fb)|((fa|fb)&~fr))>>>31)" : `(${CARRY[source]}?1:0)`;
}

export function overflowText(source: Source): string {
  return source === "kept" ? "v" : `(${OVERFLOW[source]}?1:0)`;
}

const ORDER: readonly Source[] = ["kept", "difference", "sum", "wide"];

/** As a number: 0 to 3 where both flags have one source, and 3 more where the carry is kept and the overflow is not. */
export function kindOf({ carry, overflow }: Exclude<Sources, "unknown">): number {
  return ORDER.indexOf(overflow) + (carry === "kept" && overflow !== "kept" ? 3 : 0);
}

/** Brings flags of any kind into c and v. */
export const NORMALISE = [
  "if(fk!==0){",
  `if(fk<4)c=fk===1?${carryText("difference")}:fk===2?${carryText("sum")}:${carryText("wide")};else fk-=3;`,
  `v=fk===1?${overflowText("difference")}:fk===2?${overflowText("sum")}:${overflowText("wide")};fk=0}`,
].join("");

/** N, Z, C and V from what a region leaves: `Core` has them as numbers. */
interface LeftFlags {
  readonly fa: number;
  readonly fb: number;
  readonly fr: number;
}

/** The same as `NORMALISE`, outside of a region. @param kind as `kindOf`, not 0 @returns C in bit 0, V in bit 1 */
export function carryAndOverflowOf(kind: number, c: number, { fa, fb, fr }: LeftFlags): number {
  const source = kind > 3 ? kind - 3 : kind;
  const result = source === 1 ? (fa - fb) | 0 : source === 2 ? (fa + fb) | 0 : fr;
  const b = source === 1 ? ~fb : fb;
  const overflow = ((fa ^ result) & (b ^ result)) >>> 31;
  const carry = kind > 3 ? c : ((fa & b) | ((fa | b) & ~result)) >>> 31;
  return carry | (overflow << 1);
}

type Texts = { readonly carry: () => string; readonly overflow: () => string };

/** Conditions in pairs, the second the contrary of the first. Source: Armv8-M ARM (DDI 0553), C1.3.1. */
const PAIRS: readonly ((texts: Texts) => string)[] = [
  () => "nz===0",
  ({ carry }) => carry(),
  () => "nz<0",
  ({ overflow }) => overflow(),
  ({ carry }) => `(${carry()}&&nz!==0)`,
  ({ overflow }) => `(nz<0)===${overflow()}`,
  ({ overflow }) => `(nz!==0&&(nz<0)===${overflow()})`,
];

/** The same right behind a comparison: fa - fb, and nz its result. */
const COMPARED: Readonly<Record<number, string>> = {
  0: "fa===fb",
  4: "(fa>>>0)>(fb>>>0)",
  5: "fa>=fb",
  6: "fa>fb",
};

/** @param condition 0 to 13 @param isCompared nz and both flags are of the same difference */
export function conditionText(condition: number, texts: Texts, isCompared: boolean): string {
  const pair = condition >> 1;
  const text = (isCompared ? COMPARED[pair] : undefined) ?? PAIRS[pair]?.(texts);
  return (condition & 1) === 0 ? `${text}` : `!(${text})`;
}
