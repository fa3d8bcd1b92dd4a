import { expect } from "@jest/globals";
import { activeSlot, type SlotState, slotsOfImage } from "../campaign/index.ts";
import type { Bench } from "./bench.ts";

/** Slots of the application by number, as "version flag flag"; a slot that must be empty is null. */
export type ExpectedSlots = Readonly<Record<number, string | null>>;

/** "2.0.0 active", as mcumgr's list shows it: version, then flags. */
function shown(slot: SlotState | undefined): string | null {
  return slot === undefined ? null : [slot.version, ...slot.flags].join(" ");
}

function listed(slots: readonly SlotState[]): string {
  const nameOf = ({ image, slot }: SlotState) => (image === 0 ? `slot ${slot}` : `image ${image}, slot ${slot}`);
  return slots.map((slot) => `${nameOf(slot)}: ${shown(slot)}`).join("; ") || "no images";
}

/** The last lines of the boot log: the first thing asked for when a board runs something else. */
function bootLog(bench: Bench): string {
  const lines = bench.board.logs.app.since(0).slice(-12);
  return lines.map((line) => `    ${(line.atUs / 1_000_000).toFixed(3)}  ${line.text}`).join("\n");
}

export const matchers = {
  async toBeRunning(bench: Bench, version: string) {
    const slots = await bench.slots();
    const running = activeSlot(slots);
    const pass = running?.version === version;
    return {
      pass,
      message: () =>
        `expected ${bench.board.name} ${pass ? "not " : ""}to run ${version}; it has ${listed(slots)}\n${bootLog(bench)}`,
    };
  },

  async toHaveSlots(bench: Bench, expected: ExpectedSlots) {
    const slots = await bench.slots();
    const own = slotsOfImage(slots);
    const wrong = Object.entries(expected).filter(
      ([number, text]) => shown(own.find((slot) => slot.slot === Number(number))) !== text,
    );
    return {
      pass: wrong.length === 0,
      message: () => {
        const wanted = Object.entries(expected).map(([number, text]) => `slot ${number}: ${text ?? "empty"}`);
        const not = wrong.length === 0 ? "not " : "";
        return `expected ${not}${wanted.join("; ")}\nfound    ${listed(slots)}\n${bootLog(bench)}`;
      },
    };
  },
};

expect.extend(matchers);

declare module "expect" {
  // The parameters of Matchers must be spelled as they are in Jest for the declarations to merge.
  interface Matchers<R extends void | Promise<void>, T = unknown> {
    /** The board's active image has this version. Await it. */
    toBeRunning(version: string): Promise<void> & (T extends never ? R : unknown);
    /** These slots show these versions and flags, or are empty. Await it. */
    toHaveSlots(expected: ExpectedSlots): Promise<void> & (T extends never ? R : unknown);
  }
}

/** The same for those who have @types/jest and use the global `expect`. */
declare global {
  namespace jest {
    interface Matchers<R, T> {
      /** The board's active image has this version. Await it. */
      toBeRunning(version: string): Promise<void> & (T extends never ? R : unknown);
      /** These slots show these versions and flags, or are empty. Await it. */
      toHaveSlots(expected: ExpectedSlots): Promise<void> & (T extends never ? R : unknown);
    }
  }
}
