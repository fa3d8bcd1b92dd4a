import { createRequire } from "node:module";
import type * as Re2 from "re2js";
import { ConfigurationError, messageOf } from "../errors.ts";

const load = createRequire(import.meta.url);
/** The engine, loaded with the first pattern: most commands have none. */
const re2 = (): typeof Re2 => load("re2js");

/** Longest pattern, in characters. */
const PATTERN_CHARS_MAX = 1000;
/** Steps of a compiled pattern: each may be looked at for every character. Counted repeats multiply them. */
const STEPS_MAX = 1000;

/**
 * A regular expression that somebody wrote, for text that somebody else sends (a board, a switch, a program). Its time
 * grows with the text's length only, whatever the two of them are: the engine (re2js) follows all ways at once and
 * never goes back. So it has no look-ahead or look-behind and no back references.
 */
export interface Pattern {
  readonly source: string;
  test(text: string): boolean;
  /** The first place where it matches, from its first character to behind its last one. */
  find(text: string): { readonly start: number; readonly end: number } | undefined;
  /** What a named group matched at the first place; undefined where nothing matches, or the pattern has no such group. */
  captured(text: string, group: string): string | undefined;
}

/** @throws ConfigurationError for what is no regular expression, or none that takes linear time. */
export function compilePattern(source: string): Pattern {
  const compiled = compiledPattern(source);
  return {
    source,
    test: (text) => compiled.matcher(text).find(),
    find(text) {
      const matcher = compiled.matcher(text);
      return matcher.find() ? { start: matcher.start(), end: matcher.end() } : undefined;
    },
    captured(text, group) {
      if (!source.includes(`(?<${group}>`)) return undefined;
      const matcher = compiled.matcher(text);
      return matcher.find() ? (matcher.group(group) ?? undefined) : undefined;
    },
  };
}

/** Why a text is no pattern; undefined when it is one. */
export function patternFault(source: string): string | undefined {
  try {
    compiledPattern(source);
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/\.$/, "");
  }
}

/** What JavaScript's expressions have and a linear engine has not. */
const REFUSED = [
  { what: /\(\?<?[=!]/, name: "look-ahead and look-behind" },
  { what: /\\[1-9]|\\k</, name: "back references" },
] as const;

/** @throws ConfigurationError as compilePattern. */
export function compiledPattern(source: string): Re2.RE2JS {
  if (source === "") throw new ConfigurationError("an empty pattern matches everything.");
  if (source.length > PATTERN_CHARS_MAX) {
    throw new ConfigurationError(`a pattern of ${source.length} characters is too long: at most ${PATTERN_CHARS_MAX}.`);
  }
  // What is escaped or stands in brackets means itself.
  const bare = source.replaceAll(/\\[^1-9k]|\[(?:\\.|[^\]\\])*\]/gs, "_");
  const refused = REFUSED.find(({ what }) => what.test(bare));
  if (refused) {
    throw new ConfigurationError(
      `/${source}/ has ${refused.name}: no pattern may, as a log could make it take forever.`,
    );
  }
  const { RE2JS } = re2();
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
    if (compiled.programSize() <= STEPS_MAX) return compiled;
  } catch (error) {
    throw new ConfigurationError(`/${source}/ is no regular expression: ${messageOf(error)}.`, "", { cause: error });
  }
  throw new ConfigurationError(`/${source}/ counts too high: its repeats make it too long.`);
}
