import { parseJson } from "../../core/index.ts";

/** A value as it is typed: `1` is a number, `["a"]` a list, `{"path": "x"}` a mapping; the rest is text. */
export function valueOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
