import { type HilError, TimeoutError } from "../../core/index.ts";
import { imageUpload } from "../groups/image.ts";
import type { LineQuality } from "../transport/line-quality.ts";
import type { SmpSession } from "./session.ts";

/** An upload that came to its end by a missing answer. */
interface Failure {
  readonly session: SmpSession;
  readonly line: LineQuality;
  /** When the chunk was first sent. */
  readonly sinceUs: number;
  readonly cause: HilError;
}

/** The board answers, and takes no first chunk of any size. */
export function smallBuffers({ session, line, sinceUs, cause }: Failure): HilError {
  const seen = `The board answers an echo, but no packet of an upload, down to ${line.smallestBytes} bytes.`;
  const hint =
    "Its line or packet buffers may be smaller than it says: name a size with --packet, or pace the line with " +
    "--line-pause (a J-Link's mass-storage drive loses bytes, too). Its log may say more.";
  return timeout(session, sinceUs, seen, hint, cause);
}

/** A timeout, and what the line has lost before it; the timeout itself where the line has lost nothing. */
export function badLine({ session, line, sinceUs, cause }: Failure): HilError {
  const { oneIn, smallestBytes } = line;
  if (oneIn === undefined) return cause;
  const lost = `The line loses 1 line in ${oneIn}; packets went down to ${smallestBytes} bytes.`;
  const hint = "Take a lower baud rate, hardware flow control or a shorter cable.";
  return timeout(session, sinceUs, `${session.transport.lastSeen()} ${lost}`, hint, cause);
}

function timeout(session: SmpSession, sinceUs: number, seen: string, hint: string, cause: HilError): TimeoutError {
  const waitedMs = (session.clock.nowUs() - sinceUs) / 1000;
  return new TimeoutError(`the answer to ${imageUpload.name} on ${session.transport.name}`, waitedMs, seen, hint, {
    cause,
  });
}
