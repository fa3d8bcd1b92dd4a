/** What `hil run --json` prints, as far as tests look at it. */
export interface RunReport {
  readonly result: { readonly outcome: string; readonly endings: Readonly<Record<string, number>> };
  readonly error: { readonly kind: string; readonly text: string } | null;
  readonly verdicts: readonly {
    readonly check: string;
    readonly pass: boolean;
    readonly ending: string;
    readonly expected: string;
    readonly found: string;
    readonly because: string;
    readonly bootLog: readonly string[];
  }[];
}

/** @param out all that the command printed. @throws SyntaxError when that is more than one JSON value, or none. */
export function runReport(out: string): RunReport {
  return JSON.parse(out);
}
