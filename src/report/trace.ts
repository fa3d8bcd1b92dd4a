import type { RunEvent } from "../campaign/index.ts";
import { subjectText } from "../campaign/index.ts";
import { type TranscriptLine, transcriptJson } from "../smp/index.ts";
import { failureText } from "./summary.ts";

/** One line an event, with the bench's clock in seconds: "[   12.345678] boot-log  Starting swap using move algorithm." */
export function traceLine(event: RunEvent): string {
  return `${stamp(event.atUs)} ${event.event.padEnd(16)} ${detail(event)}`.replaceAll(/ +$/gm, "");
}

/** One line of SMP, beside those of `traceLine`: "[    1.234567] smp answer       echo #4, 12 bytes, 3.1 ms {\"r\":\"x\"}". */
export function exchangeTraceLine(line: TranscriptLine): string {
  return `${stamp(line.atUs)} ${`smp ${line.smp}`.padEnd(16)} ${line.command} ${exchangeDetail(line)}`;
}

function exchangeDetail(line: TranscriptLine): string {
  if (line.smp === "chunks") {
    const { requests, answers, off, fromUs, atUs } = line;
    return `${requests} asked, ${answers} answered in ${ms(atUs - fromUs)}: ${off.from} to ${off.to}`;
  }
  const again = "attempt" in line && line.attempt > 1 ? `, attempt ${line.attempt}` : "";
  if (line.smp === "no answer") return `#${line.sequence}${again}, waited ${ms(line.waitedUs)}`;
  const took = line.smp === "answer" ? `, ${ms(line.tookUs)}` : again;
  const why = line.smp === "dropped" ? `, ${line.why}` : "";
  return `#${line.sequence}, ${line.bytes} bytes${took}${why} ${transcriptJson(line.body)}`;
}

function ms(us: number): string {
  return `${(us / 1000).toFixed(1)} ms`;
}

function stamp(atUs: number): string {
  return `[${(atUs / 1_000_000).toFixed(6).padStart(13)}]`;
}

function detail(event: RunEvent): string {
  switch (event.event) {
    case "boot-log":
      return event.text;
    case "power":
      return `${event.state} (command sent at ${(event.sentAtUs / 1_000_000).toFixed(6)})`;
    case "upload-progress":
      return `${event.sentBytes} of ${event.totalBytes}`;
    case "image-state":
      return event.images.map((slot) => `slot ${slot.slot}: ${[slot.version, ...slot.flags].join(" ")}`).join("; ");
    case "verdict": {
      const { verdict } = event;
      if (!verdict.pass) return `\n${failureText(verdict)}`;
      const where = verdict.where === undefined ? "" : `, ${verdict.where}`;
      return `${subjectText(verdict.subject)}${where}: ${verdict.ending}; ${verdict.found}; ${verdict.because}`;
    }
    default: {
      const { atUs: _atUs, event: _name, ...rest } = event;
      return JSON.stringify(rest);
    }
  }
}
