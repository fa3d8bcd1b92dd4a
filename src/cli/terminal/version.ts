import { readFileSync } from "node:fs";
import { parseJson } from "../../core/index.ts";

/** The version of this package. */
export function ownVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const manifest = parseJson(text);
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "?";
}
