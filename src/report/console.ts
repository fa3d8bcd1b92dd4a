import type { RunEvent, Verdict } from "../campaign/index.ts";
import { type LineControl, terminalText } from "../core/index.ts";
import { bar, count, grouped, rate, seconds, wrapped } from "./format.ts";
import { RunProgress, statusText } from "./run-progress.ts";
import { failureText, summaryLines } from "./summary.ts";

const LABEL_WIDTH = 10;
const BAR_WIDTH = 24;
/** Where lines are not redrawn, nobody waits longer for one, in microseconds. */
const QUIET_US = 10_000_000;

/** Where the console report goes. */
interface ConsoleTarget {
  out(text: string, before?: LineControl): void;
  /** A terminal: bars are redrawn in place. Otherwise plain lines, a few for each long job. */
  readonly isTty: boolean;
  readonly columns: number;
}

type UploadProgress = Extract<RunEvent, { event: "upload-progress" }>;

/**
 * Shows a campaign while it runs, made from nothing but its events: live on a run, or afterwards from a record.
 */
export class ConsoleReport {
  readonly #target: ConsoleTarget;
  readonly #verdicts: Verdict[] = [];
  #phases: Extract<RunEvent, { event: "plan" }>["phases"] = [];
  #planned = 0;
  #live = false;
  #upload = { atUs: 0, shownPercent: 0 };
  #failuresShown = 0;
  readonly #progress = new RunProgress();
  #wallUs = 0;
  /** When a line was printed last, on the host's clock. */
  #printedUs = 0;

  constructor(target: ConsoleTarget) {
    this.#target = target;
  }

  /**
   * Takes the next event of the run.
   * @param wallUs when, on a clock of the host's: only ticks are measured by it.
   */
  readonly take = (event: RunEvent, wallUs = 0): void => {
    this.#progress.take(event);
    this.#wallUs = wallUs;
    this.#show(event);
  };

  /**
   * Says what goes on, when nothing else does: on a terminal in the line that is redrawn, elsewhere in a line of its
   * own when there was none for a while.
   * @param nowUs on the bench's clock. @param wallUs on the host's, from a tick to the next.
   */
  tick(nowUs: number, wallUs: number): void {
    this.#wallUs = wallUs;
    const text = statusText(this.#progress.status(), nowUs);
    if (this.#target.isTty) this.#redraw("now", text);
    else if (wallUs - this.#printedUs >= QUIET_US) this.#field("now", text);
  }

  #show(event: RunEvent): void {
    switch (event.event) {
      case "run-started":
        this.#line(`${event.scenario} on ${event.board}, seed ${event.seed}`);
        return;
      case "calibration":
        this.#field("switch", calibrationText(event));
        return;
      case "images-built":
        this.#field("images", imagesText(event));
        return;
      case "preflight":
        this.#field("preflight", event.checks.map(preflightText).join("; "));
        return;
      case "upload-started":
        this.#upload = { atUs: event.atUs, shownPercent: 0 };
        return;
      case "upload-progress":
        this.#uploading(event);
        return;
      case "upload-finished":
        // Once cuts are made uploads come by the dozen; the first has said how fast they are.
        if (this.#planned === 0) this.#field("upload", uploadText(event));
        return;
      case "reference":
        this.#field(
          event.of === "upload" ? "flash" : "swap",
          `${count(event.operations, "flash operation")}, ${seconds(event.swapUs)}`,
        );
        return;
      case "plan":
        this.#planned = event.cuts.length;
        this.#phases = event.phases;
        return;
      case "verdict":
        this.#judged(event.verdict);
        return;
      case "cut-void":
        this.#field("void", `cut ${event.index}${event.again ? ", made again" : ""}: ${event.reason}`);
        return;
      case "recovery":
        this.#field("recovery", `${event.step}: ${event.outcome}`);
        return;
      case "infra-retry":
        this.#field("retry", `${event.retry} of ${event.of}, the bench failed: ${event.text}`);
        return;
      case "warning":
        this.#field("warning", event.text);
        return;
      case "run-finished":
        this.#finished(event);
        return;
      default:
    }
  }

  #uploading(event: UploadProgress): void {
    const share = event.sentBytes / event.totalBytes;
    const elapsedUs = event.atUs - this.#upload.atUs;
    const leftUs = share > 0 ? elapsedUs / share - elapsedUs : 0;
    const percent = Math.floor(share * 100);
    const speed = rate(event.sentBytes, elapsedUs);
    if (this.#target.isTty) {
      this.#redraw("upload", `${bar(share, BAR_WIDTH)} ${percent} %   ${speed}   ${seconds(leftUs)} left`);
    } else if (this.#planned === 0 && percent >= this.#upload.shownPercent + 25 && percent < 100) {
      this.#upload.shownPercent = percent;
      this.#field("upload", `${percent} %   ${speed}   ${seconds(leftUs)} left`);
    }
  }

  #judged(verdict: Verdict): void {
    if (verdict.cut) this.#verdicts.push(verdict);
    if (!verdict.pass && this.#failuresShown < 3) {
      this.#failuresShown += 1;
      this.#line(failureText(verdict));
    }
    const done = this.#verdicts.length;
    if (!verdict.cut || this.#planned === 0) return;
    const text = `${bar(done / this.#planned, BAR_WIDTH)} ${done}/${this.#planned}`;
    if (this.#target.isTty && done < this.#planned) this.#redraw("cuts", text);
    else if (done === this.#planned) this.#field("cuts", text);
    else if (done % Math.ceil(this.#planned / 4) === 0) this.#field("cuts", `${done}/${this.#planned}`);
  }

  #finished(event: Extract<RunEvent, { event: "run-finished" }>): void {
    const width = Math.min(100, Math.max(60, this.#target.columns)) - LABEL_WIDTH - 2;
    const lines = summaryLines(event.result, this.#phases, this.#verdicts, width);
    for (const [label, text] of lines) {
      // The strip of cuts was made for this width.
      if (label === "") this.#print(`${" ".repeat(LABEL_WIDTH)}${text}`);
      else this.#field(label, text);
    }
  }

  #field(label: string, text: string): void {
    this.#line(`${label.padEnd(LABEL_WIDTH)}${text}`);
  }

  /** On a terminal long lines break between words; in a file they stay whole. */
  #line(text: string): void {
    if (!this.#target.isTty) {
      this.#print(text);
      return;
    }
    for (const line of text.split("\n")) {
      const indent = line.startsWith(" ".repeat(LABEL_WIDTH)) ? 2 * LABEL_WIDTH : LABEL_WIDTH;
      this.#print(wrapped(line, this.#target.columns - 1, indent));
    }
  }

  #print(text: string): void {
    this.#target.out(`${text}\n`, this.#live ? "redraw" : undefined);
    this.#live = false;
    this.#printedUs = this.#wallUs;
  }

  #redraw(label: string, text: string): void {
    this.#live = true;
    const room = Math.max(20, this.#target.columns - 1);
    this.#target.out(terminalText(`${label.padEnd(LABEL_WIDTH)}${text}`).slice(0, room), "redraw");
  }
}

function calibrationText({ date, latencyUs, uncertaintyUs }: Extract<RunEvent, { event: "calibration" }>): string {
  const ms = (us: number) => (us / 1000).toFixed(1);
  return `a cut falls ${ms(latencyUs)} ms ± ${ms(uncertaintyUs)} ms after its command (measured ${date.slice(0, 10)})`;
}

function imagesText({ images, crypto }: Extract<RunEvent, { event: "images-built" }>): string {
  const of = (core: "network" | undefined) => {
    const [old, next] = (["old", "new"] as const).map((role) => {
      return images.find((image) => image.role === role && image.core === core);
    });
    return old === undefined && next === undefined ? undefined : { old, next };
  };
  const text = (name: string, pair: ReturnType<typeof of>) => {
    if (pair === undefined) return [];
    const { old, next } = pair;
    const bytes = next?.fileBytes ?? old?.fileBytes ?? 0;
    return [`${name} ${old?.version ?? "as it is"} -> ${next?.version ?? "as it was"}`, `${grouped(bytes)} B`];
  };
  const signers = [...new Set(images.flatMap(({ signedBy }) => signedBy ?? []))];
  const by = signers.length === 0 ? [] : [`signed by ${signers.join(" and ")}`];
  return [...text("app", of(undefined)), ...text("net", of("network")), ...crypto, ...by].join(", ");
}

function preflightText(check: Extract<RunEvent, { event: "preflight" }>["checks"][number]): string {
  return check.outcome === "cannot be asked" ? `${check.name} not told` : check.found;
}

type UploadFinished = Extract<RunEvent, { event: "upload-finished" }>;

function uploadText(event: UploadFinished): string {
  if (event.alreadyPresent) return `${event.version} was there already`;
  const { bytes, durationUs } = event;
  return [`${bar(1, BAR_WIDTH)} 100 %`, `${grouped(bytes)} B`, rate(bytes, durationUs), ...shareText(event)].join(
    "   ",
  );
}

/** Speed after the first chunk, which waits for an erase, against what is possible. A few chunks say nothing about it. */
function shareText({ bytes, firstBytes, durationUs, eraseUs, limitBytesPerS }: UploadFinished): readonly string[] {
  if (bytes < 8 * firstBytes) return [];
  const bytesPerS = ((bytes - firstBytes) * 1_000_000) / Math.max(1, durationUs - eraseUs);
  return [`${Math.round((100 * bytesPerS) / limitBytesPerS)} % of what line and flash allow`];
}
