import { describe, expect, test } from "@jest/globals";
import { MODE_NAMES } from "../../mcuboot/index.ts";
import { imageHandlers, osHandlers, SMP_MODES } from "../../smp/index.ts";
import { ArrayImageStore } from "../../smp/testing/array-store.ts";
import { M44_FACTS, smpBench } from "../../smp/testing/bench.ts";
import type { PreflightCheck } from "../record/facts.ts";
import type { RunEvent } from "../record/run-event.ts";
import { scriptedBoard } from "../testing/scripted-board.ts";
import { eventsOf } from "../testing/small-campaign.ts";
import { preflight } from "./preflight.ts";
import { RecordedBoard } from "./recorded-board.ts";

/** What preflight makes of the bootloader of a board: one that tells this name and mode, under this profile. */
async function modeCheck(
  profileMode: (typeof MODE_NAMES)[number],
  bootloader: { readonly name: string; readonly mode: (typeof SMP_MODES)[number]["mode"] },
): Promise<PreflightCheck | undefined> {
  const store = new ArrayImageStore({ slotBytes: 64 * 1024 });
  const facts = { ...M44_FACTS, bootloader, bufferBytes: 384, bufferCount: 4, reset: () => undefined };
  const bed = smpBench({ store, server: { handlers: { ...osHandlers(facts), ...imageHandlers(store) } } });
  const board = scriptedBoard(bed);
  const { profile } = board;
  const asked = { ...board, profile: { ...profile, bootloader: { ...profile.bootloader, mode: profileMode } } };
  const events: RunEvent[] = [];
  const recorded = new RecordedBoard(asked, { event: (event) => events.push(event) }, new AbortController().signal);
  // Its store holds no image that runs, which is another check's business.
  await preflight(recorded).catch(() => undefined);
  return eventsOf(events, "preflight")[0]?.checks.find(({ name }) => name === "bootloader mode");
}

/** SMP's numbers for what a profile calls a mode. */
const NUMBERS = {
  "swap-move": 3,
  "swap-offset": 9,
  "swap-scratch": 1,
  "overwrite-only": 2,
  "direct-xip": 4,
  "direct-xip-revert": 5,
  "single-slot": 0,
  "ram-load": 6,
  "ram-load-revert": 6,
} as const;

describe("the bootloader's mode against the profile's", () => {
  const pairs = MODE_NAMES.flatMap((profile) => SMP_MODES.map((told) => ({ profile, told })));

  test("there are eleven modes that SMP knows, and nine that a profile does", () => {
    expect(pairs).toHaveLength(99);
  });

  test.each(pairs)("$told.name under a profile with $profile", async ({ profile, told }) => {
    const check = await modeCheck(profile, { name: "MCUboot", mode: told.mode });
    const right = told.mode === NUMBERS[profile] ? "as expected" : "differs";
    expect(check).toEqual({
      name: "bootloader mode",
      // A bootloader that does not know its mode has not said that it is another.
      outcome: told.mode === -1 ? "cannot be asked" : right,
      expected: told.mode === -1 ? "" : profile,
      found: told.name,
    });
  });

  test("another bootloader than MCUboot has no mode, and is taken as it is", async () => {
    const check = await modeCheck("swap-move", { name: "custom", mode: 0 });
    expect(check).toMatchObject({ outcome: "as expected", found: "custom" });
  });
});

describe("the slots against the profile's", () => {
  /** What preflight makes of a board with these images, each slot of 64 KiB, under a profile with this slot for the network core. */
  async function slotCheck(images: number, networkBytes: number): Promise<PreflightCheck | undefined> {
    const store = new ArrayImageStore({ slotBytes: 65_536, images });
    const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined };
    const handlers = { ...osHandlers(facts), ...imageHandlers(store, { slotInfo: true }) };
    const board = scriptedBoard(smpBench({ store, server: { handlers } }));
    const own = { bytes: 65_536, device: "internal" } as const;
    const slots = {
      sectorBytes: 4096,
      primary: { ...own, offset: 0x1_0000 },
      secondary: { ...own, offset: 0x2_0000 },
      networkSecondary: { offset: 0x3_0000, bytes: networkBytes, device: "internal" },
    } as const;
    const asked = { ...board, profile: { ...board.profile, slots } };
    const events: RunEvent[] = [];
    const recorded = new RecordedBoard(asked, { event: (event) => events.push(event) }, new AbortController().signal);
    await preflight(recorded).catch(() => undefined);
    return eventsOf(events, "preflight")[0]?.checks.find(({ name }) => name === "slots");
  }

  test("include the network core's own, where the application tells of it", async () => {
    const found = "slot 0: 65536 bytes, slot 1: 65536 bytes";
    expect(await slotCheck(2, 65_536)).toMatchObject({
      outcome: "as expected",
      found: `${found}, slot 1 of image 1: 65536 bytes`,
    });
    expect(await slotCheck(2, 0x3_8000)).toMatchObject({ outcome: "differs" });
    expect(await slotCheck(1, 0x3_8000)).toMatchObject({ outcome: "as expected", found });
  });
});
