import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A program that takes the arguments of `hil run` and waits as long as a board would: `--seed` is tenths of a second. It
 * says what it did twice, in a record and in a log of the board beside all labs, so that neither has to be believed.
 * Whoever finds the board taken says so; nothing keeps two of them apart but the lab.
 */
export const SCRIPTED_RUN = `#!/bin/sh
# run SCENARIO --board PROFILE --runs DIR --seed N --label job=ID
scenario=$2; shift 2; seed=1
while [ $# -gt 0 ]; do
  case $1 in
    --board) board=\${2##*/}; board=\${board%.yaml}; shift ;;
    --runs) runs=$2; shift ;;
    --seed) seed=$2; shift ;;
    --label) case $2 in job=*) job=\${2#job=} ;; esac; shift ;;
  esac
  shift
done
log=$SCRIPTED_LOG; outcome=pass; code=0
mkdir "$log/$board.held" 2>/dev/null || echo "$job" >>"$log/$board.twice"
start=$(date +%s%N)
echo "start $job $start" >>"$log/$board.log"
case $seed in 9999) outcome=fail; code=1 ;; esac
ended() {
  end=$(date +%s%N)
  echo "end $job $end" >>"$log/$board.log"
  rmdir "$log/$board.held"
  name=run-$start-$board
  mkdir -p "$runs/$name" || exit 3
  head -c 24000 /dev/urandom >"$runs/$name/events.jsonl" || exit 3
  printf '{"job":"%s","board":"%s","startNs":"%s","endNs":"%s","result":{"outcome":"%s"}}\\n' \\
    "$job" "$board" "$start" "$end" "$outcome" >"$runs/$name/run.json" || exit 3
  echo "verdict   \${outcome} $scenario"
  exit $code
}
trap 'outcome=interrupted; code=4; kill $! 2>/dev/null; ended' TERM
sleep "$((seed / 10)).$((seed % 10))" & wait $!
ended
`;

/** One run of a board, as its log says; in nanoseconds. */
export interface BoardRun {
  readonly board: string;
  readonly job: string;
  readonly startNs: bigint;
  /** Undefined: it was killed, or runs. */
  readonly endNs: bigint | undefined;
}

/** What the boards' own logs say. */
export function boardRuns(folder: string): readonly BoardRun[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".log"))
    .flatMap((name) => {
      const lines = readFileSync(join(folder, name), "utf8").trim().split("\n");
      const parts = lines.map((line) => line.split(" "));
      const ends = new Map(parts.flatMap(([what, job = "", ns = "0"]) => (what === "end" ? [[job, BigInt(ns)]] : [])));
      return parts.flatMap(([what, job = "", ns = "0"]) =>
        what === "start" ? [{ board: name.slice(0, -4), job, startNs: BigInt(ns), endNs: ends.get(job) }] : [],
      );
    });
}

/** Jobs that found their board taken. */
export const takenTwice = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.endsWith(".twice"));

/** Pairs of runs of one board that were under way at one time. */
export function overlaps(runs: readonly BoardRun[]): readonly string[] {
  const sorted = runs.toSorted((a, b) => (a.startNs < b.startNs ? -1 : 1));
  const last = new Map<string, BoardRun>();
  const found: string[] = [];
  for (const run of sorted) {
    const before = last.get(run.board);
    if (before !== undefined && (before.endNs ?? before.startNs) > run.startNs) {
      found.push(`${run.board}: ${before.job} and ${run.job}`);
    }
    last.set(run.board, run);
  }
  return found;
}
