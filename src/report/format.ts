/** Numbers and bars as people read them. */

/** "204,812". */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** Seconds with one digit: "19.9 s"; under a second in milliseconds. */
export function seconds(us: number): string {
  return us < 1_000_000 ? `${(us / 1000).toFixed(1)} ms` : `${(us / 1_000_000).toFixed(us < 100_000_000 ? 1 : 0)} s`;
}

/** How long, as people say it: "830 ms", "19.9 s", "34 min", "2 h 5 min". */
export function span(us: number): string {
  if (us < 120_000_000) return seconds(us);
  const minutes = Math.round(us / 60_000_000);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "29.8 KiB/s". */
export function rate(bytes: number, us: number): string {
  return us <= 0 ? "" : `${((bytes * 1_000_000) / us / 1024).toFixed(1)} KiB/s`;
}

/** "████░░░░" of `width` characters; `share` from 0 to 1. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

/** "1 cut", "2 cuts". */
export function count(amount: number, noun: string): string {
  return `${grouped(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

/** Breaks a line at blanks where it is longer than `width` columns; what follows is indented by `indent` blanks. */
export function wrapped(text: string, width: number, indent: number): string {
  if (text.length <= width) return text;
  const at = text.lastIndexOf(" ", width);
  const isWord = text.slice(indent, at).trim() === "";
  if (at <= indent || isWord) return text;
  const rest = `${" ".repeat(indent)}${text.slice(at).trimStart()}`;
  return `${text.slice(0, at).trimEnd()}\n${wrapped(rest, width, indent)}`;
}

/** The value below which a share (0 to 1) of the values lies; undefined of none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
