import { type LogLine, recogniseBootLine } from "../../mcuboot/index.ts";
import type { Allowed, Failure, Shown } from "./check.ts";

/** Events of the boot-line tables that say what a bootloader decided; the rest depends on how much a build prints. */
const DECISIVE: readonly string[] = ["swap type", "boot source", "image invalid"];

/** What the lines of a boot say that the bootloader decided, in order. */
export function decisionsIn(lines: readonly Pick<LogLine, "text">[]): readonly string[] {
  return lines.flatMap(({ text }) => {
    const known = recogniseBootLine(text);
    return known !== undefined && DECISIVE.includes(known.event) ? [text.replace(/^[IWED]: /, "")] : [];
  });
}

/** A boot that shows the right slots, and decided something else than the model does, is no pass. */
export function checkLog({ seen }: Shown, { decisions }: Allowed): Failure | undefined {
  const [wanted] = decisions ?? [];
  if (decisions === undefined || wanted === undefined || seen.boots === 0) return undefined;
  const found = decisionsIn(seen.lines);
  if (decisions.some((texts) => found.join("\n") === texts.join("\n"))) return undefined;
  const at = found.findIndex((text, order) => text !== wanted[order]);
  const [odd, right] = at < 0 ? [undefined, wanted[found.length]] : [found[at], wanted[at]];
  const because = `the boot log says ${quoted(odd)} where MCUboot must say ${quoted(right)}`;
  return { ending: "wrong log", because };
}

function quoted(text: string | undefined): string {
  return text === undefined ? "nothing" : `"${text}"`;
}
