import type { RunEvent } from "../campaign/index.ts";
import { bar, rate, span } from "./format.ts";
import type { RunStatus, UploadStatus } from "./run-status.ts";

type Of<N extends RunEvent["event"]> = Extract<RunEvent, { event: N }>;
type About = { readonly check: string } | { readonly subject: { readonly kind: string } };
/** Events that more is looked at than when they came. */
type Told =
  | { readonly event: "upload-started"; readonly atUs: number; readonly version: string; readonly totalBytes: number }
  | Pick<Of<"upload-progress">, "event" | "atUs" | "sentBytes" | "totalBytes">
  | Pick<Of<"upload-finished">, "event" | "atUs" | "bytes" | "durationUs">
  | { readonly event: "reset"; readonly atUs: number; readonly answeredUs: number }
  | { readonly event: "power"; readonly atUs: number; readonly state: "on" | "off" }
  | { readonly event: "boot-log"; readonly atUs: number; readonly name: string }
  | Pick<Of<"reference">, "event" | "atUs" | "swapUs" | "endAfterResetUs">
  | { readonly event: "plan"; readonly atUs: number; readonly cuts: number | readonly unknown[] }
  | { readonly event: "verdict"; readonly atUs: number; readonly verdict: { readonly pass: boolean } & About };
/** What of an event is looked at: events of a run that goes on, and those that were read from a record. */
type Seen = Told | { readonly event: Exclude<RunEvent["event"], Told["event"]>; readonly atUs: number };

/** What most events begin: the words for it. */
const DOING: Partial<Record<RunEvent["event"], string>> = {
  "run-started": "starting",
  "images-built": "looking at the board",
  preflight: "bringing the board to its baseline",
  "upload-finished": "requesting the upgrade",
  "boot-seen": "asking the board",
  recovery: "bringing the board back",
  "infra-retry": "trying the bench again",
  "run-finished": "ended",
};

/** Lines of the boot log that begin something worth a clock. */
const LINES: Readonly<Record<string, string>> = {
  "starting bootloader": "bootloader runs",
  "starting swap": "swap",
  upgrading: "swap",
  copying: "swap",
  "net core on": "copy to the network core",
  chainload: "application starts",
  jumping: "application starts",
};

/** Follows a run by its events: what it does, since when, and how long it will take by what it took so far. */
export class RunProgress {
  #doing = "starting";
  #sinceUs = 0;
  #atUs = 0;
  #upload: { readonly beganUs: number; sentBytes: number; readonly totalBytes: number } | undefined;
  #uploads = 0;
  #uploadsAtPlan = 0;
  /** When the last cut was judged. */
  #uploadsAtCut = 0;
  #uploadsDone = { count: 0, us: 0 };
  #swapUs: number | undefined;
  #bootUs: number | undefined;
  #plan: { readonly atUs: number; readonly cuts: number } | undefined;
  #cutsDone = 0;
  #failed = 0;
  #ended = false;

  take(event: Seen): void {
    this.#atUs = Math.max(this.#atUs, event.atUs);
    switch (event.event) {
      case "upload-started":
        this.#uploads += 1;
        this.#upload = { beganUs: event.atUs, sentBytes: 0, totalBytes: event.totalBytes };
        this.#begin(`upload of ${event.version}`, event.atUs);
        return;
      case "upload-progress":
        if (this.#upload) this.#upload.sentBytes = event.sentBytes;
        return;
      case "reset":
        this.#begin("boot", event.answeredUs);
        return;
      case "power":
        this.#begin(event.state === "off" ? "power is off" : "boot", event.atUs);
        return;
      case "boot-log": {
        const doing = LINES[event.name];
        if (doing !== undefined && doing !== this.#doing) this.#begin(doing, event.atUs);
        return;
      }
      case "reference":
        this.#swapUs = event.swapUs;
        this.#bootUs = event.endAfterResetUs;
        return;
      case "plan":
        this.#plan = { atUs: event.atUs, cuts: typeof event.cuts === "number" ? event.cuts : event.cuts.length };
        this.#uploadsAtPlan = this.#uploads;
        return;
      case "verdict":
        this.#judged(event.verdict);
        return;
      default:
        this.#takeOther(event);
    }
  }

  status(): RunStatus {
    return {
      doing: this.#doing,
      sinceUs: this.#sinceUs,
      expectedUs: this.#expectedUs(),
      atUs: this.#atUs,
      upload: this.#uploadStatus(),
      cutsDone: this.#cutsDone,
      cutsPlanned: this.#plan?.cuts ?? 0,
      failed: this.#failed,
      leftUs: this.#leftUs(),
      ended: this.#ended,
    };
  }

  #takeOther(event: Seen): void {
    if (event.event === "upload-finished") {
      this.#upload = undefined;
      this.#uploadsDone = { count: this.#uploadsDone.count + 1, us: this.#uploadsDone.us + event.durationUs };
    }
    if (event.event === "run-finished") this.#ended = true;
    const doing = DOING[event.event];
    if (doing !== undefined) this.#begin(doing, event.atUs);
  }

  #begin(doing: string, atUs: number): void {
    this.#doing = doing;
    this.#sinceUs = atUs;
  }

  #judged(verdict: { readonly pass: boolean } & About): void {
    if (!verdict.pass) this.#failed += 1;
    const isCut = "subject" in verdict ? verdict.subject.kind === "cut" : verdict.check.startsWith("cut ");
    if (!isCut) return;
    this.#cutsDone += 1;
    this.#uploadsAtCut = this.#uploads;
  }

  #expectedUs(): number | undefined {
    if (this.#doing === "swap") return this.#swapUs;
    if (this.#doing === "boot" || this.#doing === "bootloader runs") return this.#bootUs;
    if (this.#upload !== undefined && this.#uploadsDone.count > 0)
      return this.#uploadsDone.us / this.#uploadsDone.count;
    return undefined;
  }

  #uploadStatus(): UploadStatus | undefined {
    const upload = this.#upload;
    if (upload === undefined) return undefined;
    const tookUs = this.#atUs - upload.beganUs;
    const bytesPerS = tookUs > 0 ? (upload.sentBytes * 1_000_000) / tookUs : 0;
    return {
      number: this.#uploads,
      of: this.#uploadsInAll(),
      sentBytes: upload.sentBytes,
      totalBytes: upload.totalBytes,
      bytesPerS,
      leftUs: bytesPerS > 0 ? ((upload.totalBytes - upload.sentBytes) * 1_000_000) / bytesPerS : undefined,
    };
  }

  /** By what each cut took so far; before the first is done, one for each. */
  #uploadsInAll(): number | undefined {
    if (this.#plan === undefined) return undefined;
    const each = this.#cutsDone === 0 ? 1 : (this.#uploadsAtCut - this.#uploadsAtPlan) / this.#cutsDone;
    return Math.max(this.#uploads, this.#uploadsAtPlan + Math.round(this.#plan.cuts * each));
  }

  #leftUs(): number | undefined {
    if (this.#plan === undefined || this.#ended) return undefined;
    const left = this.#plan.cuts - this.#cutsDone;
    if (this.#cutsDone > 0) return ((this.#atUs - this.#plan.atUs) / this.#cutsDone) * left;
    if (this.#uploadsDone.count === 0 || this.#bootUs === undefined) return undefined;
    // An upload, a boot that is cut and one that is not.
    return (this.#uploadsDone.us / this.#uploadsDone.count + 2 * this.#bootUs) * left;
  }
}

const BAR = 16;

/** A status in one line, at a moment of the bench's clock: what, how far, how long, and the run's expected end. */
export function statusText(status: RunStatus, nowUs: number): string {
  const { doing, sinceUs, expectedUs, upload, cutsDone, cutsPlanned, failed } = status;
  const sinceText = span(Math.max(0, nowUs - sinceUs));
  const parts = [doing];
  if (upload === undefined)
    parts.push(expectedUs === undefined ? sinceText : `${sinceText} of about ${span(expectedUs)}`);
  else {
    const share = upload.totalBytes === 0 ? 0 : upload.sentBytes / upload.totalBytes;
    const number = upload.of === undefined ? `no. ${upload.number}` : `no. ${upload.number} of about ${upload.of}`;
    parts.push(number, `${bar(share, BAR)} ${Math.floor(share * 100)} %`);
    if (upload.bytesPerS > 0) parts.push(rate(upload.bytesPerS, 1_000_000));
    if (upload.leftUs !== undefined) parts.push(`${span(upload.leftUs)} left`);
  }
  if (cutsPlanned > 0) parts.push(`cut ${Math.min(cutsDone + 1, cutsPlanned)} of ${cutsPlanned}`);
  if (failed > 0) parts.push(`${failed} failed`);
  const leftUs = status.leftUs === undefined ? undefined : Math.max(0, status.leftUs - (nowUs - status.atUs));
  if (leftUs !== undefined) parts.push(`ends in about ${span(leftUs)}`);
  return parts.join("  ");
}
