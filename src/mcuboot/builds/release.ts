/**
 * An MCUboot release as text: "1.10", "2.4". What was built after a release and before the next one is "1.10.99", as the
 * development versions of sdk-mcuboot's tags are called.
 */
export type Release = `${number}.${number}` | `${number}.${number}.99`;

/** First and last release of which a row of a table is true, both included; without a bound: from the first, to the last. */
export interface ReleaseRange {
  readonly from?: Release;
  readonly to?: Release;
}

/** Below 0 when `a` came out before `b`, 0 when they are the same, above 0 when it came out after it. */
export function compareReleases(a: Release, b: Release): number {
  const [ours, theirs] = [numbersOf(a), numbersOf(b)];
  return ours.map((number, index) => number - (theirs[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** True when a release lies in a range. */
export function isWithin(release: Release, { from, to }: ReleaseRange): boolean {
  return (
    (from === undefined || compareReleases(from, release) <= 0) &&
    (to === undefined || compareReleases(release, to) <= 0)
  );
}

function numbersOf(release: Release): readonly [number, number, number] {
  const [major = 0, minor = 0, patch = 0] = release.split(".").map(Number);
  return [major, minor, patch];
}
