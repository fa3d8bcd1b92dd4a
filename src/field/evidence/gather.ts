import { bootloaderBuildOf } from "../../board/index.ts";
import {
  type BootloaderFacts,
  type BootMode,
  contradictions,
  GENERATIONS,
  type GenerationRow,
  generationTitle,
  MODES,
} from "../../mcuboot/index.ts";
import type { FieldEvidence, ImageFile } from "./evidence.ts";
import type { Belief, Piece } from "./piece.ts";
import { type LogSeen, readBoots } from "./read-boots.ts";
import { factsOf } from "./say.ts";

/** Modes that are searched: what exchanges or copies images. */
const SEARCHED: readonly BootMode[] = ["move", "offset", "scratch", "overwrite"];

/** Puts what was read together: what is known, what contradicts, what is missing. */
export function gather(pieces: readonly Piece[], sentences: readonly string[], belief: Belief): FieldEvidence {
  const build = bootloaderBuildOf(belief.loaded);
  const logs = pieces.filter((piece) => piece.kind === "log");
  const text = logs.map((piece) => piece.text).join("\n");
  const log = logs.length === 0 ? undefined : readBoots(text, build);
  const files = pieces.flatMap((piece) => (piece.kind === "images" ? piece.files : []));
  const list = pieces.findLast(
    (piece) => piece.kind === "list" || (piece.kind === "dump" && piece.slots !== undefined),
  );
  const trailers = pieces.flatMap((piece) => (piece.kind === "dump" ? piece.trailers : []));
  const said = factsOf(sentences);
  const { generations, told } = generationsOf(log, belief);
  const modes = modesOf(log, belief, generations);
  const slots = list !== undefined && "slots" in list ? list.slots : undefined;
  const evidence = {
    boots: log?.boots ?? [],
    ...(slots && list?.kind === "list" && { list: slots }),
    ...(slots && list?.kind === "dump" && { held: slots }),
    trailers,
    said,
    files: files.toSorted((a, b) => a.image - b.image),
    generations,
    generationTold: told,
    modes,
  };
  return {
    ...evidence,
    knows: knownLines(evidence, pieces, belief),
    contradicts: contradictionsOf(log, belief, files),
    asks: asksOf(evidence),
  };
}

function generationsOf(
  log: LogSeen | undefined,
  belief: Belief,
): { readonly generations: readonly GenerationRow[]; readonly told: boolean } {
  if (log?.generationTold) return { generations: log.generations, told: true };
  const named = belief.loaded.profile.bootloader.generation;
  const own = GENERATIONS.filter(({ name }) => name === named);
  if (belief.told) return { generations: own, told: true };
  return { generations: log?.generations ?? GENERATIONS, told: false };
}

function modesOf(log: LogSeen | undefined, belief: Belief, generations: readonly GenerationRow[]): readonly BootMode[] {
  const own = MODES.find(({ name }) => name === belief.loaded.profile.bootloader.mode)?.mode;
  if (log === undefined)
    return belief.told && own !== undefined
      ? [own]
      : SEARCHED.filter((mode) => mode !== "offset" || generations.some(({ release }) => release >= "2.2"));
  return belief.told && own !== undefined && log.modes.includes(own) ? [own] : log.modes;
}

function contradictionsOf(
  log: LogSeen | undefined,
  { loaded, told }: Belief,
  files: readonly ImageFile[],
): readonly string[] {
  const odd = files.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`));
  if (!told || log === undefined) return odd;
  const build = bootloaderBuildOf(loaded);
  const facts: BootloaderFacts = {
    mode: build.mode,
    generation: build.generation,
    images: build.images.length,
    startOffsets: build.images.slice(0, 1).flatMap(({ primary, secondary }) => [primary.offset, secondary.offset]),
  };
  const found = contradictions(log.lines, facts).map(
    ({ said, believed }) => `the log says ${said}; the profile ${loaded.profile.name} says ${believed}`,
  );
  return [...odd, ...found];
}

type Gathered = Omit<FieldEvidence, "knows" | "contradicts" | "asks">;

function knownLines(
  { boots, generations, generationTold, modes, files, list, held, trailers, said }: Gathered,
  pieces: readonly Piece[],
  { loaded, told }: Belief,
): readonly string[] {
  const opaque = pieces.flatMap((piece) => ("read" in piece ? [`${piece.name}: ${piece.read}`] : []));
  const [first, last] = [generations[0], generations.at(-1)];
  const span =
    first === undefined || last === undefined
      ? ""
      : first === last
        ? generationTitle(first)
        : `${generationTitle(first)} to ${generationTitle(last)}`;
  const ends = boots.map(({ end }) =>
    end === "ran"
      ? "starts an image"
      : end === "no boot"
        ? "finds none"
        : end === "recovery"
          ? "serial recovery"
          : end === "panic"
            ? "panics"
            : "stops",
  );
  return [
    ...opaque,
    ...(boots.length === 0
      ? []
      : [`${boots.length} boot${boots.length === 1 ? "" : "s"} in the log: ${ends.join(", ")}`]),
    `bootloader: ${span}${generationTold ? "" : " (by the wording alone)"}; ${modes.map(modeTitle).join(" or ")}`,
    ...(told
      ? [
          `board: ${loaded.profile.name}, slots at 0x${loaded.profile.slots.primary.offset.toString(16)} and 0x${loaded.profile.slots.secondary.offset.toString(16)}`,
        ]
      : []),
    ...files.map(fileText),
    ...((list ?? held) === undefined ? [] : [`slots: ${(list ?? held ?? []).map(slotText).join("; ")}`]),
    ...trailers.map(({ slot, text }) => `trailer of slot ${slot}: ${text}`),
    ...(said.size === 0 ? [] : [`said: ${[...said].join(", ")}`]),
  ];
}

/** What people call a mode. */
export function modeTitle(mode: BootMode): string {
  return MODES.find((row) => row.mode === mode)?.name ?? mode;
}

function fileText({ name, version, encrypted, bytes, keyOf, faults }: ImageFile): string {
  const whose =
    keyOf === undefined
      ? faults.length > 0
        ? "not whole"
        : "signed with a key that is not known here"
      : `signed with the key of ${keyOf}`;
  return `${name}: version ${version}, ${bytes} bytes, ${encrypted ? "encrypted" : "plain"}, ${whose}`;
}

function slotText({
  slot,
  version,
  pending,
  confirmed,
  active,
  permanent,
}: NonNullable<FieldEvidence["list"]>[number]): string {
  const flags = Object.entries({ active, confirmed, pending, permanent })
    .filter(([, is]) => is)
    .map(([name]) => name);
  return `slot ${slot} ${version ?? "?"}${flags.length === 0 ? "" : ` (${flags.join(", ")})`}`;
}

function asksOf({ boots, list, held, files, generationTold, said }: Gathered): readonly string[] {
  const first = boots[0];
  const last = boots.at(-1);
  return [
    ...(boots.length === 0
      ? ["the bootloader's UART log, from the reset that ended the update over at least two boots"]
      : []),
    ...(first !== undefined && (!first.headSeen || boots.length === 1)
      ? ["the log of the boots before, from power on"]
      : []),
    ...(last !== undefined && last.end === undefined
      ? ["what the log shows after its last line, for at least a minute, and after one more power cycle"]
      : []),
    ...(generationTold
      ? []
      : ["the release of the bootloader in the field: its banner from power on, or the SDK version it was built with"]),
    ...((list ?? held) === undefined
      ? ["the image list (mcumgr image list) as it is now, or a dump of both slots"]
      : []),
    ...(files.length === 0 ? ["the update file itself"] : []),
    ...(said.has("power was lost") || said.size > 0
      ? []
      : ["whether power was lost, and whether the application confirms itself"]),
  ];
}
