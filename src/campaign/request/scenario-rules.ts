import type { LoadedProfile } from "../../board/index.ts";
import { modeRow } from "../../mcuboot/index.ts";
import { expectationOf, uploadsInRecovery } from "./expectation.ts";
import { namedParts } from "./image-part.ts";
import type { Scenario, ScenarioFile } from "./scenario.ts";

type Path = readonly (string | number)[];

interface RuleRow {
  readonly name: string;
  /** The fields that would not be heard, or go against each other. */
  fields(scenario: Scenario, board: LoadedProfile["profile"]): Iterable<Path>;
  readonly text: string;
  readonly hint: string;
}

/** Ways to name cuts that have a meaning in a swap only. */
const SWAP_CUTS = ["at_ms", "pairs", "operations", "every"] as const;
const isInApplication = ({ cuts }: Scenario) => cuts.in === "upload" || cuts.in === "request";
type Profile = LoadedProfile["profile"];
const hasNoCut = ({ cuts }: Scenario) => cuts.count === 0;
const hasFlasher = ({ flasher, provider }: LoadedProfile["profile"]) =>
  flasher !== undefined || provider !== "hardware";
const outcome = (scenario: Scenario) => expectationOf(scenario).outcome;

/** Fields that a campaign would pass over without a word: nothing that a scenario names may be ignored. */
const RULES: readonly RuleRow[] = [
  {
    name: "bytes behind a payload",
    *fields(scenario) {
      for (const { path, source } of namedParts({ value: scenario })) {
        const { append_bytes, file, body_of } = source.payload;
        const isRead = file !== undefined || body_of !== undefined;
        if (append_bytes !== undefined && !isRead) yield [...path, "payload", "append_bytes"];
      }
    },
    text: "goes with file and body_of: what is signed already, or generated, is not made longer",
    hint: "Leave it out, or give the length by generate_bytes.",
  },
  {
    name: "what only the signer of an image can say",
    *fields(scenario) {
      for (const { path, source } of namedParts({ value: scenario })) {
        const { image, dfu_zip } = source.payload;
        if (source.depends_on !== undefined && (image ?? dfu_zip) !== undefined) yield [...path, "depends_on"];
      }
    },
    text: "goes with an image that is signed here: what is signed already says itself what it depends on",
    hint: "Leave it out.",
  },
  {
    name: "a network core without a slot",
    *fields({ images }, { slots, bootloader }) {
      const has = slots.networkSecondary !== undefined || bootloader.networkCoreUpgrade;
      if (images.network !== undefined && !has) yield ["images", "network"];
    },
    text: "wants updates of the network core, and the board's profile has no slot for them",
    hint: "Choose a board with slots.network_secondary, such as twin-net, or with bootloader.network_core_upgrade.",
  },
  {
    name: "updates of MCUboot where nothing starts it but itself",
    *fields({ images, cuts }, { slots }) {
      if (slots.s1 !== undefined) return;
      if (images.bootloader !== undefined) yield ["images", "bootloader"];
      if (cuts.in === "bootloader") yield ["cuts", "in"];
    },
    text: "wants updates of MCUboot itself, and the board's profile has no halves for them",
    hint: "Choose a board with slots.s0 and slots.s1 (NSIB), such as twin-nsib.",
  },
  {
    name: "cuts in updates of MCUboot that are none",
    *fields({ images, cuts }) {
      if (cuts.in === "bootloader" && images.bootloader === undefined) yield ["cuts", "in"];
    },
    text: "is bootloader, and the scenario names no update of MCUboot",
    hint: "Add images.bootloader: { generate_bytes: 20480 }, or { updates: [FILE, …] }.",
  },
  {
    name: "what a campaign of MCUboot's own updates is not asked for",
    *fields(scenario) {
      const { cuts, images, start } = scenario;
      if (images.bootloader === undefined) return;
      if (cuts.in !== "bootloader" && !hasNoCut(scenario)) yield ["cuts", cuts.in === undefined ? "count" : "in"];
      if (scenario.upload !== undefined) yield ["upload"];
      if (scenario.boots_after > 0) yield ["boots_after"];
      if (scenario.expect !== undefined && scenario.expect !== "upgrade") yield ["expect"];
      if (images.new.damage !== undefined) yield ["images", "new", "damage"];
      if (images.network !== undefined) yield ["images", "network"];
      if (start.flash_each) yield ["start", "flash_each"];
    },
    text: "has no meaning with images.bootloader: that campaign cuts updates of MCUboot itself, and ends with one upgrade",
    hint: "Leave it out, set cuts.in: bootloader, or leave images.bootloader out.",
  },
  {
    name: "uploads in a recovery that cannot be entered",
    *fields(scenario, profile) {
      if (uploadsInRecovery(scenario, profile) && !canEnterRecovery(profile)) yield ["upload"];
    },
    text: "is by serial recovery, and the profile names no way into it that works each time",
    hint:
      "Add recovery: { enter: button, press: … }, or pin-reset, or wait (docs/serial-recovery.md); or choose a board that " +
      "has it, such as twin-single.",
  },
  {
    name: "uploads in recovery where the newest image runs",
    *fields(scenario, profile) {
      if (scenario.upload === "serial-recovery" && modeRow(profile.bootloader.mode).newestRuns) yield ["upload"];
    },
    text: "is serial-recovery, which writes slot 0: where the newest image runs, the other slot's would",
    hint: "Use upload: application there.",
  },
  {
    name: "an application's upload where there is a single slot",
    *fields({ upload }, { bootloader }) {
      if (upload === "application" && modeRow(bootloader.mode).slots === 1) yield ["upload"];
    },
    text: "is application, and the board has a single slot, which its application cannot write",
    hint: "Leave it out.",
  },
  {
    name: "what an upload in recovery is not asked for",
    *fields(scenario, profile) {
      if (!uploadsInRecovery(scenario, profile)) return;
      const { cuts, images, start } = scenario;
      if (cuts.in !== undefined && cuts.in !== "upload") yield ["cuts", "in"];
      if (cuts.pairs !== undefined) yield ["cuts", "pairs"];
      if (scenario.request !== "test") yield ["request"];
      if (scenario.revert_check === true) yield ["revert_check"];
      if (scenario.boots_after > 0) yield ["boots_after"];
      if (scenario.expect !== undefined && scenario.expect !== "upgrade") yield ["expect"];
      if (images.new.damage !== undefined) yield ["images", "new", "damage"];
      if (images.network !== undefined) yield ["images", "network"];
      if (start.flash_each) yield ["start", "flash_each"];
    },
    text: "has no meaning with uploads in serial recovery: an image is written over the one before, and runs",
    hint: "Leave it out; cuts are in the upload, by count, at_ms, on, operations or every.",
  },
  {
    name: "a way back where the newest image runs",
    *fields({ request, cuts }, profile) {
      const { newestRuns, takesBack } = modeRow(profile.bootloader.mode);
      if (!newestRuns || hasFlasher(profile) || (takesBack && request === "test")) return;
      if (cuts.count !== 0) yield ["cuts"];
    },
    text: "wants more than one upgrade, and where the newest image runs nothing brings the old one back but a flasher",
    hint: "Add a flasher to the profile, use request: test with a mode that reverts, or cuts: { count: 0 }.",
  },
  {
    name: "a request where none can be made",
    *fields({ request, cuts }, { bootloader }) {
      const { newestRuns, takesBack } = modeRow(bootloader.mode);
      if (!newestRuns || takesBack) return;
      if (request !== "test") yield ["request"];
      if (cuts.in === "request") yield ["cuts", "in"];
    },
    text: "has no meaning with direct-xip and ram-load: the newest image runs, and no application can be asked",
    hint: "Leave it out, or use direct-xip-revert or ram-load-revert.",
  },
  {
    name: "an old image in the second slot where only the first one runs",
    *fields({ start }, { bootloader }) {
      if (start.slot === 1 && !modeRow(bootloader.mode).newestRuns) yield ["start", "slot"];
    },
    text: "is 1, and this board's bootloader runs images from slot 0 alone",
    hint: "Leave it out, or choose a board with direct-xip or ram-load.",
  },
  {
    name: "a dependency on another image without a slot for it",
    *fields(scenario, { slots }) {
      if (slots.networkSecondary !== undefined) return;
      for (const { path, source } of namedParts({ value: scenario })) {
        if (source.depends_on !== undefined) yield [...path, "depends_on"];
      }
    },
    text: "is looked at only by a bootloader with two images, and this board's has one",
    hint: "Leave it out, or choose a board with slots.network_secondary.",
  },
  {
    name: "cuts of a swap in an upload or a request",
    *fields(scenario, profile) {
      // Where serial recovery takes the images, uploads are what is cut, and every way but pairs has a meaning there.
      if (!isInApplication(scenario) || uploadsInRecovery(scenario, profile)) return;
      for (const way of SWAP_CUTS) if (scenario.cuts[way] !== undefined) yield ["cuts", way];
    },
    text: "counts in a swap, and the cuts are to be in an upload or a request",
    hint: "Use count or on there.",
  },
  {
    name: "boots after cuts in the application",
    *fields(scenario) {
      if (isInApplication(scenario) && scenario.boots_after > 0) yield ["boots_after"];
    },
    text: "goes with cuts in an upgrade or a revert",
    hint: "Leave it out, or cut the upgrade.",
  },
  {
    name: "boots after no cut",
    *fields(scenario) {
      if (hasNoCut(scenario) && scenario.boots_after > 0) yield ["boots_after"];
    },
    text: "wants boots after each cut, and there is no cut",
    hint: "Leave it out, or give cuts.",
  },
  {
    name: "what only a flasher can do",
    *fields({ start }, profile) {
      if (hasFlasher(profile)) return;
      for (const field of ["flash_each", "padded"] as const) if (start[field]) yield ["start", field];
    },
    text: "needs a flasher, and the board's profile has none",
    hint: "Set flasher in the profile, or leave it out.",
  },
  {
    name: "a revert that cannot be",
    *fields(scenario, { bootloader }) {
      const never =
        scenario.request === "permanent" || outcome(scenario) !== "upgrade" || !modeRow(bootloader.mode).takesBack;
      if (!never) return;
      if (scenario.revert_check === true) yield ["revert_check"];
      if (scenario.cuts.in === "revert") yield ["cuts", "in"];
    },
    text: "wants an image that is taken back, and nothing of this upgrade ever is",
    hint: "That takes request: test, an image that is installed, and a mode that takes it back.",
  },
  {
    name: "cuts for an image that does not boot",
    *fields(scenario) {
      if (outcome(scenario) === "no boot" && !hasNoCut(scenario)) yield ["cuts"];
    },
    text: "cannot be judged with an image that never answers",
    hint: "Set cuts: { count: 0 } beside expect: no boot.",
  },
  {
    name: "an image for good that does not boot",
    *fields(scenario, profile) {
      const stays = scenario.request === "permanent" || profile.bootloader.mode === "overwrite-only";
      if (outcome(scenario) === "no boot" && stays && !hasFlasher(profile)) yield ["expect"];
    },
    text: "would leave this board without an application, and there is no flasher to bring it back",
    hint: "Use request: test.",
  },
];

/** A way into serial recovery from an application, and after a cut from none. */
function canEnterRecovery({ recovery, bootloader }: Profile): boolean {
  if (recovery === undefined || recovery.enter === "no-application") return false;
  return recovery.enter !== "boot-mode" || bootloader.recovery.includes("no-application");
}

/**
 * @throws ConfigurationError with line and field for the first field that the campaign would not hear.
 */
export function checkFields(scenario: ScenarioFile, { profile }: LoadedProfile): void {
  for (const rule of RULES) {
    const [path] = rule.fields(scenario.value, profile);
    if (path !== undefined) throw scenario.wrong(path, rule.text, rule.hint);
  }
}
