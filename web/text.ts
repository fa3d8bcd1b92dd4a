/** Numbers as people read them; the console of `hil` writes them the same way. */

/** "204,812". */
export const grouped = (value: number): string => Math.round(value).toLocaleString("en-US");

/** Microseconds in the unit that suits them: "87 µs", "12.3 ms", "19.91 s". */
export function duration(us: number): string {
  const size = Math.abs(us);
  if (size < 1_000) return `${Math.round(us)} µs`;
  if (size < 1_000_000) return `${(us / 1_000).toFixed(1)} ms`;
  return `${(us / 1_000_000).toFixed(size < 100_000_000 ? 2 : 0)} s`;
}

/** "1 cut", "2 cuts". */
export const count = (amount: number, noun: string): string => `${grouped(amount)} ${noun}${amount === 1 ? "" : "s"}`;

/** The value below which a share of the sorted values lies; undefined of none. */
export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** Bytes a second as KiB: "7.2 KiB/s". */
export const rate = (bytesPerS: number): string => `${(bytesPerS / 1024).toFixed(1)} KiB/s`;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** "2026-11-24" as "24 Nov". */
export function nightText(date: string): string {
  return `${Number(date.slice(8, 10))} ${MONTHS[Number(date.slice(5, 7)) - 1] ?? "?"}`;
}

/** Round places on an axis of whole microseconds, or of a count, at most so many: 1, 2 or 5 of some unit apart. */
export function roundTicks(fromUs: number, toUs: number, most = 7): readonly number[] {
  const span = Math.max(1, toUs - fromUs);
  const unit = Math.max(1, 10 ** Math.floor(Math.log10(span / most)));
  const step = [1, 2, 5, 10].map((times) => times * unit).find((size) => span / size <= most) ?? 10 * unit;
  const first = Math.ceil(fromUs / step);
  const last = Math.floor(toUs / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => (first + at) * step);
}

/** A place on an axis: as short as its roundness allows. */
export function tickText(us: number): string {
  if (us === 0) return "0";
  if (Math.abs(us) < 1_000) return `${us} µs`;
  if (Math.abs(us) < 1_000_000) return `${Number((us / 1_000).toFixed(3))} ms`;
  return `${Number((us / 1_000_000).toFixed(3))} s`;
}
