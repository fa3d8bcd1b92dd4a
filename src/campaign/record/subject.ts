/** What a cut hits: a boot (of an upgrade or a revert), or the application while it takes an upload or a request. */
export type CutPlace = "boot" | "upload" | "request";

/** What a verdict is about. */
export type Subject =
  /** One planned cut, by its number in the plan. */
  | { readonly kind: "cut"; readonly in: CutPlace; readonly index: number }
  /** An undisturbed boot some time after a cut; `boot` counts from 1. */
  | { readonly kind: "later boot"; readonly boot: number; readonly cut: number }
  /** The upload in serial recovery that brings the image after one that was cut. */
  | { readonly kind: "upload again"; readonly cut: number }
  /** The request after a request that was cut. */
  | { readonly kind: "request again" }
  | { readonly kind: "upgrade" }
  | { readonly kind: "revert" }
  /** An undisturbed update of the network core through the application's slot. */
  | { readonly kind: "network update" }
  /** An undisturbed update of MCUboot itself. */
  | { readonly kind: "bootloader update" }
  /** The upgrade to an image that is not expected to boot, and the way back from it. */
  | { readonly kind: "upgrade without boot" }
  | { readonly kind: "revert without boot" };

/** A subject as records (`check` of a verdict) and reports write it. These texts are kept: old records have them, too. */
export function subjectText(subject: Subject): string {
  switch (subject.kind) {
    case "cut":
      return subject.in === "boot" ? `cut ${subject.index}` : `${subject.in} cut ${subject.index}`;
    case "later boot":
      return `boot ${subject.boot} after cut ${subject.cut}`;
    case "upload again":
      return `upload after cut ${subject.cut}`;
    case "request again":
      return "request made again";
    case "upgrade":
      return "uninterrupted upgrade";
    case "revert":
      return "revert of an unconfirmed image";
    case "network update":
      return "uninterrupted update of the network core";
    case "bootloader update":
      return "uninterrupted update of MCUboot itself";
    case "upgrade without boot":
      return "upgrade to an image that does not boot";
    case "revert without boot":
      return "revert of an image that did not boot";
  }
}

/** The number of the cut that a verdict comes from: its own, or that of the cut before; undefined where none was made. */
export function cutNumber(subject: Subject): number | undefined {
  if (subject.kind === "cut") return subject.index;
  return subject.kind === "later boot" || subject.kind === "upload again" ? subject.cut : undefined;
}

const WITHOUT_NUMBER = [
  "request again",
  "upgrade",
  "revert",
  "network update",
  "bootloader update",
  "upgrade without boot",
  "revert without boot",
] as const;

/** The subject that `subjectText` wrote; undefined for any other text. Numbers are those of a plan: at most nine digits. */
export function subjectOf(text: string): Subject | undefined {
  const plain = WITHOUT_NUMBER.find((kind) => subjectText({ kind }) === text);
  if (plain !== undefined) return { kind: plain };
  const later = /^boot (\d{1,9}) after cut (\d{1,9})$/.exec(text);
  if (later) return { kind: "later boot", boot: Number(later[1]), cut: Number(later[2]) };
  const again = /^upload after cut (\d{1,9})$/.exec(text);
  if (again) return { kind: "upload again", cut: Number(again[1]) };
  const [, place = "boot", index] = /^(?:(upload|request) )?cut (\d{1,9})$/.exec(text) ?? [];
  return index === undefined ? undefined : { kind: "cut", in: place as CutPlace, index: Number(index) };
}
