import { badBench } from "../../board/testing/bad-bench.ts";
import { Random, textOf } from "../../core/index.ts";
import { subjectText } from "../record/subject.ts";
import { type Edit, eventsOf, smallProfile, smallRun, smallScenario } from "./small-campaign.ts";

/** What of a board's log the host gets; SMP's frames always. */
export const VOICES = [
  { name: "bootloader and application talk", hears: () => true },
  { name: "only the application talks", hears: (text: string) => /Zephyr OS build|is up|sensor/.test(text) },
  { name: "only the application logs", hears: (text: string) => text.includes("sensor") },
  { name: "only the bootloader talks", hears: (text: string) => /Starting bootloader|MCUboot/.test(text) },
  { name: "nothing talks", hears: () => false },
] as const;

export type Voice = (typeof VOICES)[number];

/** A good board that is loud, or silent, in its own way. */
export interface LoudBoard {
  readonly seed: number;
  readonly voice: Voice;
  readonly bytesPerS: number;
  readonly baudRate: number;
}

/** How much of the line a log may take: the rest is for SMP. */
const SHARE_MAX = 0.9;
const BITS_A_BYTE = 10;

/** Boards of a seed: logs of 10 bytes a second up to 90 % of the line, as many in each decade. */
export function loudBoard(seed: number): LoudBoard {
  const random = Random.fromSeed(seed).fork("loud board");
  const baudRate = [115_200, 1_000_000][random.below(2)] ?? 115_200;
  const most = (SHARE_MAX * baudRate) / BITS_A_BYTE;
  // Every seventh at the very limit.
  const share = seed % 7 === 0 ? 1 : random.below(1001) / 1000;
  const bytesPerS = Math.round(10 * (most / 10) ** share);
  return { seed, voice: VOICES[seed % VOICES.length] ?? VOICES[0], bytesPerS, baudRate };
}

/** How a line of a frame begins. Source: Zephyr smp_over_console.rst. */
const FRAME_MARKS = ["\u0006\t", "\u0004\u0014"];

/** A campaign on such a board. */
export function loudRun({ seed, voice, bytesPerS, baudRate }: LoudBoard, ...edits: readonly Edit[]) {
  return smallRun({
    seed,
    board: smallProfile(
      ...(baudRate === 1_000_000 ? [] : [["1000000", String(baudRate)] as const]),
      ["faults: []", `faults: [], log_bytes_per_s: ${bytesPerS}`],
      ...edits,
    ),
    scenario: smallScenario(["count: 4", "count: 2"]),
    open: badBench({
      fromBoard: (bytes) => {
        const text = textOf(bytes);
        return FRAME_MARKS.some((mark) => text.startsWith(mark)) || voice.hears(text) ? bytes : undefined;
      },
    }),
  });
}

/** What is wrong with a campaign on a good board; undefined when it passes. */
export async function wrongWithGood(board: LoudBoard): Promise<string | undefined> {
  const { result, error, events } = await loudRun(board);
  if (result.outcome === "pass") return undefined;
  const failed = eventsOf(events, "verdict").find(({ verdict }) => !verdict.pass)?.verdict;
  return failed
    ? `FAIL ${subjectText(failed.subject)}: found ${failed.found}, ${failed.because}`
    : `${result.outcome}: ${String(error)}`;
}
