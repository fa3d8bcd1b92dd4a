import { UPSTREAM_FAULTS } from "../../twin/index.ts";
import type { WorldShape } from "../world/world.ts";
import type { CauseRow } from "./cause-row.ts";

type Known = Pick<CauseRow, "id" | "title" | "since" | "until" | "protects" | "worlds" | "mended"> & {
  readonly kind?: CauseRow["kind"];
};

const update = "Update the bootloader; where it cannot be updated, ";
const whole =
  "keep the supply up for the whole boot after an update (battery level checked before the reset, no brown-out).";
const FULL = { slotSectors: 16, newBytes: 53_000 } as const;
/** A scratch area's worth of image: the last group reaches into the trailer's sector. */
const TO_THE_END = { slotSectors: 16, newBytes: 64_400, maxImgSectors: 16 } as const;

/** What a search has to know of bugs that MCUboot had: where they show, until when, and what helps. */
const KNOWN: readonly Known[] = [
  {
    id: "R1-480",
    title: "a resumed revert counts as a test",
    until: "1.3",
    protects: `${update}${whole}`,
    worlds: [{}],
  },
  {
    id: "R2-427",
    title: "the last status entries overrun the trailer",
    until: "1.5",
    protects: `${update}build images a sector shorter than the slot takes, or raise CONFIG_BOOT_MAX_IMG_SECTORS.`,
    worlds: [TO_THE_END],
  },
  {
    id: "R4-762",
    title: "the request of a refused image stays behind",
    until: "1.7",
    protects: `${update}have the application erase slot 1 before each upload.`,
    worlds: [{ damage: "body" }],
  },
  {
    id: "R5-829",
    title: "a factory image's trailer is taken for an interrupted swap",
    until: "1.7",
    protects: `${update}flash the factory image without --pad and --confirm.`,
    worlds: [{ padded: true, permanent: true }, { padded: true }],
  },
  {
    id: "R6-855",
    title: "a request is lost between two cuts",
    since: "1.6",
    until: "1.7",
    protects: `${update}have the application compare versions after a reset, and ask again.`,
    worlds: [{}],
  },
  {
    id: "R9-e38b0afa",
    title: "a long header is encrypted with the body",
    until: "1.9",
    protects: `${update}keep the header (pad size) at 1 KiB or less.`,
    worlds: [{ encrypted: true, headerBytes: 2048 }],
  },
  {
    id: "R10-152cca07",
    title: "the trailer does not fit the scratch area",
    until: "1.9",
    protects: `${update}make the scratch area larger than the trailer.`,
    worlds: [{ slotSectors: 16, maxImgSectors: 512, newBytes: 58_400 }],
    mended: { shortScratchTrailer: true, imageLimit: "swap" },
  },
  {
    id: "R11-1588",
    title: "a swap that was cut right after its last move is not found again",
    until: "1.10",
    protects: `${update}${whole}`,
    worlds: [{}],
    mended: { readsSwapSizeForHeaders: true },
  },
  {
    id: "R12-1645",
    title: "scratch keeps the status of a swap that is over",
    until: "1.10",
    protects: `${update}make the scratch area smaller than the images.`,
    worlds: [{ slotSectors: 16, scratchSectors: 16, newBytes: 64_400, permanent: true }],
  },
  {
    id: "R18-2ac79767",
    title: "the boot that ends a resumed swap fails",
    until: "2.2",
    protects: `${update}let a watchdog reset a bootloader that finds no image: the next boot is fine.`,
    worlds: [{}],
  },
  {
    id: "R19-1966",
    title: "half a magic in slot 1 hides a revert that is due",
    until: "2.2",
    protects: `${update}have the application reset until it is confirmed or gone, and ask for the old version again.`,
    worlds: [{}],
    mended: { revertNeedsSecondaryUnset: false },
  },
  {
    id: "R23-2275",
    title: "the scratch trailer outlives its data",
    until: "2.2",
    protects: `${update}use a scratch area of one sector.`,
    worlds: [{ slotSectors: 16, scratchSectors: 2, newBytes: 64_400, permanent: true }],
  },
  {
    id: "R25-1046",
    title: "the cipher has no key when a swap goes on",
    until: "2.3",
    protects: `${update}${whole}`,
    worlds: [{ encrypted: true }],
  },
  {
    id: "R26-7330df7c",
    title: "an image that uses the last sector is refused",
    since: "2.1.99",
    until: "2.2",
    protects: `${update}keep the image a sector shorter.`,
    worlds: [{ ...FULL, newBytes: 60_500 }],
  },
  {
    id: "R28-0319e91c",
    title: "a tiny encrypted image is damaged in the swap",
    until: "2.3",
    protects: `${update}make the body longer than 1 KiB.`,
    worlds: [{ encrypted: true, newBytes: 300 }],
    mended: { cryptsPastTinyBody: false, overrunSpoilsSectors: false },
  },
  {
    id: "R30-9d334f9b",
    title: "a refused image stays in slot 1",
    since: "2.1.99",
    until: "2.3",
    protects: `${update}have the application erase slot 1 before each upload.`,
    worlds: [{ damage: "body" }],
  },
  {
    id: "R31-2341",
    title: "the update is copied again on each boot",
    until: "2.3",
    protects: `${update}have the application erase slot 1 once the new version runs.`,
    worlds: [{}, { permanent: true }],
  },
  {
    id: "R33-68a4c962",
    title: "a request on a damaged magic erases slot 1",
    until: "2.3",
    protects: `${update}have the application erase slot 1 and upload anew after a request that was cut.`,
    worlds: [{}],
    mended: { badMagicErasesSlot: false },
  },
  {
    id: "DZ-111701",
    title: "an encrypted update is passed over in silence",
    protects:
      "Build without the first bootloader (NSIB), or send this update unencrypted; from SDK 2.8 on the address in the header counts.",
    worlds: [{ encrypted: true }],
  },
  {
    id: "SZ-3080",
    title: "the bootloader is built for fewer sectors than the slots have",
    protects: "Set CONFIG_BOOT_MAX_IMG_SECTORS to the sectors of the slot (or ..._AUTO=y), and update the bootloader.",
    worlds: [{ slotSectors: 16 }],
  },
  {
    id: "R27-2268",
    kind: "board",
    title: "the application uploads to the wrong sector",
    since: "2.1.99",
    protects:
      "Build application and bootloader from the same release: swap using offset wants the upload one sector up.",
    worlds: [{ uploadsToStart: true }],
  },
  {
    id: "DZ-105028",
    kind: "board",
    title: "after an update the board resets for ever",
    protects: "Update the SDK; erasing the external flash (nrfjprog --qspieraseall) ends the loop.",
    worlds: [{ afterUpdate: "resets" }],
  },
  {
    id: "DZ-126603",
    kind: "board",
    title: "after an update the application never starts",
    protects: "Cause open upstream: try the update on the same SDK without TF-M, and with a swap mode.",
    worlds: [{ afterUpdate: "hangs" }],
  },
];

const BOARD_FAULTS = new Set(["R27-2268", "DZ-105028", "DZ-126603"]);

/** Bugs that MCUboot had, as causes; those that act in a world of their own carry their switch. */
export const UPSTREAM_CAUSES: readonly CauseRow[] = KNOWN.map(({ kind = "bootloader", worlds, ...known }) => {
  const row = UPSTREAM_FAULTS.find(({ name }) => name === known.id);
  if (row === undefined) throw new RangeError(`no fault ${known.id}`);
  const inModel = !BOARD_FAULTS.has(known.id);
  const defects = inModel ? ([known.id] as unknown as WorldShape["defects"]) : [];
  return {
    ...known,
    kind,
    modes: row.modes,
    had: row.versions,
    because: row.what,
    source: row.source,
    row: `${inModel ? "src/mcuboot/builds/upstream-defects.ts" : "src/twin/faults.ts"}, ${known.id}`,
    worlds: worlds.map((world) => ({ ...world, defects })),
  };
});
