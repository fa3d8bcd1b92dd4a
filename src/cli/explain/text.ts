import type { BootloaderBuild, FlashExplained, ImageEntry, Told } from "../../mcuboot/index.ts";

/** All that `hil explain` has to say, before it is printed as text or as JSON. */
export interface Explained {
  readonly kind: "boot log" | "run" | "image list" | "flash dump" | "slot" | "trailer";
  /** What was read, for people: "a boot log: 3 boots, lines 1 to 57". */
  readonly read: string;
  readonly images: readonly Told[];
  /** What is to be said of the whole. */
  readonly notes: readonly string[];
  readonly dump?: FlashExplained;
  readonly holds?: readonly ImageEntry[];
}

const LABEL_CHARS = 10;

/** The answer as lines of text, each with its label. */
export function answerText(answer: Explained): string {
  const several = answer.images.length > 1;
  const { dump, holds } = answer;
  const rows: (readonly [string, string])[] = [["read", answer.read]];
  if (holds !== undefined) rows.push(["holds", imagesText(holds)]);
  for (const told of answer.images)
    rows.push(...(several ? [["image", String(told.image)] as const] : []), ...ofImage(told));
  if (dump !== undefined) {
    const after = dump.after === undefined ? "" : `; ${imagesText(dump.after)}`;
    rows.push(["boot", `${dump.operations} flash operations; ${dump.result}${after}`]);
    for (const line of dump.log) rows.push(["log", line]);
  }
  for (const note of answer.notes) rows.push(["note", note]);
  return rows.map(([label, text]) => `${label.padEnd(LABEL_CHARS)}${text}\n`).join("");
}

function ofImage(told: Told): (readonly [string, string])[] {
  const where = told.when === "in this boot" ? " (in the boot that the log stops in)" : "";
  return [
    ...(told.did === undefined ? [] : [["last boot", told.did] as const]),
    ["MCUboot", `${told.next}${where}`],
    ["because", told.because],
    ...told.lines.map(({ line, text }) => ["line", `${line}: ${text}`] as const),
    ["then", told.after],
    ...told.open.map((text) => ["not told", text] as const),
    ["source", told.source],
  ];
}

/** The answer as JSON: the same keys for every kind of input (docs/sweep.md, hil explain). */
export function answerJson(
  answer: Explained,
  file: string,
  build: Pick<BootloaderBuild, "generation">,
  mode: string,
): string {
  const { kind, read, images, notes, dump, holds } = answer;
  const body = { schema: 1, kind, file, mode, generation: build.generation.name, read, images, notes };
  return `${JSON.stringify({ ...body, ...(holds && { holds }), ...(dump && { boot: dumpJson(dump) }) }, undefined, 2)}\n`;
}

function dumpJson({ before, after, log, operations, result }: FlashExplained): unknown {
  return { operations, result, before, after: after ?? null, log };
}

function imagesText(images: readonly ImageEntry[]): string {
  const several = images.some((entry) => entry.image > 0);
  const texts = images.map((entry) => {
    const on = (["active", "confirmed", "pending", "permanent"] as const).filter((flag) => entry[flag]);
    const place = several ? `image ${entry.image} slot ${entry.slot}` : `slot ${entry.slot}`;
    return `${place} ${entry.version}${on.length === 0 ? "" : ` (${on.join(", ")})`}`;
  });
  return texts.length === 0 ? "no image" : texts.join(", ");
}
