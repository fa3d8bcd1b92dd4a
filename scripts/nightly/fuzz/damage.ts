import type { Random } from "../../../src/core/index.ts";
import { damaged } from "../../../src/image/testing/fuzz.ts";
import { damagedJson } from "./damage-json.ts";
import type { FuzzSource } from "./source.ts";

/** Longest input, in bytes: longer ones find what shorter ones do, and take longer. */
const BYTES_MAX = 65_536;
const REPEATS_MAX = 2_000;

/** Words that mean something to one of the languages: YAML, JSON, regular expressions, numbers, paths, terminals. */
const WORDS: readonly string[] = [
  ...["", "~", "null", "true", "-1", "0x", "1e999", "-0", ".nan", ".inf", "9007199254740993", "9".repeat(400)],
  ...["[", "]", "{", "}", "&a ", "*a", "<<: *a", "? ", "- ", ": ", "|", ">", "!!binary ", "!x ", "%YAML 1.1\n---\n"],
  ...["'", '"', "\\", "\u0000", "\u001B]0;", "\uFEFF", "\uFFFD", "\u202E", "\r", "\n", "\t", "\n---\n", "#"],
  ...["__proto__", "constructor", "toString", "length", '{"a":1}', "[1]", "schema: 1\n"],
  ...["(a*)*", "(?=a)", "\\1", "x{1,999}", "[^", "+250", "$&", "{hex}", "${X}", "!template "],
  ...["../../etc/passwd", "/dev/zero", "http://x:y@[::1", "builtin:", "cache:", "-----BEGIN PRIVATE KEY-----"],
];
const REPEATED = ["[", "{", "a", " ", "\n", "- ", "a: ", "(", "*", "9", "&a [*a", '"', "é", "|"];

/** One input of a source: a good one with one to four things wrong with it, or at times with nothing wrong at all. */
export function inputOf(source: FuzzSource, seeds: readonly Uint8Array[], random: Random): Uint8Array {
  const seed = seeds[random.below(seeds.length)] ?? new Uint8Array();
  if (random.chance({ of: 1, in: 50 })) return seed;
  if (source.kind === "bytes" || (source.kind === "text" && random.chance({ of: 1, in: 5 })))
    return damaged(random, seed).subarray(0, BYTES_MAX);
  let text = Buffer.from(seed).toString("utf8");
  const isJson = source.kind === "json" && random.chance({ of: 7, in: 8 });
  // What is checked as strictly as our own records seldom bears more than one odd value.
  const more = isJson && random.chance({ of: 3, in: 4 }) ? 0 : random.below(4);
  for (let time = more; time >= 0; time -= 1) {
    text = isJson ? damagedJson(random, text, (inner) => damagedText(random, inner)) : damagedText(random, text);
  }
  return new Uint8Array(Buffer.from(text.slice(0, BYTES_MAX)));
}

function damagedText(random: Random, text: string): string {
  const one = <T>(of: readonly T[]) => of[random.below(of.length)] as T;
  const at = random.below(text.length + 1);
  const lines = text.split("\n");
  const line = random.below(lines.length);
  switch (random.below(8)) {
    case 0:
      return text.slice(0, at) + one(WORDS) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + random.below(8));
    case 2:
      // What stands behind a colon, or all of the line.
      return lines
        .with(
          line,
          (lines[line] ?? "").replace(/(:\s*).*$|^.*$/, (_, colon = "") => `${colon}${one(WORDS)}`),
        )
        .join("\n");
    case 3:
      return lines.toSpliced(line, 0, one(lines)).join("\n");
    case 4:
      return lines.toSpliced(line, 1 + random.below(3)).join("\n");
    case 5:
      return random.chance({ of: 1, in: 4 })
        ? text.slice(0, at) + one(REPEATED).repeat(1 + random.below(REPEATS_MAX)) + text.slice(at)
        : text.slice(0, at) + one(REPEATED).repeat(1 + random.below(70)) + text.slice(at);
    case 6:
      return text.replaceAll(/\d+/g, (digits) => (random.chance({ of: 1, in: 6 }) ? one(WORDS) : digits));
    default:
      return text.slice(0, at) + text.slice(0, at).slice(-random.below(200)) + text.slice(at);
  }
}
