import { ALL_MODES, EXCHANGING_MODES, knownFindingNamed } from "../../mcuboot/index.ts";
import type { CauseRow } from "./cause-row.ts";

const supply =
  "Keep the supply up for the whole boot after an update; a brown-out detector and a battery check before the reset help most.";

type Found = Pick<CauseRow, "id" | "title" | "because" | "protects" | "had" | "since" | "until" | "worlds">;

/** What sweeps find, and what no release has mended: a search meets them in worlds without any fault switched on. */
const FOUND: readonly Found[] = [
  {
    id: "U1",
    title: "the fallback image is lost at the last sector",
    because:
      "A swap using offset that goes on with its last sector looks for the old image's header one index short. The new image runs, and slot 1 holds no whole image to go back to.",
    had: "2.2.0 to this day",
    since: "2.2",
    protects: `${supply} Confirm soon; keep new images as long as old ones.`,
    worlds: [{ oldBytes: 14_000, newBytes: 4_000 }],
  },
  {
    id: "U2",
    title: "a revert that is cut twice bricks the board",
    because:
      "The preparation of a revert is repeated over sectors that have been moved already. After two cuts in one revert no boot gets past it.",
    had: "2.2.0 to this day",
    since: "2.2",
    protects: supply,
    worlds: [{ oldBytes: 5_000, newBytes: 13_000 }],
  },
  {
    id: "U3",
    title: "the only record of a revert is erased",
    because:
      "A revert was cut while the primary trailer was rebuilt, and once more right after the scratch area was erased. All three trailers are empty then, and the unconfirmed image stays for ever.",
    had: "every release with swap using scratch",
    protects: supply,
    worlds: [{}],
  },
  {
    id: "U4",
    title: "a torn erase of the scratch area",
    because:
      "An erase of the scratch sector stopped half way: its data are gone, its trailer still says that they are there. The next boot copies erased bytes into the primary slot.",
    had: "1.9.0 to this day",
    since: "1.9",
    protects: `${supply} A scratch area of more than one sector narrows the window.`,
    worlds: [{ permanent: true }],
  },
  {
    id: "U5",
    title: "half a copy_done hides a revert",
    because:
      "Power went inside the write of copy_done, the last of a swap. The flag is neither set nor unset, matches no row of the swap table, and an image that nobody confirmed stays.",
    had: "every release",
    protects: `${supply} Have the application check copy_done (swap type none while unconfirmed) and ask for the old version.`,
    worlds: [{}],
  },
  {
    id: "U8",
    title: "a permanent request became one for a test",
    because:
      "Power went between the two writes of a permanent request. What was left of it is a request for a test, and the boot after that took the image back.",
    had: "every release",
    protects: "Have the application confirm itself when it runs, also after a permanent request.",
    worlds: [{ permanent: true }],
  },
  {
    id: "U11",
    title: "downgrade prevention erases the fallback",
    because:
      "A revert that was cut looks like a request for an older image, and downgrade prevention erases it. The rejected image runs for ever.",
    had: "every release with downgrade prevention in swap modes",
    since: "1.9.99",
    protects: `${supply} Or build without MCUBOOT_DOWNGRADE_PREVENTION and check versions in the application.`,
    worlds: [{ downgradePrevention: true }],
  },
  {
    id: "T1",
    title: "a torn erase of a trailer",
    because:
      "An erase of a trailer stopped half way, so that some of its fields are whole and others damaged. What was asked for is lost, or done twice.",
    had: "every release, on flash whose erases can tear",
    protects: supply,
    worlds: [{}],
  },
  {
    id: "T2",
    title: "a damaged swap_info panics on every boot",
    because: 'A torn erase left swap_info reading 0, which counts as "panic". Every boot stops there.',
    had: "every release, on flash whose erases can tear",
    protects: supply,
    worlds: [{}],
  },
  {
    id: "T3",
    title: "a revert is lost behind half a magic",
    because:
      "A torn magic in slot 1 kept a revert from being prepared, and a second cut then lost it. The rejected image stays.",
    had: "2.2.0 to this day",
    since: "2.2",
    protects: supply,
    worlds: [{}],
  },
];

/** Worlds without a fault switched on in which these are met: each of them once. */
export const FOUND_CAUSES: readonly CauseRow[] = FOUND.map((row) => {
  const known = knownFindingNamed(row.id);
  return {
    ...row,
    kind: "bootloader",
    modes: known?.modes ?? EXCHANGING_MODES,
    source: known?.source ?? "found by the model",
    row: `src/mcuboot/sweep/known-findings.ts, ${row.id}`,
  };
});

const table = "src/field/causes/found.ts";

/** Bugs that are a column of a generation, and what is no fault at all. */
export const OTHER_CAUSES: readonly CauseRow[] = [
  {
    id: "R35",
    title: "the encrypted application image was taken for the network core's",
    kind: "bootloader",
    modes: ["move", "scratch", "overwrite"],
    until: "2.1.99",
    had: "nRF Connect SDK 1.5 to 2.7, with CONFIG_NRF53_UPGRADE_NETWORK_CORE",
    because:
      "The bootloader read the reset vector from the cipher text of the application image, and took the number for an address of the network core. The update was handed there, refused, and dropped; the old application runs on.",
    protects:
      "Build without CONFIG_NRF53_UPGRADE_NETWORK_CORE, send the update unencrypted, or move to a bootloader of SDK 2.8 or later.",
    source: "DevZone 78628; sdk-mcuboot loader.c boot_validated_swap_type",
    row: "src/mcuboot/builds/net-core-rules.ts, vector-by-pointer",
    worlds: [{ encrypted: true, networkCore: true }],
    mended: { netCoreRule: "load-address" },
  },
  {
    id: "R20-2199",
    title: "a revert is due, and there is nothing to go back to",
    kind: "bootloader",
    modes: EXCHANGING_MODES,
    had: "swap using move before 2.2.0; swap using offset and scratch to this day",
    because:
      "The image that runs was never confirmed, and slot 1 is empty: a revert is due on every boot and cannot be done. The application refuses every upload as long as that lasts.",
    protects: "Confirm images before anything erases slot 1; erase slot 1 and confirm to get out of it.",
    source: "MCUboot PR 2199",
    row: "src/mcuboot/builds/generation-columns.ts, clearsStuckRevert",
    worlds: [{ damage: "body" }],
    mended: { clearsStuckRevert: true },
  },
  {
    id: "refused",
    title: "the bootloader refused the update",
    kind: "as designed",
    modes: ALL_MODES,
    had: "every release",
    because:
      "The image in slot 1 is not valid: damaged, or signed or encrypted for another key than the bootloader's. It was erased, and the old image runs on.",
    protects:
      "Verify the package before it is shipped: hil image verify FILE -k KEY, with the key that the bootloader in the field was built with.",
    source: "MCUboot loader.c boot_validate_slot",
    row: `${table}, refused`,
    worlds: [{ damage: "body" }],
  },
  {
    id: "downgrade",
    title: "downgrade prevention refused the update",
    kind: "as designed",
    modes: [...EXCHANGING_MODES, "overwrite"],
    had: "builds with MCUBOOT_DOWNGRADE_PREVENTION",
    because:
      "The new image's version is below the one that runs, and this bootloader takes no older one. It was erased, and the old image runs on.",
    protects: "Raise the version of the update.",
    source: "MCUboot loader.c check_downgrade_prevention",
    row: `${table}, downgrade`,
    worlds: [{ downgradePrevention: true, downgrade: true }],
  },
  {
    id: "too long",
    title: "the image is too long for the swap",
    kind: "as designed",
    modes: ["move", "offset"],
    had: "every release",
    because:
      "The image needs a sector that the swap wants for itself. The bootloader leaves it where it is, and the old image runs on.",
    protects: "Make slot or image smaller or larger by a sector: hil image verify --slot-size says what fits.",
    source: "MCUboot swap_move.c, swap_offset.c",
    row: `${table}, too long`,
    worlds: [{ slotSectors: 6, newBytes: 18_500 }],
  },
  {
    id: "request cut",
    title: "power went while the update was asked for",
    kind: "as designed",
    modes: [...EXCHANGING_MODES, "overwrite"],
    had: "every release",
    because:
      "Power went inside the request, before its magic was whole. Nothing was asked for, and the old image runs on.",
    protects: "Have the application compare versions after a reset, erase slot 1, and begin again.",
    source: "MCUboot bootutil_public.c boot_set_next",
    row: `${table}, request cut`,
    worlds: [{}],
  },
  {
    id: "unconfirmed",
    title: "nobody confirmed the new image",
    kind: "as designed",
    modes: EXCHANGING_MODES,
    had: "every release",
    because:
      "The new image ran once, as a test, and was not confirmed before the next reset. The bootloader took it back, as it must.",
    protects:
      "Have the application confirm itself (boot_write_img_confirmed) once it knows that it works, or confirm over SMP before the next reset.",
    source: "MCUboot docs/design.md, image swapping; bootutil_public.c boot_swap_tables",
    row: "src/mcuboot/trailer/swap-table.ts, revert",
    worlds: [{}],
  },
  {
    id: "cut and resumed",
    title: "power went during the update, and it went on",
    kind: "as designed",
    modes: ALL_MODES,
    had: "every release",
    because: "Power went while images were swapped or copied. The next boot went on where it had stopped, as it must.",
    protects: "Nothing to mend here: what was observed is what MCUboot promises.",
    source: "MCUboot docs/design.md, swap status",
    row: `${table}, cut and resumed`,
    worlds: [{}, { permanent: true }],
  },
  {
    id: "not asked for",
    title: "nothing was asked for",
    kind: "as designed",
    modes: ALL_MODES,
    had: "every release",
    because:
      "No request stands in slot 1: the update was never asked for, or its request never reached the flash. The old image runs on.",
    protects:
      "Look at the client's log: an upload alone changes nothing, it takes image test (or confirm), and a reset.",
    source: "MCUboot bootutil_public.c boot_set_next",
    row: `${table}, not asked for`,
    worlds: [{}],
  },
  {
    id: "as asked",
    title: "the update went through",
    kind: "as designed",
    modes: ALL_MODES,
    had: "every release",
    because: "The new image was asked for, moved, and runs. Nothing in what was sent is a failure of the bootloader.",
    protects: "Look at the application: the bootloader did what it was asked to.",
    source: "MCUboot docs/design.md",
    row: `${table}, as asked`,
    worlds: [{}, { permanent: true }],
  },
];
