/** A JSON text as a value; undefined when it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * A field inside a value by a path of names and places with dots between: `result.output`, `outputs.0.state`. The empty
 * path is the value itself.
 * @returns undefined when there is no such field.
 */
export function fieldAt(value: unknown, path: string): unknown {
  let found = value;
  for (const key of path === "" ? [] : path.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}
