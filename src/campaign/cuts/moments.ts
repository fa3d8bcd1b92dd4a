import {
  type BootloaderBuild,
  boot,
  type FlashContent,
  type FlashTiming,
  isOperation,
  type LogLine,
  operationDurationUs,
  recogniseBootLine,
  workDurationUs,
} from "../../mcuboot/index.ts";
import type { ModelMoment } from "../record/cut-moment.ts";
import { UPGRADE_BEGINS } from "../verdict/cut-window.ts";
import { lineBytes, printingUs } from "./line-time.ts";

/** A board and what its flash holds as a boot begins. */
interface BootAhead {
  readonly flash: FlashContent;
  readonly build: BootloaderBuild;
  readonly timing: FlashTiming;
  readonly baudRate: number;
}

/**
 * When a flash operation of a boot happens, as a log line and a delay after it: the line that announces the upgrade,
 * else the last one before the operation. A bootloader waits for its UART, so what it prints in between counts.
 * @param operation from 0; 6.5 is in the middle of number 6.
 * @returns undefined when the boot has no such operation.
 */
export function momentOf(ahead: BootAhead, operation: number): ModelMoment | undefined {
  const after = ahead.flash.snapshot();
  let line: LogLine | undefined;
  let sinceUs = 0;
  let intoUs = 0;
  let done = 0;
  for (const step of boot(after, ahead.build)) {
    if (step.kind === "log") {
      if (line === undefined || !announces(line) || announces(step)) {
        line = step;
        sinceUs = 0;
      } else sinceUs += printingUs(lineBytes(printed(step)), ahead.baudRate);
    }
    if (step.kind === "work") {
      sinceUs += workDurationUs(step, ahead.timing);
      if (done > 0) intoUs += workDurationUs(step, ahead.timing);
    }
    if (!isOperation(step)) continue;
    const durationUs = operationDurationUs(step, ahead.timing);
    if (done === Math.floor(operation)) {
      if (line === undefined) return undefined;
      const partUs = (operation - done) * durationUs;
      const [delayUs, intoSwapUs] = [Math.round(sinceUs + partUs), Math.round(intoUs + partUs)];
      return { kind: "log", pattern: `${escaped(printed(line))}[^\\n]*\\n`, delayUs, intoSwapUs };
    }
    after.apply(step);
    sinceUs += durationUs;
    intoUs += durationUs;
    done += 1;
  }
  return undefined;
}

function announces({ text }: LogLine): boolean {
  return UPGRADE_BEGINS.includes(recogniseBootLine(text)?.event ?? "");
}

/** A line as the UART shows it. Source: Zephyr's minimal log. */
function printed({ level, text }: LogLine): string {
  return level === "" ? text : `${level}: ${text}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
