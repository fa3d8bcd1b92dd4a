import { z } from "zod";
import { defined, parseJson } from "../../core/index.ts";

/** Bytes of a file as text, by its byte order mark; UTF-8 without one. Windows' shells write UTF-16. */
export function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const utf16 =
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : undefined;
  // The decoder drops the mark.
  return new TextDecoder(utf16 ?? "utf-8").decode(bytes);
}

/** A share of characters, in percent, that no text has: above it the file is data. */
const CONTROL_PERCENT_MAX = 10;
const SAMPLE_CHARS = 65_536;

/** False for what is rather data than text: many control characters, or bytes that are no characters at all. */
export function isText(text: string): boolean {
  const step = Math.max(1, Math.floor(text.length / SAMPLE_CHARS));
  let [seen, strange] = [0, 0];
  for (let at = 0; at < text.length; at += step) {
    const code = text.charCodeAt(at);
    const isControl = code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d && code !== 0x1b;
    seen += 1;
    if (isControl || code === 0xfffd) strange += 1;
  }
  return 100 * strange <= CONTROL_PERCENT_MAX * seen;
}

const flag = z.boolean().nullish();
const entry = z.object({
  image: z.int().min(0).max(15).nullish(),
  slot: z.int().min(0).max(15),
  version: z.string().max(100).nullish(),
  pending: flag,
  confirmed: flag,
  active: flag,
  permanent: flag,
  flags: z.union([z.array(z.string()), z.string()]).nullish(),
});
const LIST = z.union([z.array(entry), z.object({ images: z.array(entry) })]);

const FLAG_NAMES = ["pending", "confirmed", "active", "permanent"] as const;

/** One slot of a list; only the flags that are set. */
interface ListEntry {
  readonly image: number;
  readonly slot: number;
  readonly version?: string;
  readonly pending?: boolean;
  readonly confirmed?: boolean;
  readonly active?: boolean;
  readonly permanent?: boolean;
}

/** An image list, or why it is none; undefined: nothing that looks like JSON or a list. */
type ListRead = readonly ListEntry[] | { readonly wrong: string } | undefined;

/** Reads an image list: JSON as SMP shows it, alone or after a word of a tool, or the text that tools print. */
export function readList(text: string): ListRead {
  const json = jsonWithin(text);
  if (json === undefined) return listInText(text);
  const parsed = LIST.safeParse(json.value);
  if (parsed.success) {
    const all = Array.isArray(parsed.data) ? parsed.data : parsed.data.images;
    return all.map((each) => {
      const words = typeof each.flags === "string" ? each.flags.split(/[\s,]+/) : (each.flags ?? []);
      return entryOf(each.image ?? 0, each.slot, each.version ?? undefined, (name) => {
        return each[name] === true || words.includes(name);
      });
    });
  }
  const [issue] = parsed.error.issues;
  return {
    wrong: `JSON, but no list of images with their slots (${issue?.path.join(".") ?? ""} ${issue?.message ?? ""})`,
  };
}

function entryOf(
  image: number,
  slot: number,
  version: string | undefined,
  has: (name: (typeof FLAG_NAMES)[number]) => boolean,
): ListEntry {
  const flags = Object.fromEntries(FLAG_NAMES.filter(has).map((name) => [name, true]));
  return { image, slot, ...defined({ version }), ...flags };
}

/** JSON that is the whole text, or begins at its first brace; a log line may begin with a bracket, too. */
function jsonWithin(text: string): { readonly value: unknown } | undefined {
  const start = text.search(/[{[]/);
  const end = Math.max(text.lastIndexOf("}"), text.lastIndexOf("]")) + 1;
  if (start < 0 || end <= start || text.slice(0, start).split("\n").length > 3) return undefined;
  try {
    return { value: parseJson(text.slice(start, end)) };
  } catch {
    // Anything else with brackets in it.
    return undefined;
  }
}

const SLOT = /\bslot\s*[=:]\s*(\d{1,2})\b/i;
const IMAGE = /\bimage\s*[=:]\s*(\d{1,2})\b/i;
const VERSION = /\bversion\s*[=:]\s*["']?([\w.+-]{1,60})/i;
const FLAGS = /\bflags\s*[=:]\s*(.*)$/i;
const SET = /\b(pending|confirmed|active|permanent)\s*[=:]\s*(true|1)\b/gi;

/** All that a tool prints of an empty list; any YAML file may have a line "images:". */
const EMPTY_LIST = /^\s*images\s*:\s*(?:\[\s*\]\s*)?(?:split\s*status\b.*\s*)?$/i;

/**
 * The text of mcumgr and `hil smp image list` ("image=0 slot=1", then "flags: pending"), and of tools that print objects
 * ("slot=1, … pending=True"). An entry begins where a slot is named.
 */
function listInText(text: string): readonly ListEntry[] | undefined {
  const found: { image: number; slot: number; version: string | undefined; flags: Set<string> }[] = [];
  const lines = text.split(/[\r\n]+/);
  if (!lines.some((line) => /^\s*(images\s*:|image\s*[=:]\s*\d|slot\s*[=:]|ImageState\b)/i.test(line)))
    return undefined;
  for (const line of lines) {
    const slot = SLOT.exec(line)?.[1];
    if (slot !== undefined) found.push({ image: 0, slot: Number(slot), version: undefined, flags: new Set() });
    const last = found.at(-1);
    if (last === undefined) continue;
    const image = IMAGE.exec(line)?.[1];
    if (image !== undefined) last.image = Number(image);
    last.version ??= VERSION.exec(line)?.[1];
    for (const word of (FLAGS.exec(line)?.[1] ?? "").toLowerCase().split(/[\s,]+/)) last.flags.add(word);
    for (const [, name = ""] of line.matchAll(SET)) last.flags.add(name.toLowerCase());
  }
  if (found.length === 0 && !EMPTY_LIST.test(text)) return undefined;
  return found.map(({ image, slot, version, flags }) => entryOf(image, slot, version, (name) => flags.has(name)));
}
