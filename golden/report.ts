/** What became of one golden case. */
export interface GoldenResult {
  /** Kind of case: "image", "dumpinfo", "boot step", "cut row" … counted apart. */
  readonly kind: string;
  readonly name: string;
  readonly status: "passed" | "failed" | "unsupported";
  /** Why, for all but "passed"; equal reasons are counted together. */
  readonly reason?: string;
}

/** Runs every case of one vector folder (its manifest.json already read). Lazily: a big folder reports as it goes. */
export type GoldenRunner = (folder: string, manifest: unknown) => Iterable<GoldenResult> | AsyncIterable<GoldenResult>;
