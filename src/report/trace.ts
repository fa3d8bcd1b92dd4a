import type { RunEvent } from "../campaign/index.ts";
import { subjectText } from "../campaign/index.ts";
import { failureText } from "./summary.ts";

/** One line an event, with the bench's clock in seconds: "[   12.345678] boot-log  Starting swap using move algorithm." */
export function traceLine(event: RunEvent): string {
  const stamp = `[${(event.atUs / 1_000_000).toFixed(6).padStart(13)}]`;
  return `${stamp} ${event.event.padEnd(16)} ${detail(event)}`.replaceAll(/ +$/gm, "");
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
