import type { UploadProgress, UploadResult } from "../../smp/index.ts";
import type { CliIo } from "../terminal/io.ts";

const BAR_COLUMNS = 24;

/**
 * Shows an upload: on a terminal a bar with rate and time left, redrawn at most ten times a second; elsewhere one line
 * for every tenth of the image, so that a log stays short.
 * @param lineBytesASecond what the line alone would allow; the rate is shown in percent of it, too.
 */
export function progressPrinter(io: CliIo, lineBytesASecond?: number): (progress: UploadProgress) => void {
  let first: UploadProgress | undefined;
  let drawnUs = Number.NEGATIVE_INFINITY;
  let tenth = 0;
  return (progress) => {
    first ??= progress;
    const done = progress.sentBytes === progress.totalBytes;
    if (!io.isTty) {
      const now = Math.floor((10 * progress.sentBytes) / progress.totalBytes);
      if (now > tenth) io.out(`${line(progress, first, lineBytesASecond)}\n`);
      tenth = Math.max(tenth, now);
      return;
    }
    if (!done && progress.atUs - drawnUs < 100_000) return;
    drawnUs = progress.atUs;
    const share = progress.sentBytes / progress.totalBytes;
    const full = Math.round(share * BAR_COLUMNS);
    // No wider than the terminal: a line that wraps cannot be redrawn.
    const text = `${"█".repeat(full)}${"░".repeat(BAR_COLUMNS - full)} ${line(progress, first, lineBytesASecond)}`;
    io.out(`${text.slice(0, Math.max(20, io.columns - 1))}${done ? "\n" : ""}`, "redraw");
  };
}

/**
 * " 45 %  92160 of 204812 B  29.8 KiB/s  93 % of the line  4 s left"; the rate is that since the first answer, after the
 * erase.
 */
function line(progress: UploadProgress, first: UploadProgress, lineBytesASecond: number | undefined): string {
  const { sentBytes, totalBytes } = progress;
  const parts = [`${Math.floor((100 * sentBytes) / totalBytes)} %`.padStart(5), `${sentBytes} of ${totalBytes} B`];
  const seconds = (progress.atUs - first.atUs) / 1_000_000;
  const bytesASecond = seconds > 0 ? (sentBytes - first.sentBytes) / seconds : 0;
  if (bytesASecond > 0) {
    parts.push(`${(bytesASecond / 1024).toFixed(1)} KiB/s`);
    // A pseudo-terminal is faster than any line it stands for: no share of that then.
    const share = Math.round((100 * bytesASecond) / (lineBytesASecond ?? Number.NaN));
    if (share <= 100) parts.push(`${share} % of the line`);
    if (sentBytes < totalBytes) parts.push(`${Math.ceil((totalBytes - sentBytes) / bytesASecond)} s left`);
  }
  return parts.join("  ");
}

/** What an upload came to, as a sentence. */
export function uploadSummary(result: UploadResult): string {
  const seconds = result.durationUs / 1_000_000;
  if (result.alreadyPresent) return `The board has this image already (${result.totalBytes} bytes).\nDone\n`;
  const sentBytes = result.totalBytes - result.resumedAtBytes;
  const notes = [
    result.resumedAtBytes > 0 ? `taken up at ${result.resumedAtBytes}` : "",
    result.retries > 0 ? `${result.retries} packet${result.retries === 1 ? "" : "s"} sent again` : "",
    result.restarts > 0 ? `started over ${result.restarts === 1 ? "once" : `${result.restarts} times`}` : "",
  ].filter((note) => note !== "");
  const tail = notes.length === 0 ? "" : `; ${notes.join(", ")}`;
  const rate = (sentBytes / 1024 / Math.max(seconds, 0.001)).toFixed(1);
  return `${sentBytes} bytes in ${seconds.toFixed(1)} s, ${rate} KiB/s${tail}\nDone\n`;
}
