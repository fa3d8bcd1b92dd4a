import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type HilProcess, hil, LAB_PROFILE, type PtyBench, ptyBench } from "./process.ts";

/** What a run of one board left. */
export interface BoardRecord {
  readonly board: string;
  readonly outcome: string;
  readonly cutsJudged: number | undefined;
  readonly lastPower: string | undefined;
  readonly began: string;
  readonly ended: string;
}

/** Two twins in processes of their own, in real time, and a lab with both: `a.yaml` and `b.yaml`. */
export interface TwoBoards extends AsyncDisposable {
  readonly folder: string;
  /** The twin of `b.yaml`. */
  readonly second: HilProcess;
  /** Starts that twin once more, after somebody ended it. */
  restartSecond(): Promise<void>;
  /** Records of the runs that `work` made, by board. */
  recordsOf(work: () => Promise<unknown>): Promise<readonly BoardRecord[]>;
}

export async function twoBoards(): Promise<TwoBoards> {
  const lab = await ptyBench();
  const { folder } = lab;
  writeFileSync(join(folder, "a.yaml"), LAB_PROFILE.replace("lab-pty", "lab-a"));
  writeFileSync(join(folder, "b.yaml"), LAB_PROFILE.replace("lab-pty", "lab-b").replaceAll("./dev/", "./dev2/"));
  let second = await secondTwin(lab);
  return {
    folder,
    get second() {
      return second;
    },
    async restartSecond() {
      second = await secondTwin(lab);
    },
    async recordsOf(work) {
      const before = new Set(runsIn(folder));
      await work();
      return runsIn(folder)
        .filter((name) => !before.has(name))
        .map((name) => recordOf(join(folder, "runs", name)))
        .toSorted((a, b) => (a.board < b.board ? -1 : 1));
    },
    async [Symbol.asyncDispose]() {
      second.child.kill("SIGTERM");
      await second.done;
      await lab[Symbol.asyncDispose]();
    },
  };
}

async function secondTwin({ folder }: PtyBench): Promise<HilProcess> {
  const twin = hil(folder, "twin", "--board", "twin.yaml", "--link", "dev2", "--baud", "1000000", "--seed", "2");
  await twin.printed(/"pid"/);
  return twin;
}

function runsIn(folder: string): readonly string[] {
  return readdirSync(folder).includes("runs") ? readdirSync(join(folder, "runs")) : [];
}

function recordOf(run: string): BoardRecord {
  const read = (file: string) => readFileSync(join(run, file), "utf8");
  const document: { board: string; result: { outcome: string; cutsJudged: number } | null } = JSON.parse(
    read("run.json"),
  );
  const host: { began: string; ended: string } = JSON.parse(read("host.json"));
  const events = read("events.jsonl")
    .trim()
    .split("\n")
    .map((line): { event: string; state?: string } => JSON.parse(line));
  return {
    board: document.board,
    outcome: document.result?.outcome ?? "none",
    cutsJudged: document.result?.cutsJudged,
    lastPower: events.findLast(({ event }) => event === "power")?.state,
    began: host.began,
    ended: host.ended,
  };
}
