import { open } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../../core/index.ts";
import type { LabClient } from "../wire/client.ts";
import type { AttemptRef } from "../wire/messages.ts";

/** One piece, and pieces of one beat: a run that writes faster is shown later. */
const PIECE_BYTES = 256 * 1024;
const PIECES_MAX = 8;

/**
 * Sends what a run has written to its events since, for those who look.
 * @param at bytes that the lab has.
 * @throws LabGone; what the lab refuses; the signal's reason.
 */
export async function sendLive(
  lab: Pick<LabClient, "call">,
  { job, attempt }: AttemptRef,
  record: string,
  at: number,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(join(record, "events.jsonl")).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    let sent = at;
    for (let pieces = 0; pieces < PIECES_MAX; pieces += 1) {
      const { bytesRead } = await file.read(piece, 0, piece.length, sent);
      if (bytesRead === 0) return;
      const body = { at: sent, data: piece.toString("base64", 0, bytesRead) };
      const { have } = await lab.call("live", { path: { job, attempt }, body, signal });
      // The lab has all that it takes, or another beat has brought it.
      if (have !== sent + bytesRead) return;
      sent = have;
    }
  } finally {
    await file.close();
  }
}
