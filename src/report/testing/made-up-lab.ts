import { Random } from "../../core/index.ts";
import type { RunLine } from "../history/run-line.ts";
import { cutVerdict } from "./record-folder.ts";

/** What is wrong in a made-up lab, and since which night: what a history must find. */
export interface Planted {
  /** One case of one board fails from one night to another. */
  readonly regression: { readonly board: number; readonly from: number; readonly to: number };
  /** One cause on three boards, with a new build. */
  readonly shared: { readonly boards: readonly number[]; readonly from: number };
  /** A board whose contact fails one of its cases every third night or so. */
  readonly loose: { readonly board: number; readonly from: number };
  /** A switch that becomes slower by a fifth. */
  readonly drift: { readonly board: number; readonly from: number };
  /** A bench that is tried again in every night. */
  readonly retried: { readonly board: number };
}

export interface MadeUpRun {
  readonly night: number;
  readonly board: number;
  readonly began: string;
  readonly id: string;
  readonly build: string;
  /** Why each case failed, empty where it passed. */
  readonly cases: readonly string[];
  readonly latencyUs: number;
  readonly retries: number;
}

/** A case that fails although nothing is wrong, once in so many runs. */
export const NOISE = 2_000;
const LATENCY_US = 8_000;
/** Scale of a logistic distribution: the nights of a switch lie within 1 % or so, and now and then one far beyond. */
const LATENCY_SCALE_US = 64;
const DRAWS = 400;
const DAY_MS = 86_400_000;
const FIRST_MS = Date.UTC(2024, 0, 1, 23);

export function plantedIn(nights: number): Planted {
  const at = (share: number) => Math.floor(nights * share);
  return {
    regression: { board: 3, from: at(0.7), to: at(0.9) },
    shared: { boards: [5, 6, 7], from: at(0.8) },
    loose: { board: 11, from: at(0.4) },
    drift: { board: 9, from: at(0.6) },
    retried: { board: 13 },
  };
}

/** Night after night of one scenario on each of twenty boards, the same for the same seed. */
export function* madeUpLab(nights: number, cases: number, seed: number): Generator<MadeUpRun> {
  const random = Random.fromSeed(seed);
  const { regression, shared, loose, drift, retried } = plantedIn(nights);
  for (let night = 0; night < nights; night += 1) {
    for (let board = 0; board < 20; board += 1) {
      const reasons = Array.from({ length: cases }, (_, at) => {
        if (at === 1 && board === regression.board && night >= regression.from && night < regression.to) return "U1";
        if (at === 2 && shared.boards.includes(board) && night >= shared.from) return "U5";
        if (at === 0 && board === loose.board && night >= loose.from && random.below(3) === 0) return "no boot";
        return random.below(NOISE) === 0 ? "a glitch" : "";
      });
      const slower = board === drift.board && night >= drift.from ? 1.2 : 1;
      const share = (random.below(DRAWS) + 0.5) / DRAWS;
      const spread = LATENCY_SCALE_US * Math.log(share / (1 - share));
      const began = new Date(FIRST_MS + night * DAY_MS + board * 60_000).toISOString();
      yield {
        night,
        board,
        began,
        id: `${began.slice(0, 19).replaceAll(":", "-")}-${(board + 4096).toString(16)}`,
        build: `2.0.${night}`,
        cases: reasons,
        latencyUs: Math.round((LATENCY_US + spread) * slower),
        retries: board === retried.board ? 1 : 0,
      };
    }
  }
}

/** The run as the index has it. */
export function madeUpLine({ began, id, build, cases, latencyUs, retries, board, night }: MadeUpRun): RunLine {
  return {
    schema: 2,
    id,
    began,
    scenario: "upgrade",
    board: `lab-${board}`,
    seed: night,
    outcome: cases.every((because) => because === "") ? "pass" : "fail",
    cutsPlanned: cases.length,
    labels: {},
    images: [{ role: "new", version: build, hash: "ab" }],
    cases: cases.map((because, at) => [caseName(at), because === "" ? "resumed" : "no boot", because]),
    swapUs: 20_000_000,
    latencyUs,
    uploadBytesPerS: 7_400,
    uploadShare: 0.99,
    wear: night,
    retries,
    voidCuts: 0,
    recoveries: 0,
  };
}

const caseName = (at: number): string => `cut in phase ${at}`;

/** The run as events of a record. */
export function madeUpEvents({ build, cases, latencyUs, retries, board, night }: MadeUpRun): readonly unknown[] {
  const profile = `lab-${board}`;
  const images = [
    { role: "old", version: "1.0.0", hash: "cd", fileBytes: 4, encrypted: true },
    { role: "new", version: build, hash: "ab", fileBytes: 4, encrypted: true },
  ];
  const retry = { atUs: 1, event: "infra-retry", retry: 1, of: 2, kind: "bench", text: "the port was gone" };
  const failed = cases.filter((because) => because !== "").length;
  return [
    { atUs: 0, event: "run-started", scenario: "upgrade", board: `${profile} (nRF5340-DK)`, profile, seed: night },
    { atUs: 0, event: "images-built", images, crypto: [] },
    ...Array.from({ length: retries }, () => retry),
    { atUs: 1, event: "upload-started", version: build, totalBytes: 205_579 },
    {
      atUs: 2,
      event: "upload-finished",
      version: build,
      bytes: 205_579,
      durationUs: 27_780_000,
      limitBytesPerS: 7_474,
    },
    ...cases.flatMap((because, at) => {
      const verdict = cutVerdict(at + 1, (at + 1) * 2_000_000, {
        swapPhase: `phase ${at}`,
        ...(because === "" ? {} : { pass: false, because, ending: "no boot" }),
      });
      const { cut } = verdict.verdict;
      const log = Array.from({ length: 12 }, (_, line) => {
        return {
          atUs: at * 2_000_000 + line,
          event: "boot-log",
          name: "line",
          text: `I: line ${line} of the boot log`,
        };
      });
      return [
        ...log,
        { ...verdict, verdict: { ...verdict.verdict, cut: { ...cut, lastByteUs: cut.offSentUs + latencyUs } } },
      ];
    }),
    { atUs: 1e9, event: "wear", cyclesMax: 10_000, spent: night, page: "0x0" },
    {
      atUs: 1e9,
      event: "run-finished",
      result: {
        outcome: failed === 0 ? "pass" : "fail",
        cutsPlanned: cases.length,
        cutsJudged: cases.length,
        passed: cases.length - failed,
        failed,
        endings: {},
      },
    },
  ];
}
