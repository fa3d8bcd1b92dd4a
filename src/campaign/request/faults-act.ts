import { type LoadedProfile, plantedFaults } from "../../board/index.ts";
import { UsageError } from "../../core/index.ts";
import { FAULT_NEEDS, type FaultColumns, type FaultNeed, modeRow } from "../../mcuboot/index.ts";
import type { PlannedCut } from "../record/cut-moment.ts";
import { checksRevert, expectationOf, uploadsInRecovery } from "./expectation.ts";
import { type Scenario, scenarioCuts } from "./scenario.ts";

/** What a run on a board does. */
interface Asked {
  readonly scenario: Scenario;
  /** Instead of the scenario's own. */
  readonly cuts?: readonly PlannedCut[] | undefined;
}

type Profile = LoadedProfile["profile"];

type BoardNeed = "downgrade prevention" | "own fix";

/** Whether a board has what a fault needs. */
const OF_BOARD: Readonly<Record<BoardNeed, (profile: Profile, fault: string) => boolean>> = {
  "downgrade prevention": ({ bootloader }) => bootloader.downgradePrevention,
  "own fix": ({ bootloader }, fault) => bootloader.fixes.some((fix) => fix === fault),
};

/** Whether a run has what a fault needs. */
const OF_RUN: Readonly<Record<Exclude<FaultNeed, BoardNeed>, (asked: Asked, profile: Profile) => boolean>> = {
  "application upload": ({ scenario }, profile) => !uploadsInRecovery(scenario, profile),
  "recovery upload": ({ scenario }, profile) => uploadsInRecovery(scenario, profile),
  cut: (asked) => isCut(asked) && !["upload", "request"].includes(asked.scenario.cuts.in ?? ""),
  "revert cut": (asked) => isCut(asked) && asked.scenario.cuts.in === "revert",
  "request cut": (asked) => isCut(asked) && asked.scenario.cuts.in === "request",
  encrypted: ({ scenario: { images } }) =>
    images.encrypt || images.new.payload.image !== undefined || bringsPackage(images),
  "network image": ({ scenario: { images } }) => images.network?.new !== undefined || bringsPackage(images),
  "bootloader image": ({ scenario: { images } }) => images.bootloader !== undefined,
  "application asked first": () => false,
  "test request": ({ scenario }) => scenario.request === "test",
  revert: ({ scenario }, profile) => reverts(scenario, profile),
  "confirmed swap": ({ scenario }, profile) => scenario.request === "permanent" || reverts(scenario, profile),
  "refused image": ({ scenario }) => expectationOf(scenario).outcome !== "upgrade",
  "image in pieces": (asked, profile) =>
    expectationOf(asked.scenario).outcome !== "upgrade" ||
    (isCut(asked) && (asked.scenario.cuts.in === "upload" || uploadsInRecovery(asked.scenario, profile))),
  "padded start": ({ scenario }) => scenario.start.padded,
};

/** @throws UsageError for a planted fault that cannot act on this board, or in this run: it would stay green. */
export function requireFaultsAct(board: LoadedProfile, asked?: Asked): void {
  for (const fault of plantedFaults(board)) {
    const wanting = faultWants(fault, board.profile, asked);
    if (wanting === undefined) continue;
    const what = asked === undefined ? board.profile.name : `${asked.scenario.name} on ${board.profile.name}`;
    throw new UsageError(
      `the fault ${fault.name} needs ${wanting}: in ${what} it would change nothing, and the run would show nothing about it.`,
      shownText(fault),
    );
  }
}

/**
 * What a fault needs and does not find.
 * @param asked default: any run, the board alone is looked at.
 */
export function faultWants(fault: FaultColumns, profile: Profile, asked?: Asked): string | undefined {
  const { mode, name } = modeRow(profile.bootloader.mode);
  if (!fault.modes.includes(mode)) return `a bootloader of mode ${fault.modes.join(", ")} (this one is ${name})`;
  const need = fault.needs.find((one) => !isMet(one, fault, profile, asked));
  return need && FAULT_NEEDS[need];
}

function isMet(need: FaultNeed, fault: FaultColumns, profile: Profile, asked: Asked | undefined): boolean {
  if (isOfBoard(need)) return OF_BOARD[need](profile, fault.name);
  return asked === undefined || OF_RUN[need](asked, profile);
}

function isOfBoard(need: FaultNeed): need is BoardNeed {
  return need in OF_BOARD;
}

/** A run of ours that shows a fault, as a hint. */
function shownText({ name, shownBy, shownTo }: FaultColumns): string {
  if (shownBy === undefined)
    return `No run of what ships with hil shows it, but hil twin --fault ${name} to a client: ${shownTo} (docs/faults.md).`;
  const { scenario, board } = shownBy;
  return `Here it acts: hil run ${scenario} --board ${board} --fault ${name} (docs/faults.md).`;
}

/** A package may bring images of both cores, and encrypted ones. */
function bringsPackage({ new: next }: Scenario["images"]): boolean {
  return next.payload.dfu_zip !== undefined;
}

function isCut({ scenario, cuts = scenarioCuts(scenario) }: Asked): boolean {
  return cuts === undefined ? scenario.cuts.count !== 0 : cuts.length > 0;
}

function reverts(scenario: Scenario, { bootloader }: Profile): boolean {
  // An upgrade that is cut is confirmed by nobody: boots after it revert.
  const bootsOn = scenario.request === "test" && scenario.boots_after > 0;
  return checksRevert(scenario, bootloader.mode) || bootsOn || scenario.cuts.in === "revert";
}
