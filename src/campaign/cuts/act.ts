import { firstChunkMs } from "../../board/index.ts";
import { fromHex, sleepUntil } from "../../core/index.ts";
import type { RecordedBoard } from "../bench/recorded-board.ts";
import type { CampaignImage } from "../request/images.ts";

/** What an application is asked to do with its flash. */
export type ActName = "upload" | "request";

/** An upload or a request that is to be cut. */
interface ActPlan {
  readonly what: ActName;
  readonly image: CampaignImage;
  /** Of a request: for good, and not for a test. */
  readonly permanent: boolean;
  /** When it begins, in microseconds on the bench's clock. */
  readonly startUs: number;
  /** Of an upload: so many bytes taken are worth a word. */
  readonly untilBytes?: number | undefined;
}

/** What is known of an act so far. */
export interface ActState {
  /** When the answer came that ends it; undefined while it has not. */
  readonly answeredUs: number | undefined;
  /** Bytes of an upload that the board has answered for. */
  readonly takenBytes: number;
}

/** An upload or a request that goes on by itself. */
interface Act {
  /** When `untilBytes` were taken, or the whole was answered, on the bench's clock. @throws what went wrong before. */
  reached(): Promise<number>;
  state(): ActState;
  /** Gives it up; settles when nothing of it goes on any more. Power is gone: what it throws now is of no interest. */
  end(): Promise<void>;
}

/** Begins an upload or a request, and returns at once. */
export function startAct({ board, signal }: RecordedBoard, plan: ActPlan): Act {
  const over = new AbortController();
  const state: { answeredUs: number | undefined; takenBytes: number } = { answeredUs: undefined, takenBytes: 0 };
  const listeners = new Set<(atUs: number) => void>();
  const onTaken = (bytes: number) => {
    state.takenBytes = bytes;
    if (plan.untilBytes === undefined || bytes < plan.untilBytes) return;
    const atUs = board.clock.nowUs();
    for (const listener of listeners) listener(atUs);
  };
  const ended = (async () => {
    await sleepUntil(board.clock, plan.startUs, signal);
    await send(board, plan, AbortSignal.any([signal, over.signal]), onTaken);
    state.answeredUs = board.clock.nowUs();
    return state.answeredUs;
  })();
  ended.catch(() => undefined);
  return {
    reached: () => Promise.race([new Promise<number>((resolve) => listeners.add(resolve)), ended]),
    state: () => ({ ...state }),
    async end() {
      over.abort();
      await ended.catch(() => undefined);
    },
  };
}

function send(
  board: RecordedBoard["board"],
  { what, image, permanent }: ActPlan,
  signal: AbortSignal,
  onTaken: (bytes: number) => void,
): Promise<unknown> {
  const hash = fromHex(image.hash);
  if (what === "request") return board.smp.setImageState({ hash, confirm: permanent }, { signal });
  const onProgress = ({ sentBytes }: { readonly sentBytes: number }) => onTaken(sentBytes);
  const deadlines = { firstChunkMs: firstChunkMs(board.profile), chunkMs: board.profile.timeoutsMs.uploadChunk };
  return board.smp.upload(image.file, { signal, imageHash: hash, onProgress, ...deadlines });
}
