import { createRequire } from "node:module";
import type * as Yaml from "yaml";
import type { Node } from "yaml";
import type { FieldPath } from "./config-problems.ts";

const load = createRequire(import.meta.url);

/**
 * The same YAML text with some of its texts replaced. Nothing to replace: the very same text. Else it is written anew,
 * comments and numbers as they were; an anchored text that is replaced under one of its names is replaced under all.
 * @param text YAML 1.2 that was read before without a complaint.
 * @param change what stands at a path from now on; undefined: what stands there now.
 */
export function rewriteYaml(text: string, change: (path: FieldPath, value: string) => string | undefined): string {
  const { isAlias, isMap, isScalar, isSeq, parseDocument } = load("yaml") as typeof Yaml;
  const document = parseDocument(text, { version: "1.2", logLevel: "error", uniqueKeys: false });
  let isChanged = false;
  const walk = (given: unknown, path: FieldPath): void => {
    const node = isAlias(given) ? given.resolve(document) : (given as Node | null | undefined);
    if (isMap(node))
      for (const { key, value } of node.items) walk(value, [...path, isScalar(key) ? String(key.value) : ""]);
    else if (isSeq(node)) for (const [index, item] of node.items.entries()) walk(item, [...path, index]);
    else if (isScalar(node) && typeof node.value === "string") {
      const changed = change(path, node.value);
      if (changed === undefined || changed === node.value) return;
      node.value = changed;
      node.type = "QUOTE_DOUBLE";
      isChanged = true;
    }
  };
  walk(document.contents, []);
  return isChanged ? document.toString({ lineWidth: 0 }) : text;
}

/**
 * The same YAML text with another value at one path, which is made where it is not there; comments stay.
 * @param text YAML 1.2 that was read before without a complaint.
 */
export function replacedYaml(text: string, path: FieldPath, value: unknown): string {
  const { parseDocument } = load("yaml") as typeof Yaml;
  const document = parseDocument(text, { version: "1.2", logLevel: "error", uniqueKeys: false });
  document.setIn(path, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}
