import type { BootMode } from "../builds/boot-mode.ts";
import type { StatusSource } from "../loader/loader-state.ts";
import type { BootEvent } from "../steps/log-lines.ts";
import { isUpgrade, type SwapType } from "../trailer/swap-codes.ts";
import type { TrailerState } from "../trailer/trailer.ts";
import { isPrimaryState, type SeenBoot } from "./boots.ts";
import type { SeenLine } from "./log-text.ts";
import { sourceOf, trailerOf, typeOf } from "./trailer-line.ts";

/** What the lines of one boot say of one image. Left out: no line says it. */
export interface ImageStory {
  readonly image: number;
  readonly primary?: TrailerState;
  readonly secondary?: TrailerState;
  readonly scratch?: TrailerState;
  readonly source?: StatusSource;
  /** The swap type that was decided, before anything moved. */
  readonly asked?: SwapType;
  /** An earlier one of the same boot: what was asked for before the slot was looked into. */
  readonly askedFirst?: SwapType;
  /** The last swap type that was printed after the swap: what the trailers ask for then (swap using offset). */
  readonly afterwards?: SwapType;
  readonly began?: "swap" | "copy";
  /** The line that says why slot 1 is not taken. */
  readonly refusal?: BootEvent;
  readonly noRoom?: true;
  readonly unread?: true;
  readonly incompatible?: true;
  readonly stuckCleared?: true;
  readonly primaryInvalid?: true;
  readonly network?: "started" | "done" | "failed";
  /** Slot that was loaded (direct-XIP, RAM load), and the versions in both. */
  readonly loaded?: 0 | 1;
  readonly versions?: readonly [string | undefined, string | undefined];
  readonly invalidSlots?: readonly number[];
  /** The lines that say so. */
  readonly lines: readonly SeenLine[];
}

type Draft = { -readonly [Key in keyof ImageStory]: ImageStory[Key] } & { lines: SeenLine[] };

/** Lines by which slot 1 is refused. */
const REFUSALS: readonly BootEvent[] = [
  "insufficient version",
  "wrong reset address",
  "downgrade prevented",
  "cleaned up",
  "wrong upload address",
];

const SLOTS = ["primary", "secondary"];
/** More images than this no MCUboot of ours has: a damaged line. */
const IMAGES_MAX = 8;

/** What one boot says, image by image. */
export function storiesOf(boot: SeenBoot, images: number, mode: BootMode): readonly ImageStory[] {
  const reader = new StoryReader(boot, images, mode);
  for (const line of boot.lines) reader.read(line);
  return reader.stories;
}

/** Which image a line names; undefined when it names none. */
export function imageNamed({ fields }: SeenLine): number | undefined {
  const image = fields["image"] === undefined ? undefined : Number(fields["image"]);
  return image !== undefined && image < IMAGES_MAX ? image : undefined;
}

class StoryReader {
  readonly stories: Draft[];
  readonly #boot: SeenBoot;
  readonly #mode: BootMode;
  /** The image that the lines are about; undefined while nothing tells. */
  #at: number | undefined;
  #states = 0;
  #types = 0;

  constructor(boot: SeenBoot, images: number, mode: BootMode) {
    this.#boot = boot;
    this.#mode = mode;
    this.stories = Array.from({ length: images }, (_, image) => ({ image, lines: [] }));
  }

  read(line: SeenLine): void {
    const { event, fields } = line;
    this.#at = this.#imageOf(line);
    const story = this.#at === undefined ? undefined : this.stories[this.#at];
    if (story === undefined) return;
    const before = JSON.stringify(story, withoutLines);
    if (event === "slot version") tellVersion(story, line);
    else this.#tell(story, event, fields);
    if (JSON.stringify(story, withoutLines) !== before || event === "swap type") story.lines.push(line);
  }

  /**
   * The bootloader prepares image after image, and prints of each its trailers first; then it updates them, in order
   * again.
   */
  #imageOf(line: SeenLine): number | undefined {
    const { event, fields } = line;
    const named = imageNamed(line);
    if (this.stories.length === 1) return 0;
    if (isPrimaryState(event, fields)) {
      this.#states += 1;
      return this.#boot.headSeen ? this.#states - 1 : undefined;
    }
    if (event === "swap type" && named === undefined) {
      this.#types += 1;
      return this.#at ?? (this.#boot.headSeen ? this.#types - 1 : undefined);
    }
    if (named !== undefined) return named;
    if (event === "starting swap") return this.#swapping();
    return this.#at;
  }

  /** The image whose swap begins: one that goes on is prepared at this moment, others follow in order. */
  #swapping(): number | undefined {
    const current = this.#at === undefined ? undefined : this.stories[this.#at];
    const goesOn = current?.source !== undefined && current.source !== "none" && current.began === undefined;
    // Where a type was decided, nothing goes on; only swap using offset decides one in any case.
    if (goesOn && (this.#mode === "offset" || current.asked === undefined)) return this.#at;
    const due = this.stories.find(({ image }) => this.#isDue(image));
    return due?.image;
  }

  #isDue(image: number): boolean {
    const { asked, began, refusal } = this.stories[image] ?? {};
    if (asked === undefined || !isUpgrade(asked) || began !== undefined || refusal !== undefined) return false;
    // Source: MCUboot loader.c boot_review_image_swap_types: no revert while a later image is on its way.
    const laterMoves = this.stories.slice(image + 1).some((later) => later.asked === "test" || later.asked === "perm");
    return asked !== "revert" || !laterMoves;
  }

  #tell(story: Draft, event: BootEvent, fields: SeenLine["fields"]): void {
    if (event === "swap state") this.#tellState(story, fields);
    else if (event === "boot source") story.source = sourceOf(fields);
    else if (event === "swap type") this.#tellType(story, typeOf(fields));
    else if (event === "starting swap") story.began = "swap";
    else if (event === "upgrading") story.began = "copy";
    else if (event === "image invalid") tellInvalid(story, SLOTS.indexOf(fields["slot"] ?? ""));
    else if (REFUSALS.includes(event)) story.refusal = event;
    else if (event === "no space") story.noRoom = true;
    else if (event === "headers unread" || event === "status unread") story.unread = true;
    else if (event === "incompatible slots" || event === "sectors unread") story.incompatible = true;
    else if (event === "stuck revert cleared") story.stuckCleared = true;
    else if (event === "net core update started") story.network = "started";
    else if (event === "net core update done" || event === "net core off") story.network = "done";
    else if (event === "net core update failed") story.network = "failed";
    else tellRunning(story, event, fields);
  }

  #tellState(story: Draft, fields: SeenLine["fields"]): void {
    const trailer = trailerOf(fields);
    if (fields["area"] === "Primary image") story.primary = trailer;
    else if (fields["area"] === "Scratch") story.scratch = trailer;
    // Printed once more when a revert begins: the same.
    else story.secondary ??= trailer;
  }

  #tellType(story: Draft, type: SwapType): void {
    if (story.began !== undefined) story.afterwards = type;
    else {
      // Swap using offset asks several times before it does anything: only the change says something.
      if (story.asked !== undefined && story.asked !== type) story.askedFirst = story.asked;
      else if (story.asked !== undefined && this.#mode === "move") story.askedFirst = story.asked;
      story.asked = type;
    }
  }
}

function tellInvalid(story: Draft, slot: number): void {
  story.invalidSlots = [...(story.invalidSlots ?? []), slot];
  if (slot === 1) story.refusal = "image invalid";
  else story.primaryInvalid = true;
}

/** Lines of the modes that run images where they lie, or from RAM. */
function tellRunning(story: Draft, event: BootEvent, fields: SeenLine["fields"]): void {
  const slot = SLOTS.indexOf(fields["slot"] ?? "");
  if (event === "loaded from") story.loaded = slot === 1 ? 1 : 0;
  else if (event === "wrong rom address") story.invalidSlots = [...(story.invalidSlots ?? []), slot];
}

function tellVersion(story: Draft, { text, fields }: SeenLine): void {
  const [first, second] = story.versions ?? [undefined, undefined];
  story.versions = text.includes("Secondary slot") ? [first, fields["version"]] : [fields["version"], second];
}

function withoutLines(key: string, value: unknown): unknown {
  return key === "lines" ? undefined : value;
}
