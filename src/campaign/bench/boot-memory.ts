import type { Board } from "../../board/index.ts";
import { hex, isKind } from "../../core/index.ts";
import { shell, statistics, statisticsList, taskStatistics } from "../../smp/index.ts";
import type { BootEvidence } from "../record/facts.ts";

/** What a board that shows nothing of its boots is asked before a reset, and again after it. */
export interface MemoryOfBoot {
  /** Its image list, as one text. */
  readonly slots?: string | undefined;
  /** A count that begins anew with every boot. */
  readonly uptime?: { readonly source: UptimeSource; readonly count: number } | undefined;
}

interface UptimeSource {
  readonly name: string;
  /** Undefined when this firmware does not count so. */
  readonly ask: (board: Board, signal: AbortSignal) => Promise<number | undefined>;
  readonly source: string;
}

/** How long one of these questions may take, in milliseconds. */
const ASK_MS = 500;
const once = (signal: AbortSignal) => ({ signal, timeoutMs: ASK_MS, retries: 0 });

/** Counts that an SMP server may tell and that begin anew with every boot. The first that a board knows is taken. */
const UPTIME_SOURCES: readonly UptimeSource[] = [
  {
    name: "task statistics",
    async ask({ smp }, signal) {
      const { tasks } = await smp.session.request(taskStatistics, {}, once(signal));
      const counts = Object.values(tasks).map(({ runtime, cswcnt }) => runtime ?? cswcnt ?? 0);
      const sum = counts.reduce((total, count) => total + count, 0);
      return sum > 0 ? sum : undefined;
    },
    source: "Zephyr smp_group_0.rst: runtime, cswcnt of a task (CONFIG_THREAD_RUNTIME_STATS)",
  },
  {
    name: "shell: kernel uptime",
    async ask({ smp }, signal) {
      const { o } = await smp.session.request(shell, { argv: ["kernel", "uptime"] }, once(signal));
      const digits = /(\d+)\s*ms/.exec(o)?.[1];
      return digits === undefined ? undefined : Number(digits);
    },
    source: 'Zephyr subsys/shell/modules/kernel_service: "Uptime: %u ms"',
  },
  {
    name: "statistics: ticks",
    async ask({ smp }, signal) {
      const { stat_list } = await smp.session.request(statisticsList, {}, once(signal));
      for (const name of stat_list.slice(0, 4)) {
        const { fields } = await smp.session.request(statistics, { name }, once(signal));
        if (fields["ticks"] !== undefined) return Number(fields["ticks"]);
      }
      return undefined;
    },
    source: "Zephyr samples/subsys/mgmt/mcumgr/smp_svr: smp_svr_stats, ticks since the start",
  },
];

/** Asks a board what it will not remember, before it is told to reset. */
export async function memoryOf(board: Board, signal: AbortSignal): Promise<MemoryOfBoot> {
  const slots = await answerOf(() => slotsOf(board, signal));
  for (const source of UPTIME_SOURCES) {
    const count = await answerOf(() => source.ask(board, signal));
    if (count !== undefined) return { slots, uptime: { source, count } };
  }
  return { slots };
}

/** Whether what answers now has started since; undefined when that does not follow. */
export async function rememberedChange(
  board: Board,
  { slots, uptime }: MemoryOfBoot,
  signal: AbortSignal,
): Promise<BootEvidence | undefined> {
  if (slots !== undefined) {
    const now = await answerOf(() => slotsOf(board, signal));
    if (now !== undefined && now !== slots)
      return { kind: "slots", text: `its image list is another one than before the reset (${now})` };
  }
  if (uptime === undefined) return undefined;
  const { source, count } = uptime;
  const now = await answerOf(() => source.ask(board, signal));
  if (now === undefined || now >= count) return undefined;
  return { kind: "uptime", text: `${source.name} began anew: ${now}, and ${count} before the reset` };
}

async function slotsOf({ smp }: Board, signal: AbortSignal): Promise<string> {
  const { images } = await smp.imageState({ signal });
  const texts = images.map(({ image, slot, version, hash, pending, confirmed, active, permanent }) => {
    const flags = Object.entries({ active, confirmed, pending, permanent }).filter(([, isSet]) => isSet);
    const named = flags.map(([name]) => name).join(" ");
    return `${image}/${slot} ${version} ${hash ? hex(hash).slice(0, 8) : ""} ${named}`.trimEnd();
  });
  return texts.toSorted().join("; ");
}

/** A question that a board may refuse, or leave unanswered: then it tells nothing. A port that is gone is thrown. */
async function answerOf<T>(question: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (isKind(error, "protocol") || isKind(error, "timeout")) return undefined;
    throw error;
  }
}
