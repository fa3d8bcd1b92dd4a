import type { Act, WorldShape } from "../src/field/index.ts";

/** A failure that was reported in public, as a history on the simulated board; its log is made anew from that. */
export interface PackRow {
  readonly name: string;
  /** Where it was reported. */
  readonly report: string;
  /** What the customer says. */
  readonly say: string;
  readonly cause: string;
  readonly world: Partial<Omit<WorldShape, "generation">> & {
    readonly mode: WorldShape["mode"];
    readonly generation: string;
  };
  /** Boots; a cut whose operation is "find" falls in the middle of all at which the cause acts. */
  readonly legs: readonly PackLeg[];
  readonly tail?: readonly Act[];
  readonly style?: "minimal" | "time stamps" | "bare";
}

interface PackLeg {
  readonly acts?: readonly Act[];
  readonly cut?: { readonly operation: number | "find"; readonly torn?: "head" | "tail" | "bits" };
}

const ask = { acts: [{ kind: "ask" }] } as const;
const idle = {} as const;
const find = { operation: "find" } as const;
const askCut = { ...ask, cut: find } as const;
const planted = (name: string) => ({ defects: [name] }) as unknown as Pick<WorldShape, "defects">;
const toTheEnd = { slotSectors: 16, newBytes: 64_400, maxImgSectors: 16 } as const;

export const PACK: readonly PackRow[] = [
  {
    name: "ncs171-encrypted-app",
    report: "DevZone 78628 (NCS 1.7.1, nRF5340)",
    say: "The encrypted update is uploaded and marked for a test; after the reset the old version runs again.",
    cause: "R35",
    world: { mode: "move", generation: "ncs-1.7", encrypted: true, networkCore: true },
    legs: [idle, ask, idle],
  },
  {
    name: "ncs24-encrypted-to-net-core",
    report: "hellesvik-nordic/samples_for_nrf_connect_sdk #10 (NCS 2.4.2 to 2.7.0)",
    say: "All encrypted files go to the network core, the old application still runs.",
    cause: "R35",
    world: { mode: "move", generation: "ncs-2.4", encrypted: true, networkCore: true },
    legs: [ask, idle],
    style: "time stamps",
  },
  {
    name: "brick-after-last-move",
    report: "MCUboot #1588 (2023, nRF52840: power dips in the move phase)",
    say: "The board is bricked after the power was cut during an update.",
    cause: "R11-1588",
    world: { mode: "move", generation: "ncs-2.2" },
    legs: [idle, askCut, idle, idle],
  },
  {
    name: "brick-after-last-move-in-revert",
    report: "MCUboot #1588, in a revert",
    say: "After a brown-out the device does not boot.",
    cause: "R11-1588",
    world: { mode: "move", generation: "ncs-1.9" },
    legs: [ask, { cut: find }, idle],
    style: "time stamps",
  },
  {
    name: "scratch-revert-repeats",
    report: "MCUboot #480 (2019, watchdog reset in a swap)",
    say: "After a reset in the revert the bad image came back.",
    cause: "R1-480",
    world: { mode: "scratch", generation: "ncs-1.7", ...planted("R1-480") },
    legs: [ask, { cut: find }, idle, idle],
    style: "bare",
  },
  {
    name: "status-overrun",
    report: "MCUboot #427",
    say: "Image does not boot any more after the battery was removed in an update of a large image.",
    cause: "R2-427",
    world: { mode: "scratch", generation: "ncs-1.7", ...planted("R2-427"), ...toTheEnd },
    legs: [askCut, idle],
    style: "bare",
  },
  {
    name: "half-erased-refused-image",
    report: "MCUboot #762; apache mcumgr PR 98 (half-erased slot 1 counts as in use)",
    say: "The old version runs, and the device refuses every upload since the power cut.",
    cause: "R4-762",
    world: { mode: "move", generation: "ncs-1.7", ...planted("R4-762"), damage: "body" },
    legs: [{ ...ask, cut: { operation: "find", torn: "head" } }, idle, idle],
    style: "bare",
  },
  {
    name: "padded-factory-image",
    report: "MCUboot #829, zephyr #28933 (2020)",
    say: "The first update bricked the board: power was lost once in the swap.",
    cause: "R5-829",
    world: { mode: "move", generation: "ncs-1.7", ...planted("R5-829"), padded: true, permanent: true },
    legs: [askCut, idle],
    style: "bare",
  },
  {
    name: "request-lost-by-two-cuts",
    report: "MCUboot PR 855",
    say: "After two power cuts in a row the old version runs, and the update is gone.",
    cause: "R6-855",
    world: { mode: "move", generation: "ncs-1.7", ...planted("R6-855") },
    legs: [{ ...ask, cut: { operation: 8 } }, { cut: find }, idle],
    style: "bare",
  },
  {
    name: "long-header",
    report: "MCUboot commit e38b0afa",
    say: "Encrypted update, then no bootable image.",
    cause: "R9-e38b0afa",
    world: { mode: "move", generation: "ncs-1.7", ...planted("R9-e38b0afa"), encrypted: true, headerBytes: 2048 },
    legs: [ask, idle],
  },
  {
    name: "trailer-longer-than-scratch",
    report: "MCUboot commits 152cca07, ffe4ec9c",
    say: "Every boot stops in the swap.",
    cause: "R10-152cca07",
    world: {
      mode: "scratch",
      generation: "ncs-1.7",
      ...planted("R10-152cca07"),
      slotSectors: 16,
      maxImgSectors: 512,
      newBytes: 58_400,
    },
    legs: [ask, idle],
  },
  {
    name: "scratch-status-stays",
    report: "MCUboot PR 1645",
    say: "The swap is made again on the boot after.",
    cause: "R12-1645",
    world: {
      mode: "scratch",
      generation: "ncs-2.0",
      ...planted("R12-1645"),
      slotSectors: 16,
      scratchSectors: 16,
      newBytes: 64_400,
      permanent: true,
    },
    legs: [ask, idle],
  },
  {
    name: "one-failed-boot",
    report: "MCUboot commit 2ac79767",
    say: "One boot failed after the power was lost, the next one was fine.",
    cause: "R18-2ac79767",
    world: { mode: "scratch", generation: "ncs-2.4", ...planted("R18-2ac79767") },
    legs: [askCut, idle, idle],
  },
  {
    name: "torn-magic-hides-revert",
    report: "MCUboot #1966",
    say: "The new version stays for ever although nobody confirmed it; the power failed once.",
    cause: "R19-1966",
    world: { mode: "move", generation: "ncs-2.4" },
    legs: [ask, { cut: { operation: "find", torn: "head" } }, idle, idle],
  },
  {
    name: "stuck-revert",
    report: "MCUboot PR 2199",
    say: "The log says revert on every boot, and uploads are refused.",
    cause: "R20-2199",
    world: { mode: "move", generation: "ncs-2.6" },
    legs: [ask, { acts: [{ kind: "erase" }] }, idle],
  },
  {
    name: "hardware-aes-resume",
    report: "MCUboot #1046, #2183",
    say: "With encryption and hardware AES: after a power cut in the swap nothing boots.",
    cause: "R25-1046",
    world: { mode: "move", generation: "ncs-2.6", ...planted("R25-1046"), encrypted: true },
    legs: [idle, askCut, idle],
  },
  {
    name: "last-sector-refused",
    report: "MCUboot commit 7330df7c (2.2.0-rc1)",
    say: "The largest image is not installed, the old version runs.",
    cause: "R26-7330df7c",
    world: { mode: "offset", generation: "2.2.0", ...planted("R26-7330df7c"), slotSectors: 16, newBytes: 60_500 },
    legs: [ask],
  },
  {
    name: "tiny-encrypted-image",
    report: "MCUboot commit 0319e91c",
    say: "A tiny encrypted test image does not boot.",
    cause: "R28-0319e91c",
    world: { mode: "move", generation: "ncs-1.7", encrypted: true, newBytes: 300 },
    legs: [ask, idle],
  },
  {
    name: "refused-image-stays",
    report: "MCUboot commit 9d334f9b",
    say: "The refused image is still listed, the old version runs.",
    cause: "R30-9d334f9b",
    world: { mode: "offset", generation: "2.2.0", ...planted("R30-9d334f9b"), damage: "body" },
    legs: [ask, idle],
  },
  {
    name: "copied-on-each-boot",
    report: "MCUboot PR 2341, PR 2418",
    say: "The update is copied again on each boot.",
    cause: "R31-2341",
    world: { mode: "overwrite", generation: "2.2.0", ...planted("R31-2341") },
    legs: [ask, idle],
  },
  {
    name: "request-erases-slot",
    report: "MCUboot commit 68a4c962",
    say: "Power was lost while the update was asked for; asked again, slot 1 is empty and the old version runs.",
    cause: "R33-68a4c962",
    world: { mode: "move", generation: "ncs-2.6" },
    legs: [{ acts: [{ kind: "ask", cut: { operation: 0, torn: "head" } }] }, { acts: [{ kind: "ask again" }] }],
  },
  {
    name: "nsib-passes-over",
    report: "DevZone 111701 (NCS 2.5.0 and later with NSIB)",
    say: "The encrypted update is uploaded and marked, nothing happens, no error.",
    cause: "DZ-111701",
    world: { mode: "move", generation: "ncs-2.6", ...planted("DZ-111701"), encrypted: true },
    legs: [ask, idle],
  },
  {
    name: "too-few-sectors",
    report: "sdk-zephyr pull request 3080 (smp_svr, nRF5340-DK)",
    say: "The update is not installed.",
    cause: "SZ-3080",
    world: { mode: "move", generation: "ncs-3.0", ...planted("SZ-3080"), slotSectors: 20 },
    legs: [ask],
  },
  {
    name: "wrong-upload-address",
    report: "MCUboot PR 2268, commit d905a69e",
    say: "After the upload and the reset the old version runs, slot 1 is empty.",
    cause: "R27-2268",
    world: { mode: "offset", generation: "2.2.0", uploadsToStart: true },
    legs: [ask],
  },
  {
    name: "reset-loop-after-update",
    report: "DevZone 105028 (NCS 2.3.0)",
    say: "App updated, then an endless reboot loop.",
    cause: "DZ-105028",
    world: { mode: "move", generation: "ncs-2.3", afterUpdate: "resets", permanent: true },
    legs: [ask, idle, idle],
  },
  {
    name: "never-starts-after-update",
    report: "DevZone 126603 (NCS 3.1.1)",
    say: "The bootloader jumps, and the application never starts.",
    cause: "DZ-126603",
    world: { mode: "overwrite", generation: "ncs-3.1", afterUpdate: "hangs" },
    legs: [ask],
  },
  {
    name: "fallback-lost",
    report: "MCUboot 2.2.0 and later, swap using offset (no issue known: U1)",
    say: "After a power cut in the update the device could not go back to the old version.",
    cause: "U1",
    world: { mode: "offset", generation: "current", oldBytes: 30_000, newBytes: 15_000 },
    legs: [askCut, idle, idle],
  },
  {
    name: "revert-record-erased",
    report: "MCUboot, swap using scratch (no issue known: U3)",
    say: "The new version stays although nobody confirmed it. Two power cuts in the revert.",
    cause: "U3",
    world: { mode: "scratch", generation: "ncs-2.6" },
    legs: [ask, { cut: { operation: 5 } }, { cut: find }, idle, idle],
  },
  {
    name: "half-copy-done",
    report: "MCUboot, all swap modes (no issue known: U5)",
    say: "Power was lost at the very end of the update. The new version is never reverted, nobody confirmed it.",
    cause: "U5",
    world: { mode: "move", generation: "ncs-3.0" },
    legs: [{ ...ask, cut: { operation: "find", torn: "bits" } }, idle, idle],
  },
  {
    name: "permanent-became-test",
    report: "MCUboot boot_set_next (no issue known: U8)",
    say: "A permanent update was reverted; the power failed right after the request.",
    cause: "U8",
    world: { mode: "move", generation: "ncs-3.0", permanent: true },
    legs: [{ acts: [{ kind: "ask", cut: { operation: 1 } }] }, idle],
  },
  {
    name: "downgrade-prevention-eats-fallback",
    report: "MCUboot, swap using move (no issue known: U11)",
    say: "A revert was cut by a power loss; now the bad version stays.",
    cause: "U11",
    world: { mode: "move", generation: "ncs-3.0", downgradePrevention: true },
    legs: [ask, { cut: find }, idle, idle],
  },
  {
    name: "nobody-confirmed",
    report: "DevZone, many threads: the update is there for one boot only",
    say: "The new version runs once; after the next reset the old version is back.",
    cause: "unconfirmed",
    world: { mode: "move", generation: "ncs-2.8" },
    legs: [idle, ask, idle],
    style: "time stamps",
  },
  {
    name: "scratch-resets-in-revert",
    report: "MCUboot #1643 (NCS 2.2, nRF52, resets in mid-swap)",
    say: "Power was cut several times in the swap; the new version runs.",
    cause: "cut and resumed",
    world: { mode: "scratch", generation: "ncs-2.2" },
    legs: [{ ...ask, cut: { operation: 20 } }, { cut: { operation: 9 } }, idle],
  },
  {
    name: "signed-with-another-key",
    report: "DevZone, many threads: update refused",
    say: "The update is not installed, the old version runs.",
    cause: "refused",
    world: { mode: "move", generation: "ncs-2.6", damage: "body" },
    legs: [idle, ask, idle],
  },
  {
    name: "older-version",
    report: "MCUboot downgrade prevention",
    say: "We tried to go back to an older release; the device stays on the old version.",
    cause: "downgrade",
    world: { mode: "move", generation: "ncs-3.0", downgradePrevention: true, downgrade: true },
    legs: [ask, idle],
  },
  {
    name: "image-a-sector-too-long",
    report: "MCUboot swap_move.c, not enough free space",
    say: "Since the image grew the update is not installed.",
    cause: "too long",
    world: { mode: "move", generation: "ncs-2.8", slotSectors: 24, newBytes: 92_000 },
    legs: [ask],
  },
  {
    name: "request-torn",
    report: "Zephyr img_mgmt: reset while the state is written",
    say: "Power was lost right after the upload. The old version runs, slot 1 holds the update.",
    cause: "request cut",
    world: { mode: "move", generation: "ncs-3.0" },
    legs: [{ acts: [{ kind: "ask", cut: { operation: 0, torn: "head" } }] }, idle],
  },
  {
    name: "uploaded-and-forgotten",
    report: "mcumgr users: upload without image test",
    say: "Uploaded, reset, the old version runs.",
    cause: "not asked for",
    world: { mode: "move", generation: "ncs-2.6" },
    legs: [{ acts: [{ kind: "upload" }] }],
  },
];
