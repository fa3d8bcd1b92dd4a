import { assertionsOf, type BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { type BootResult, resultText } from "../steps/steps.ts";
import { outcomeOf } from "./run-boot.ts";

/**
 * How the boot of a content ends, in words, and what an assertion has to do with it: the same flash ends otherwise in a
 * build whose assertions do something else, and which build it is, only its owner knows.
 * @param result how it ends in this build.
 */
export function endText(flash: FlashContent, build: BootloaderBuild, result: BootResult): string {
  const text = resultText(result);
  if (assertionsOf(build) === "off") {
    const checked = outcomeOf(flash, { ...build, assertions: "on" }).result;
    if (checked.kind !== "panic" || (result.kind === "panic" && result.reason === checked.reason)) return text;
    return `${text}; past a failed assertion (${checked.reason}), which does nothing in this build`;
  }
  if (result.kind !== "panic") return text;
  const other = outcomeOf(flash, { ...build, assertions: "off" }).result;
  if (other.kind === "panic" && other.reason === result.reason) return `${text}, on every boot`;
  return `${text}, on every boot; where assertions do nothing (bootloader.assertions: off): ${resultText(other)}`;
}
