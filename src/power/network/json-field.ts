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
