/** "1.2.3+0" and "1.2.3.0" as "1.2.3". */
export function plainVersion(version: string): string {
  return version
    .replace(/^v/, "")
    .replace(/[+.]0$/, (tail, at: number, whole: string) => (whole.slice(0, at).split(".").length >= 3 ? "" : tail));
}
