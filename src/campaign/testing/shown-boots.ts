import { FlashContent, type ImageEntry, type LegalOutcome } from "../../mcuboot/index.ts";
import type { BootSeen, SlotState } from "../record/facts.ts";
import type { Evidence, Shown } from "../verdict/check.ts";
import { nearestTo } from "../verdict/nearest.ts";

const FLAGS = ["active", "confirmed", "pending", "permanent"] as const;
const UPGRADED = ["2.0.0 active", "1.0.0 confirmed"];

/** "2.0.0 active confirmed" in slot 0, and so on; undefined is an empty slot. Hashes are made of versions. */
export function listed(...texts: readonly (string | undefined)[]): SlotState[] {
  return texts.flatMap((text, slot) => {
    if (text === undefined) return [];
    const [version = "", ...flags] = text.split(" ");
    return [{ image: 0, slot, version, hash: `hash of ${version}`, flags }];
  });
}

/** An outcome of the model in which the board would list these slots; an upgrade to 2.0.0 without any. */
export function outcomeOf(
  texts: readonly (string | undefined)[] = UPGRADED,
  more: Partial<LegalOutcome> = {},
): LegalOutcome {
  const images = listed(...texts).map(({ image, slot, version, hash = "", flags }): ImageEntry => {
    const [active, confirmed, pending, permanent] = FLAGS.map((name) => flags.includes(name));
    const shown = { active: active === true, confirmed: confirmed === true, pending: pending === true };
    return { image, slot: slot === 0 ? 0 : 1, version, hash, bootable: true, ...shown, permanent: permanent === true };
  });
  return {
    ending: "upgraded",
    because: "the model says so",
    result: { kind: "run", slots: [0], swapTypes: [] },
    images,
    flash: FlashContent.erased(4096),
    knownDefect: undefined,
    operations: [],
    ...more,
  };
}

/** A line of the log; `event` as the tables of boot lines name it. */
export function line(text: string, event?: string): BootSeen["lines"][number] {
  return { atUs: 0, text, event, fields: {} };
}

interface BootShown extends Omit<Partial<Evidence>, "seen" | "slots"> {
  readonly slots?: readonly (string | undefined)[];
  readonly lines?: BootSeen["lines"];
  readonly ending?: BootSeen["ending"];
}

/** What a boot showed: by default an application that came up after an upgrade to 2.0.0. */
export function boot({ slots = UPGRADED, lines = [], ending = "up", ...rest }: BootShown): Evidence {
  const upUs = ending === "up" ? 1 : undefined;
  const seen: BootSeen = { ending, lines, boots: 1, upUs, because: "the application answered" };
  return { seen, slots: listed(...slots), encrypted: false, ...rest };
}

/** The same as the checks see it. */
export function shown(what: BootShown, outcomes: readonly LegalOutcome[] = [outcomeOf()]): Shown {
  const evidence = boot(what);
  return { ...evidence, outcomes, nearest: nearestTo(evidence.slots, outcomes) };
}
