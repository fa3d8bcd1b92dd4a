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
