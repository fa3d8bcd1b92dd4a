import type { RunEvent, Verdict } from "../campaign/index.ts";
import { bar, count, grouped, rate, seconds } from "./format.ts";
import { failureText, summaryLines } from "./summary.ts";

const LABEL_WIDTH = 10;
const BAR_WIDTH = 24;

/** Where the console report goes. */
export interface ConsoleTarget {
  out(text: string): void;
  /** A terminal: bars are redrawn in place. Otherwise plain lines, a few for each long job. */
  readonly isTty: boolean;
  readonly columns: number;
}

/**
 * Shows a campaign while it runs, made from nothing but its events: live on a run, or afterwards from a record.
 */
export class ConsoleReport {
  readonly #target: ConsoleTarget;
  readonly #verdicts: Verdict[] = [];
  #phases: Extract<RunEvent, { event: "plan" }>["phases"] = [];
  #planned = 0;
  #live = false;
  #upload = { atUs: 0, total: 0, shownPercent: 0 };
  #failuresShown = 0;

  constructor(target: ConsoleTarget) {
    this.#target = target;
  }

  /** Takes the next event of the run. */
  readonly take = (event: RunEvent): void => {
    switch (event.event) {
      case "run-started":
        this.#line(`${event.scenario} on ${event.board}`.padEnd(88) + `  seed ${event.seed}`);
        return;
      case "images-built":
        this.#field("images", imagesText(event.images));
        return;
      case "preflight":
        this.#field("preflight", event.checks.map((check) => preflightText(check)).join("; "));
        return;
      case "upload-started":
        this.#upload = { atUs: event.atUs, total: event.totalBytes, shownPercent: 0 };
        return;
      case "upload-progress":
        this.#uploading(event);
        return;
      case "upload-finished":
        this.#field("upload", uploadText(event));
        return;
      case "reference":
        this.#field("swap", `${count(event.operations, "flash operation")}, ${seconds(event.swapUs)}`);
        return;
      case "plan":
        this.#planned = event.cuts.length;
        this.#phases = event.phases;
        return;
      case "verdict":
        this.#judged(event.verdict);
        return;
      case "warning":
        this.#field("warning", event.text);
        return;
      case "run-finished":
        this.#finished(event);
        return;
      default:
    }
  };

  #uploading(event: Extract<RunEvent, { event: "upload-progress" }>): void {
    const share = event.sentBytes / event.totalBytes;
    const elapsedUs = event.atUs - this.#upload.atUs;
    const leftUs = share > 0 ? elapsedUs / share - elapsedUs : 0;
    const percent = Math.floor(share * 100);
    const speed = rate(event.sentBytes, elapsedUs);
    if (this.#target.isTty) {
      this.#redraw("upload", `${bar(share, BAR_WIDTH)} ${percent} %   ${speed}   ${seconds(leftUs)} left`);
    } else if (percent >= this.#upload.shownPercent + 25 && percent < 100) {
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
    for (const [label, text] of lines) this.#field(label, text);
  }

  #field(label: string, text: string): void {
    this.#line(`${label.padEnd(LABEL_WIDTH)}${text}`);
  }

  #line(text: string): void {
    this.#target.out(`${this.#live ? "\r\u001B[2K" : ""}${text}\n`);
    this.#live = false;
  }

  #redraw(label: string, text: string): void {
    this.#live = true;
    const room = Math.max(20, this.#target.columns - 1);
    this.#target.out(`\r\u001B[2K${`${label.padEnd(LABEL_WIDTH)}${text}`.slice(0, room)}`);
  }
}

function imagesText(images: Extract<RunEvent, { event: "images-built" }>["images"]): string {
  const [old, next] = images;
  const versions = `app ${old?.version} -> ${next?.version}`;
  const size = `${grouped(next?.fileBytes ?? 0)} B`;
  return [versions, size, "ECDSA P-256", next?.encrypted ? "ECIES P-256 / AES-128" : "not encrypted"].join(", ");
}

function preflightText(check: Extract<RunEvent, { event: "preflight" }>["checks"][number]): string {
  return check.outcome === "cannot be asked" ? `${check.name}: not offered` : `${check.name}: ${check.found}`;
}

function uploadText(event: Extract<RunEvent, { event: "upload-finished" }>): string {
  if (event.alreadyPresent) return `${event.version} was there already`;
  const share = (event.bytes * 1_000_000) / Math.max(1, event.durationUs - event.eraseUs) / event.limitBytesPerS;
  const percent = `${Math.round(share * 100)} % of what line and flash allow`;
  return `${bar(1, BAR_WIDTH)} 100 %   ${grouped(event.bytes)} B   ${rate(event.bytes, event.durationUs)}   ${percent}`;
}
