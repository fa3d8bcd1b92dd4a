/** What one line too many or too few counts. */
const LINE = 1;

/**
 * How far two sequences of lines are apart: lines to leave out and to put in.
 * @param free at which end of `shown` lines may be left out for nothing: where a log was cut off.
 */
export function tokenDistance(
  seen: readonly string[],
  shown: readonly string[],
  free: { readonly front?: boolean; readonly back?: boolean } = {},
): number {
  if (seen.length === shown.length && seen.every((token, at) => token === shown[at])) return 0;
  // Row by row: the least distance of seen[0..i] to shown[0..j].
  let row = shown.map((_, at) => (free.front ? 0 : (at + 1) * LINE));
  row.unshift(0);
  for (const [index, token] of seen.entries()) {
    const next = [(index + 1) * LINE];
    for (let at = 1; at <= shown.length; at += 1) {
      const same = token === shown[at - 1] ? (row[at - 1] ?? 0) : Number.POSITIVE_INFINITY;
      next.push(Math.min(same, (row[at] ?? 0) + LINE, (next[at - 1] ?? 0) + LINE));
    }
    row = next;
  }
  return free.back ? Math.min(...row) : (row.at(-1) ?? 0);
}
