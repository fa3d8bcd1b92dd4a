import { defined } from "../../core/index.ts";
import { isUpgrade } from "../trailer/swap-codes.ts";
import { swapRow } from "../trailer/swap-table.ts";
import { type Action, actionRow, tells } from "./actions.ts";
import type { BootEnd } from "./boots.ts";
import { quoted, type SeenLine } from "./log-text.ts";
import type { ImageOutlook, LogReading } from "./read-log.ts";
import type { ImageStory } from "./story.ts";
import { openOf, SHORT, type Told, toldNext } from "./told.ts";
import { trailerText } from "./trailer-line.ts";

const LINES_MAX = 8;

/** What a log tells, image by image. */
export function tellLog(reading: LogReading): readonly Told[] {
  return reading.images.map((outlook) => tellImage(reading, outlook));
}

/** What is to be said of the log as a whole. */
export function logNotes(reading: LogReading): readonly string[] {
  const { boots, mode, otherMode, end, loadsIntoRam, saysNothing } = reading;
  const last = boots.at(-1);
  const notes: string[] = [];
  if (otherMode) notes.push(`the log's own lines show the mode ${mode}; the profile names another (--board)`);
  if (last?.headSeen === false) notes.push("the first lines of the last boot are not in the log");
  if (end === undefined) notes.push("the log stops in a boot: how it ended is not told");
  if (end === "no boot") notes.push("the last boot found no bootable image: serial recovery or a debugger helps");
  if (end === "recovery")
    notes.push("the board is in serial recovery: it waits for SMP on its UART or USB, until a reset");
  if (loadsIntoRam) notes.push("images are loaded into RAM: a mode that hil does not know further");
  if (saysNothing) {
    notes.push(
      "the last boot prints nothing of slots: a bootloader with one slot or a firmware loader, or a log level above info",
    );
  }
  return notes;
}

/** How many boots were seen, and where they stand: for a headline. */
export function logSpan({ boots }: LogReading): string {
  const from = boots[0]?.lines[0]?.number ?? 1;
  const to = boots.at(-1)?.lines.at(-1)?.number ?? from;
  return `${boots.length} boot${boots.length === 1 ? "" : "s"}, lines ${from} to ${to}`;
}

function tellImage(reading: LogReading, outlook: ImageOutlook): Told {
  const { end } = reading;
  const { image, did, boots, ifCut, story } = outlook;
  const known = !reading.saysNothing && !reading.loadsIntoRam;
  const may = known ? outlook.may : [];
  const { next, after, source } = toldNext(may, "log");
  const started = defined({ starts: boots });
  return {
    image,
    ...(did === undefined || !known ? {} : { did: didText(did, story, end, reading.images.length > 1) }),
    when: end === undefined ? "in this boot" : "at the next boot",
    next: headline(next, outlook, end),
    may,
    tells: known && tells(may),
    ...started,
    because: becauseText(reading, outlook),
    after: boots === false && may[0] !== "stops" ? "the same, until somebody changes a slot" : after,
    afterMay: outlook.after,
    ...defined({ ifCut }),
    open: openSentences(may, outlook),
    lines: evidence(reading, outlook),
    source,
  };
}

function headline(next: string, { boots, story, may }: ImageOutlook, end: BootEnd): string {
  if (end === "recovery") return `waits in serial recovery; of the boot after it, ${next}`;
  if (boots !== false || may[0] === "stops") return next;
  const why = story.primaryInvalid ? "the image in slot 0 is not valid" : "slot 0 holds no image that can be booted";
  const asked = may[0] === "stays" ? "nothing is asked for" : next;
  return `no boot: ${why}; ${asked}`;
}

function openSentences(may: readonly Action[], { ifCut }: ImageOutlook): readonly string[] {
  const cut =
    ifCut === undefined || (ifCut.length === may.length && ifCut.every((action) => may.includes(action)))
      ? []
      : [`if power went here, what the boot after that does: ${ifCut.map((action) => SHORT[action]).join(", or ")}`];
  return [...openOf(may), ...cut];
}

const REFUSED: Readonly<Record<string, string>> = {
  "image invalid": "slot 1 was refused, its image is not valid, and erased; slot 0 stays",
  "insufficient version": "slot 1 was refused, its version is lower than slot 0's, and erased; slot 0 stays",
  "downgrade prevented": "slot 1 was refused, its version is lower than slot 0's, and erased; slot 0 stays",
  "wrong reset address": "slot 1 was refused, its image is built for another address, and erased; slot 0 stays",
  "cleaned up": "slot 1 was erased: its image fits no primary slot; slot 0 stays",
  "wrong upload address": "slot 1 was refused: its image lies in the first sector, where swap using offset wants none",
};

function didText(did: readonly Action[], story: ImageStory, end: BootEnd, several: boolean): string {
  const invalid = story.primaryInvalid === true ? "; the image in slot 0 is not valid" : "";
  const ended = end === "no boot" ? `${invalid}; no application was started` : "";
  const [first] = did;
  if (first === undefined) return `nothing that a line tells${ended}`;
  if (story.noRoom) return `slot 1 was not taken: there is no room for the swap; slot 0 stays${ended}`;
  if (story.unread) return `the image headers could not be read: nothing was moved${ended}`;
  if (story.incompatible) return `the slots do not fit each other: nothing was moved${ended}`;
  if (story.stuckCleared) return `slot 1 holds nothing to swap back to: the request was dropped${ended}`;
  if (story.network === "failed") {
    return `the network core did not take the image of slot 1; the request may stay, slot 0 stays${ended}`;
  }
  if (did.length > 1) return `one of these: ${did.map((action) => SHORT[action]).join(", ")}${ended}`;
  if (first !== "refused") return `${actionRow(first).did}${ended}`;
  const why = story.refusal === undefined ? undefined : REFUSED[story.refusal];
  const silent = several ? "; or what another image wants is not there" : "";
  return `${why ?? `what was asked for was not done: slot 1 holds no image that can be booted${silent}; slot 0 stays`}${ended}`;
}

function becauseText(reading: LogReading, { story, cutStory, later }: ImageOutlook): string {
  const told = [
    ...(story.primary === undefined ? [] : [`slot 0's trailer says ${trailerText(story.primary)}`]),
    ...(story.secondary === undefined ? [] : [`slot 1's says ${trailerText(story.secondary)}`]),
    ...(story.scratch === undefined ? [] : [`the scratch area's says ${trailerText(story.scratch)}`]),
    ...ruleTexts(reading, story),
    ...(later.length === 0 ? [] : ["the application was told what comes next, and printed it"]),
  ];
  if (told.length > 0) return `${told.join("; ")}.`;
  if (cutStory !== undefined && cutStory.lines.length > 0) {
    return `the boot before stopped on its way: ${stopText(cutStory)}.`;
  }
  if (reading.boots.length > 1) return "the boot before was whole; what the application did after it is not told.";
  return "no line says anything of this image.";
}

function stopText({ began, refusal, asked }: ImageStory): string {
  if (began === "swap") return "a swap had begun, and its end was not seen";
  if (began === "copy") return "a copy had begun, and its end was not seen";
  if (refusal !== undefined) return "slot 1 had been refused";
  return asked === undefined ? "nothing was decided yet" : `the swap type was ${asked}`;
}

function ruleTexts({ rules }: LogReading, story: ImageStory): readonly string[] {
  const { source, asked, primary, secondary, loaded, versions } = story;
  const texts: string[] = [];
  if (loaded !== undefined) texts.push(`slot ${loaded} was loaded`);
  else if (versions !== undefined) texts.push("the newest image goes first");
  if (source !== undefined && source !== "none") {
    texts.push(`the status of a swap is in ${source}: magic good and copy_done unset mean a swap under way`);
  }
  if (asked !== undefined) texts.push(`the log says swap type ${asked}`);
  if (asked === undefined && source === "none" && primary !== undefined && secondary !== undefined) {
    const row = swapRow(rules, primary, secondary);
    texts.push(
      row === undefined ? "no row of the swap table: none" : `row ${row.row} of the swap table: ${row.result}`,
    );
  } else if (asked !== undefined && isUpgrade(asked) && primary !== undefined && secondary !== undefined) {
    const row = swapRow(rules, primary, secondary);
    if (row?.result === asked) texts.push(`row ${row.row} of the swap table`);
  }
  return texts;
}

/** The lines that say so: of the image, and how the boot ended. */
function evidence({ boots }: LogReading, { story, cutStory, later }: ImageOutlook): Told["lines"] {
  const last = boots.at(-1);
  const ends = (last?.lines ?? []).filter(({ event }) => ENDINGS.includes(event));
  const before = story.lines.length === 0 ? (cutStory?.lines ?? []) : [];
  const start = (last?.lines ?? []).filter(({ event }) => event === "starting bootloader");
  const all = [...before, ...(story.lines.length === 0 ? start : story.lines), ...ends, ...later];
  const unique = all.filter((line, index) => all.indexOf(line) === index);
  return unique.slice(-LINES_MAX).map((line: SeenLine) => ({ line: line.number, text: quoted(line.text) }));
}

const ENDINGS: readonly SeenLine["event"][] = [
  "jumping",
  "no bootable image",
  "panic",
  "serial recovery",
  "ram loaded",
];
