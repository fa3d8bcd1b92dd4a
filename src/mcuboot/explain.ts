import { endText } from "./assertion-text.ts";
import type { BootloaderBuild, BootMode } from "./build.ts";
import type { FlashImage } from "./flash-image.ts";
import type { GenerationRow } from "./generations.ts";
import { type ImageEntry, imageState, type SlotFlags } from "./image-state.ts";
import { recogniseBootLine } from "./log-lines.ts";
import { SWAP_CODE, type SwapType, swapRow, swapTypeOfCode } from "./swap-type.ts";
import { timeline } from "./timeline.ts";
import { NRF5340_INTERNAL } from "./timing.ts";
import { EMPTY_TRAILER, FLAG_CODE, type Flag, type Magic, readTrailer, type TrailerState } from "./trailer.ts";

/** What is known when somebody asks what MCUboot will do next; the more, the better the answer. */
export interface ExplainFacts {
  readonly mode: BootMode;
  readonly generation: GenerationRow;
  readonly primary?: TrailerState;
  readonly secondary?: TrailerState;
  /** As the log prints it: where the status of an interrupted swap is. */
  readonly source?: string;
  /** As the log or the image list tells it. */
  readonly type?: SwapType;
  readonly notBootable?: boolean;
}

export interface Explanation {
  /** What MCUboot does, in one sentence. */
  readonly next: string;
  /** Trailer state and rule. */
  readonly because: string;
  /** What the boot after that one does, when nobody confirms or asks for anything. */
  readonly later: string;
  readonly source: string;
}

interface NextRow {
  readonly type: SwapType | "resume";
  readonly modes?: readonly BootMode[];
  readonly next: string;
  readonly later: string;
  readonly source: string;
}

const bootFlow = "MCUboot bootutil_public.c boot_swap_tables; loader.c context_boot_go";
const stays = "nothing: the image stays";

/** What follows from a swap type; first match wins. */
const NEXT_ROWS: readonly NextRow[] = [
  {
    type: "resume",
    next: "goes on with the swap that was interrupted, where its last status entry stands; slot 1 is not validated again",
    later: "if it was a test: takes the image back unless it is confirmed",
    source: "MCUboot swap_status_source; loader.c boot_complete_partial_swap",
  },
  {
    type: "test",
    modes: ["overwrite"],
    next: "validates slot 1 and copies it over slot 0; there is no way back",
    later: stays,
    source: "MCUboot loader.c boot_copy_image",
  },
  {
    type: "perm",
    modes: ["overwrite"],
    next: "validates slot 1 and copies it over slot 0; there is no way back",
    later: stays,
    source: "MCUboot loader.c boot_copy_image",
  },
  {
    type: "test",
    next: "validates slot 1 and, if it is fit, swaps it in for a test; if not, erases slot 1 and runs slot 0",
    later: "swaps back (revert), unless the application confirms",
    source: bootFlow,
  },
  {
    type: "perm",
    next: "validates slot 1 and, if it is fit, swaps it in for good; if not, erases slot 1 and runs slot 0",
    later: stays,
    source: bootFlow,
  },
  {
    type: "revert",
    next: "swaps the two images back: the one in slot 0 was not confirmed",
    later: "nothing: the old image runs, confirmed",
    source: bootFlow,
  },
  {
    type: "none",
    next: "validates slot 0 and, if it is fit, runs it; nothing is asked for",
    later: stays,
    source: bootFlow,
  },
  {
    type: "fail",
    next: "keeps the image in slot 0 and marks it confirmed: the one that was asked for is not fit",
    later: stays,
    source: "MCUboot loader.c BOOT_SWAP_TYPE_FAIL",
  },
  {
    type: "panic",
    next: 'stops with "panic!", on every boot',
    later: "the same",
    source: "MCUboot bootutil_public.c boot_read_swap_state; loader.c BOOT_SWAP_TYPE_PANIC",
  },
];

/** What MCUboot will do next, and why: which trailer state, which rule, which source. */
export function explain(facts: ExplainFacts): Explanation {
  const { primary, secondary, mode } = facts;
  const resumes = isInterrupted(facts);
  const row =
    primary === undefined || secondary === undefined ? undefined : swapRow(rulesOf(facts), primary, secondary);
  const type = resumes ? "resume" : (facts.type ?? row?.result ?? "none");
  const found = NEXT_ROWS.find((entry) => entry.type === type && (entry.modes?.includes(mode) ?? true));
  if (found === undefined) throw new RangeError(`no row explains the swap type ${type}`);
  const { next, later, source } = found;
  const told = [
    ...(primary === undefined ? [] : [`slot 0's trailer says ${trailerText(primary)}`]),
    ...(secondary === undefined ? [] : [`slot 1's says ${trailerText(secondary)}`]),
    ruleText(facts, resumes, row?.row, type),
  ];
  return { next, because: `${told.join("; ")}.`, later, source };
}

function rulesOf({ mode, generation }: ExplainFacts) {
  return { mode, revertNeedsSecondaryUnset: generation.revertNeedsSecondaryUnset };
}

/** Source: MCUboot swap_status_source. Where a log says it, the log is right. */
function isInterrupted({ mode, primary, secondary, source }: ExplainFacts): boolean {
  if (source !== undefined) return source !== "none" && primary?.magic === "good" && primary.copyDone === "unset";
  if (mode !== "move" && mode !== "offset") return false;
  return primary?.magic === "good" && primary.copyDone === "unset" && secondary?.magic !== "good";
}

function ruleText(facts: ExplainFacts, resumes: boolean, row: number | undefined, type: string): string {
  if (resumes) return "magic good and copy_done unset mean a swap under way (status source: slot 0 or scratch)";
  if (row !== undefined) return `row ${row} of the swap table: ${type}`;
  if (facts.primary === undefined) return `the flags of both slots mean swap type ${type} (Zephyr img_mgmt_state.c)`;
  return facts.secondary === undefined ? `the log says swap type ${type}` : "no row of the swap table: none";
}

function trailerText({ magic, copyDone, imageOk }: TrailerState): string {
  return `magic ${magic}, copy_done 0x${FLAG_CODE[copyDone]} (${copyDone}), image_ok 0x${FLAG_CODE[imageOk]} (${imageOk})`;
}

/** Facts of the last boot in a log; undefined when it has no line of the bootloader about trailers or swap types. */
export function factsOfLog(
  lines: readonly string[],
  build: Pick<ExplainFacts, "mode" | "generation">,
): ExplainFacts | undefined {
  let facts: ExplainFacts = build;
  let any = false;
  for (const line of lines) {
    const known = recogniseBootLine(line);
    if (known === undefined) continue;
    const { event, fields } = known;
    // A new boot: what was said before is over. (The application prints a banner, too: that is no sign.)
    if (event === "starting bootloader") facts = build;
    if (event === "swap state" && fields["area"] === "Primary image") facts = { ...facts, primary: trailerOf(fields) };
    if (event === "swap state" && fields["area"] === "Secondary image")
      facts = { ...facts, secondary: trailerOf(fields) };
    if (event === "boot source") facts = { ...facts, source: fields["bootSource"] ?? "none" };
    if (event === "swap type") facts = { ...facts, type: typeNamed(fields["type"]) };
    if (event === "panic") facts = { ...facts, type: "panic" };
    if (event === "no bootable image") facts = { ...facts, notBootable: true };
    any ||= event === "swap state" || event === "swap type" || event === "panic" || event === "no bootable image";
  }
  return any ? facts : undefined;
}

function trailerOf(fields: Readonly<Record<string, string>>): TrailerState {
  const code = Number(fields["swapType"] ?? SWAP_CODE.none);
  return {
    ...EMPTY_TRAILER,
    magic: MAGICS.find((magic) => magic === fields["magic"]) ?? "bad",
    swapCode: code,
    swapType: swapTypeOfCode(code),
    copyDone: flagOf(fields["copyDone"]),
    imageOk: flagOf(fields["imageOk"]),
  };
}

const MAGICS: readonly Magic[] = ["good", "unset", "bad"];

function flagOf(text: string | undefined): Flag {
  const code = Number(text);
  return code === FLAG_CODE.set ? "set" : code === FLAG_CODE.unset ? "unset" : "bad";
}

function typeNamed(text: string | undefined): SwapType {
  return text === "test" || text === "perm" || text === "revert" ? text : "none";
}

/** Swap type that the flags of an image list mean. Source: Zephyr img_mgmt_state.c. */
export function typeOfFlags(primary: Partial<SlotFlags>, secondary: Partial<SlotFlags>): SwapType {
  if (secondary.pending) return secondary.permanent ? "perm" : "test";
  return secondary.confirmed || primary.confirmed !== true ? "revert" : "none";
}

/** What a flash content comes to: the trailers, and the next boot as the model runs it. */
export interface FlashExplained {
  readonly explanation: Explanation;
  readonly before: readonly ImageEntry[];
  readonly after: readonly ImageEntry[];
  readonly log: readonly string[];
  readonly operations: number;
  readonly result: string;
}

/** The same from a flash dump, with the boot carried through on a copy. */
export function explainFlash(flash: FlashImage, build: BootloaderBuild): FlashExplained {
  const [areas] = build.images;
  if (areas === undefined) throw new RangeError("a bootloader build without images");
  const boot = timeline(flash, build, NRF5340_INTERNAL);
  const source = boot.log.map((line) => recogniseBootLine(line.text)).find((known) => known?.event === "boot source");
  const bootSource = source?.fields["bootSource"];
  const facts: ExplainFacts = {
    mode: build.mode,
    generation: build.generation,
    primary: readTrailer(flash, build, areas.primary),
    secondary: readTrailer(flash, build, areas.secondary),
    ...(bootSource === undefined ? {} : { source: bootSource }),
  };
  return {
    explanation: explain(facts),
    before: imageState(flash, build),
    after: boot.images,
    log: boot.log.map((line) => `${line.level} ${line.text}`.trim()),
    operations: boot.operations.length,
    result: endText(flash, build, boot.result),
  };
}
