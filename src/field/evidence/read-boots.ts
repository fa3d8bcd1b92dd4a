import {
  type BootloaderBuild,
  type BootMode,
  GENERATIONS,
  type GenerationRow,
  isWithin,
  printsLine,
  readLog,
  rowsOfBanner,
} from "../../mcuboot/index.ts";
import { tokenOf } from "../world/tokens.ts";
import type { BootSeenInLog } from "./evidence.ts";

/** A boot log, read. */
export interface LogSeen {
  readonly boots: readonly BootSeenInLog[];
  readonly generations: readonly GenerationRow[];
  readonly generationTold: boolean;
  readonly modes: readonly BootMode[];
  /** Its lines, as the tables know them. */
  readonly lines: readonly Line[];
}

/**
 * A boot log in the words that histories are compared by; undefined: no line of a bootloader.
 * @param build what is believed of the bootloader where no line tells.
 */
export function readBoots(text: string, build: BootloaderBuild): LogSeen | undefined {
  const reading = readLog(text, build);
  if (reading === undefined) return undefined;
  const spoke = linesBetween(text, reading.boots);
  const boots = reading.boots.map(({ lines, headSeen, end }, at): BootSeenInLog => {
    const version = lines.findLast(({ event }) => event === "image version")?.fields["version"];
    const tokens = lines.map((line) => tokenOf(line.text)).filter((token) => token !== undefined);
    const [first, last] = [lines[0]?.number ?? 0, lines.at(-1)?.number ?? 0];
    return {
      tokens,
      headSeen,
      end,
      ...(version && { version: version.replace(/^v/, "") }),
      lines: [first, last],
      appSpoke: spoke[at] ?? false,
    };
  });
  const lines = reading.boots.flatMap((boot) => boot.lines);
  const named = lines
    .map(({ event, fields }) => rowsOfBanner(event, fields))
    .filter((rows) => rows !== undefined)
    .reduce<readonly GenerationRow[] | undefined>((all, rows) => {
      const both = all?.filter(({ name }) => rows.some((row) => row.name === name)) ?? rows;
      return both.length === 0 ? all : both;
    }, undefined);
  const printed = GENERATIONS.filter(
    (row: GenerationRow) => lines.every(({ text }) => printsLine(row, text)) && namesImage(row, reading.boots),
  );
  const fits = named?.filter(({ name }) => printed.some((row) => row.name === name)) ?? printed;
  const generations = fits.length > 0 ? fits : (named ?? GENERATIONS);
  return { boots, generations, generationTold: named !== undefined, modes: modesOf(lines, build, generations), lines };
}

/** Whether anything was printed between the end of each boot and the next one. */
function linesBetween(text: string, boots: readonly { readonly lines: readonly Line[] }[]): readonly boolean[] {
  const all = text.split("\n");
  return boots.map(({ lines }, at) => {
    const from = lines.at(-1)?.number ?? 0;
    const to = boots[at + 1]?.lines[0]?.number ?? all.length + 1;
    return all.slice(from, to - 1).some((line) => line.trim() !== "");
  });
}

/** From 2.2 on the version is printed between the slot's address and the jump. Source: MCUboot boot/zephyr/main.c. */
function namesImage(row: GenerationRow, boots: readonly { readonly lines: readonly Line[] }[]): boolean {
  const silent = boots.some(({ lines }) => {
    const at = (event: string) => lines.findIndex((line) => line.event === event);
    return at("chainload") >= 0 && at("jumping") > at("chainload") && at("image version") < 0;
  });
  return !(silent && isWithin(row.release, { from: "2.2" }));
}

type Line = {
  readonly number: number;
  readonly event: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly text: string;
};

/** Modes that print such lines. Source: MCUboot loader.c, swap_move.c, swap_offset.c, swap_scratch.c. */
function modesOf(
  lines: readonly Line[],
  build: BootloaderBuild,
  generations: readonly GenerationRow[],
): readonly BootMode[] {
  const algorithm = lines.find(({ event }) => event === "starting swap")?.fields["algorithm"];
  if (algorithm === "move" || algorithm === "offset" || algorithm === "scratch") return [algorithm];
  const areas = lines.filter(({ event }) => event === "swap state").map(({ fields }) => fields["area"]);
  if (areas.includes("Scratch")) return ["scratch"];
  // Swap using offset came with 2.2.
  const offset = generations.some(({ release }) => isWithin(release, { from: "2.1.99" })) ? (["offset"] as const) : [];
  if (areas.includes("Secondary image")) return ["move", ...offset];
  if (areas.length > 0) return ["move", ...offset, "scratch"];
  if (lines.some(({ event }) => event === "copying" || event === "erasing primary" || event === "upgrading"))
    return ["overwrite"];
  if (lines.some(({ text }) => text.includes("Direct-XIP"))) return ["direct-xip"];
  if (lines.some(({ event }) => event === "swap type")) return ["overwrite"];
  return [build.mode];
}
