import { type FieldPath, rewriteYaml } from "../../core/index.ts";
import type { LoadedProfile } from "./profile.ts";

/** What stands in place of a value that a record does not keep. */
const WITHHELD = "withheld";
/** Sections of a profile that say what to run and whom to ask. */
const SECTIONS = ["power", "flasher"];
/** Options that are a program and its arguments, `status.run` of a switch among them. */
export const ARGV_OPTIONS: readonly string[] = ["on", "off", "run", "write", "recover", "reset"];
/** Arguments that a flasher's program is given by us. */
const PLACEHOLDER = /^\{(?:hex|core|serial)\}$/;

/**
 * A profile's text as a record keeps it: of programs the name, not the arguments; of addresses the host, not what
 * follows; of requests neither headers nor body. Passwords stand in all of these, and records are sent around. The text
 * is a profile all the same; one without any of it is kept byte for byte.
 */
export function keptProfileText({ text }: Pick<LoadedProfile, "text">): string {
  return rewriteYaml(text, kept);
}

function kept(path: FieldPath, value: string): string | undefined {
  if (!SECTIONS.includes(String(path[0]))) return undefined;
  const [around, name] = [String(path.at(-2)), path.at(-1)];
  if (typeof name === "number" && ARGV_OPTIONS.includes(around))
    return name === 0 || PLACEHOLDER.test(value) ? undefined : WITHHELD;
  if (around === "headers" || name === "body") return WITHHELD;
  if (/^https?:\/\//i.test(value)) return hostOnly(value);
  return undefined;
}

function hostOnly(address: string): string {
  const { origin, href } = new URL(address);
  return href === `${origin}/` ? address : `${origin}/${WITHHELD}`;
}
