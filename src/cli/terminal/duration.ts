import { UsageError } from "../../core/index.ts";

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
type DurationUnit = keyof typeof UNITS_MS;

/**
 * A duration as people write it: `500ms`, `10s`, `1.5m`, `2h`.
 * @param bare unit of a number without one; without it, such a number is no duration.
 * @returns milliseconds; undefined when the text is no duration.
 */
export function durationOf(text: string, bare?: DurationUnit): number | undefined {
  const parts = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h)?$/.exec(text);
  const unit = (parts?.groups?.["unit"] ?? bare) as DurationUnit | undefined;
  return parts && unit !== undefined ? Number(parts.groups?.["amount"]) * UNITS_MS[unit] : undefined;
}

/**
 * The duration that an option gives.
 * @param bare as in `durationOf`.
 * @returns milliseconds.
 * @throws UsageError naming the option and what it takes.
 */
export function durationMs(option: string, text: string, bare?: DurationUnit): number {
  const found = durationOf(text, bare);
  if (found !== undefined) return found;
  const takes = bare === undefined ? "a number and a unit" : `a number (of ${bare}), or one with its unit`;
  throw new UsageError(`--${option} wants ${takes}, not "${text}".`, "Write 500ms, 90s, 10m or 2h.");
}
