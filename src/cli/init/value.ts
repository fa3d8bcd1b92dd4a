/** A value as it is typed: `1` is a number, `["a"]` a list, `{"path": "x"}` a mapping; the rest is text. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
