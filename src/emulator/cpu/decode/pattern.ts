/** Bits of an encoding that are fixed, and where the letters of its fields stand. */
export interface BitPattern {
  readonly bits: 16 | 32;
  readonly mask: number;
  readonly value: number;
  /** For each letter the positions of its bits, the highest first. */
  readonly letters: ReadonlyMap<string, readonly number[]>;
}

/**
 * Reads an encoding as the architecture's manual draws it: `0` and `1` are fixed, a letter is a bit of the field of that
 * name (bits of one letter belong together, the leftmost is the highest), `-` is ignored; blanks are for the reader.
 * @param text 16 bits, or 32 with the first halfword first
 * @throws RangeError for another length
 */
export function patternOf(text: string): BitPattern {
  const drawn = text.replaceAll(" ", "");
  if (drawn.length !== 16 && drawn.length !== 32) throw new RangeError(`${text}: ${drawn.length} bits`);
  const letters = new Map<string, number[]>();
  let mask = 0;
  let value = 0;
  for (let index = 0; index < drawn.length; index += 1) {
    const character = drawn.charAt(index);
    const position = drawn.length - 1 - index;
    if (character === "0" || character === "1") {
      mask |= 1 << position;
      value |= Number(character) << position;
    } else if (character !== "-") {
      const positions = letters.get(character) ?? [];
      positions.push(position);
      letters.set(character, positions);
    }
  }
  return { bits: drawn.length, mask, value, letters };
}

/** The field of a letter in an instruction; 0 where the encoding has none. */
export function fieldOf(pattern: BitPattern, letter: string, word: number): number {
  let field = 0;
  for (const position of pattern.letters.get(letter) ?? []) field = (field << 1) | ((word >>> position) & 1);
  return field;
}
