/** A backslash between double quotes is one only before these. */
const ESCAPED_IN_DOUBLE = new Set(['"', "\\"]);

/**
 * A command line as words, as a POSIX shell splits it; nothing is run or expanded. `""` is an empty word, a backslash
 * takes the next character as it is. Source: Python's shlex.split, which labgrid's ExternalPowerDriver uses.
 * @returns undefined for a quote that is not closed, or a backslash at the end.
 */
export function commandWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: '"' | "'" | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? "";
    const next = line[at + 1];
    if (quote !== undefined && character === quote) quote = undefined;
    else if (character === "\\" && quote !== "'" && (quote === undefined || ESCAPED_IN_DOUBLE.has(next ?? ""))) {
      if (next === undefined) return undefined;
      word = (word ?? "") + next;
      at += 1;
    } else if (quote !== undefined) word = (word ?? "") + character;
    else if (character === '"' || character === "'") {
      quote = character;
      word ??= "";
    } else if (/[ \t\r\n]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}
