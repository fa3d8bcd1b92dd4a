import { HEADER, HEADER_BYTES } from "../format/header.ts";
import { tlvLabel } from "../format/tlvs.ts";
import type { Mutant, MutationBootloader } from "./mutant.ts";
import { MutationBase, type MutationKeys } from "./mutation-base.ts";
import { MUTATIONS, REFUSED, WHY, wrongMagic } from "./mutation-rows.ts";

/** Where a file is cut off, as a part of it. */
const TRUNCATIONS = [
  // The flags read erased, and with them IMAGE_F_NON_BOOTABLE.
  { name: "in-header", outcome: "no image", at: () => 16 },
  {
    name: "in-body",
    outcome: REFUSED,
    at: (base: MutationBase) => base.image.headerRoom.length + (base.plainBody.length >> 1),
  },
  { name: "before-tlvs", outcome: REFUSED, at: (base: MutationBase) => base.areaOffset },
  { name: "in-tlv-header", outcome: REFUSED, at: (base: MutationBase) => base.lastTlvOffset + 2 },
  { name: "in-last-tlv", outcome: REFUSED, at: (base: MutationBase) => base.bytes.length - 12 },
] as const;

/**
 * Images that are wrong in one thing each, and a few that only look wrong, with what MCUboot must make of them as an
 * update (swap modes, overwrite; default build unless `bootloader` says otherwise).
 * @param image a whole image that verifies with the keys.
 * @throws ImageError, ConfigurationError as MutationBase.
 */
export function* mutations(
  image: Uint8Array,
  keys: MutationKeys,
  bootloader: MutationBootloader = {},
): Generator<Mutant> {
  const base = new MutationBase(image, keys);
  for (const row of MUTATIONS) {
    const bytes = row.make(base, bootloader);
    if (bytes === undefined) continue;
    const outcome = typeof row.outcome === "function" ? row.outcome(bootloader) : row.outcome;
    yield { name: row.name, bytes, outcome, why: row.why, runs: row.runs ?? true };
  }
  for (const { name, outcome, at } of TRUNCATIONS) {
    const bytes = base.bytes.slice(0, at(base));
    yield { name: `truncated-${name}`, bytes, outcome, why: `the rest reads erased. ${WHY.walk}`, runs: true };
  }
  yield* flips(base, bootloader);
}

/** One flipped bit in each field of the header, in the body, and in type, length and data of each TLV. */
function* flips(base: MutationBase, bootloader: MutationBootloader): Generator<Mutant> {
  const mutant = (name: string, offset: number, why: string): Mutant => {
    const outcome = name === "header-magic" ? wrongMagic(bootloader) : REFUSED;
    return { name: `flipped-${name}`, bytes: base.flipped(offset), outcome, why, runs: true };
  };
  for (const { name, offset } of HEADER) {
    yield mutant(`header-${name}`, offset, name === "magic" ? WHY.header : WHY.hash);
  }
  const bodyStart = base.image.headerRoom.length;
  if (base.hasHeaderPadding) yield mutant("header-padding", HEADER_BYTES, WHY.hash);
  yield mutant("body-first", bodyStart, WHY.hash);
  yield mutant("body-middle", bodyStart + (base.plainBody.length >> 1), WHY.hash);
  yield mutant("body-last", bodyStart + base.plainBody.length - 1, WHY.hash);
  const areas = [
    ["protected", base.image.protectedArea?.entries ?? []],
    ["tlv", base.image.area.entries],
  ] as const;
  for (const [area, entries] of areas) {
    for (const entry of entries) {
      const label = `${area}-${tlvLabel(entry.type).split(" ")[0]?.toLowerCase() ?? ""}`;
      const why = area === "protected" ? WHY.hash : `${tlvLabel(entry.type)} is needed as it is`;
      yield mutant(`${label}-type`, entry.offset, why);
      yield mutant(`${label}-length`, entry.offset + 2, why);
      yield mutant(`${label}-data`, entry.offset + 4 + (entry.data.length >> 1), why);
    }
  }
}
