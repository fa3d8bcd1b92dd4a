import type { Random } from "../../../src/core/index.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Numbers at the edges of what fields take. */
const NUMBERS = [0, -0, 1, -1, -7, 0.5, 255, 65_536, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 1e21, 1e308, -1e308];

/**
 * A JSON document, or one of its lines where each line is one, with one value that is another: still JSON, so that what
 * reads it comes further than its parser. Text that is no JSON comes back as it is.
 * @param damagedText for texts within it.
 */
export function damagedJson(random: Random, text: string, damagedText: (text: string) => string): string {
  const whole = parsed(text);
  if (whole !== undefined) return JSON.stringify(damagedValue(random, whole, damagedText));
  const lines = text.split("\n");
  const at = random.below(lines.length);
  const line = parsed(lines[at] ?? "");
  if (line === undefined) return text;
  return lines.with(at, JSON.stringify(damagedValue(random, line, damagedText))).join("\n");
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

type Place = { readonly holder: Json[] | { [key: string]: Json }; readonly key: string };

function damagedValue(random: Random, value: Json, damagedText: (text: string) => string): Json {
  const places: Place[] = [];
  const walk = (holder: Json) => {
    if (typeof holder !== "object" || holder === null) return;
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      walk((holder as { [key: string]: Json })[key] ?? null);
    }
  };
  walk(value);
  if (places.length === 0) return value;
  const one = () => places[random.below(places.length)] as Place;
  const place = one();
  const holder = place.holder as { [key: string]: Json };
  const was = holder[place.key] ?? null;
  const graft = () => {
    const from = one();
    return structuredClone((from.holder as { [key: string]: Json })[from.key] ?? null);
  };
  switch (random.below(12)) {
    case 0:
      if (Array.isArray(place.holder)) place.holder.splice(Number(place.key), 1);
      else delete holder[place.key];
      break;
    case 1:
    case 2:
      if (Array.isArray(place.holder)) place.holder.splice(Number(place.key), 0, structuredClone(was));
      else holder[place.key] = graft();
      break;
    case 3:
      holder[`${place.key}_`] = structuredClone(was);
      break;
    default:
      holder[place.key] = otherValue(random, was, damagedText);
  }
  return value;
}

/** Another value of the same type, mostly. */
function otherValue(random: Random, was: Json, damagedText: (text: string) => string): Json {
  if (random.chance({ of: 1, in: 12 })) return [null, true, "", [], {}, 7][random.below(6)] ?? null;
  if (typeof was === "number") {
    if (random.chance({ of: 1, in: 2 })) return was + random.below(5) - 2;
    return NUMBERS[random.below(NUMBERS.length)] ?? 0;
  }
  if (typeof was === "boolean") return !was;
  if (typeof was === "string") return damagedText(was);
  if (!Array.isArray(was)) return was;
  // None of them, or each of them again: lists have limits, too.
  return random.chance({ of: 1, in: 4 }) ? [] : [...was, ...was.toReversed()];
}
