/**
 * Deepest nesting of lists and mappings. `JSON.parse` has no limit, but what looks at its value level by level, in calls
 * within calls, has one: `JSON.stringify`, `structuredClone` and schemas end in a RangeError at some thousand (measured,
 * Node 20: 10,000 levels, 20 KB of text).
 */
const DEPTH_MAX = 64;

/**
 * The value of a JSON text that somebody else wrote.
 * @throws SyntaxError for what is none, and for one that nests deeper than 64 levels.
 */
export function parseJson(text: string): unknown {
  if (nestsTooDeep(text)) throw new SyntaxError(`it nests deeper than ${DEPTH_MAX} levels`);
  return JSON.parse(text) as unknown;
}

/** The same where a text that is none says nothing: undefined then. */
export function jsonIn(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

const CODE = { quote: 0x22, backslash: 0x5c, list: 0x5b, mapping: 0x7b, listEnd: 0x5d, mappingEnd: 0x7d } as const;

function nestsTooDeep(text: string): boolean {
  if (text.length <= DEPTH_MAX || opensFew(text)) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === CODE.quote) {
      at = stringEnd(text, at);
    } else if (code === CODE.list || code === CODE.mapping) {
      depth += 1;
      if (depth > DEPTH_MAX) return true;
    } else if (code === CODE.listEnd || code === CODE.mappingEnd) {
      depth -= 1;
    }
  }
  return false;
}

/** Too few brackets to nest so deep, those in strings counted in: of most texts the search for them is all that it takes. */
function opensFew(text: string): boolean {
  let left = DEPTH_MAX;
  for (const bracket of ["[", "{"]) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      left -= 1;
      if (left < 0) return false;
    }
  }
  return true;
}

/** Where a string that begins at a quote ends: at its other quote, or with the text. */
function stringEnd(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === CODE.backslash) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
