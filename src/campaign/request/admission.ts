import type { LoadedProfile } from "../../board/index.ts";
import { type ConfigurationError, defined, hexOf, Random, resolveFrom, VirtualClock } from "../../core/index.ts";
import { decodeHeader, FLAG, NRF5340_RAM_END, startFault, VTOR_BYTES } from "../../image/index.ts";
import {
  askBoot,
  askUpgrade,
  type BootloaderBuild,
  longerThanSlot,
  modeOf,
  modeRow,
  refusalText,
  type UpgradeAnswer,
  type UpgradeSwept,
  uploadedFlash,
} from "../../mcuboot/index.ts";
import type { PlannedCut } from "../record/cut-moment.ts";
import type { KeptImages } from "../record/kept.ts";
import { ExpectedFlash } from "../verdict/expected-flash.ts";
import { admitOwn, type OwnAnswer } from "./admission-bootloader.ts";
import { askNetwork, networkImageText, networkPath, tooLongForNetCore } from "./admission-network.ts";
import { checksRevert, type Expectation, expectationOf, uploadsInRecovery } from "./expectation.ts";
import type { Role } from "./image-part.ts";
import type { CampaignImage, CampaignImages } from "./images.ts";
import { buildMaterial } from "./material.ts";
import { foreignFormat } from "./payload-formats.ts";
import { type ScenarioFile, scenarioCuts } from "./scenario.ts";

/** What is asked about before anything moves. */
interface AdmissionAsked {
  readonly scenario: ScenarioFile;
  readonly board: LoadedProfile;
  readonly seed: number;
  /** Cuts given one by one, instead of the scenario's own. */
  readonly cuts?: readonly PlannedCut[] | undefined;
  /** The images of a replay. */
  readonly kept?: KeptImages | undefined;
}

/** What the bootloader is going to do with the new image. */
export interface Admission extends Pick<UpgradeAnswer, "does" | "because"> {
  readonly version: string;
  /** The same of the network core's new image, where there is one. */
  /** What MCUboot's own updates come to, where the campaign is about those. */
  readonly bootloader?: OwnAnswer;
  readonly network?: { readonly version: string; readonly does: "update" | "refused"; readonly because: string };
}

/**
 * Asks the model of the board's bootloader what it does with the images of a campaign: with the old one, from it to the
 * new one, and back. It must be what the scenario expects.
 * @throws ConfigurationError with file, line and field, the reason in numbers, and the line that a board would print.
 */
export async function admit(asked: AdmissionAsked): Promise<Admission> {
  const { scenario, board, seed, kept } = asked;
  const { images, expected, own } = await buildMaterial(
    { scenario, board, kept },
    { clock: new VirtualClock() },
    Random.fromSeed(seed),
  );
  const questions = new Questions(asked, images, expected);
  if (uploadsInRecovery(scenario.value, board.profile)) {
    const { does, because } = questions.recovery();
    return { does, because, version: images.new.version };
  }
  const network = questions.network();
  questions.old();
  const answer = questions.upgrade();
  if (expectationOf(scenario.value).outcome === "upgrade") questions.back();
  const cuts = asked.cuts?.length ?? cutsAsked(scenario.value);
  const bootloader = own && admitOwn(scenario, expected, own, { old: images.old, cuts });
  const { does, because } = answer;
  return { does, because, version: images.new.version, ...defined({ network, bootloader }) };
}

/** How many cuts a scenario wants, as far as it says so: what is counted by the model's operations is not known here. */
function cutsAsked(scenario: ScenarioFile["value"]): number {
  const { count, pairs } = scenario.cuts;
  return scenarioCuts(scenario)?.length ?? pairs ?? count ?? 0;
}

/**
 * The same for an upgrade that is swept, whose bootloader may be another than the board's.
 * @throws ConfigurationError as `admit`.
 */
export function admitSwept(scenario: ScenarioFile, upgrade: UpgradeSwept, hash: string): void {
  const { build, next, old, primary, permanent = false } = upgrade;
  for (const [role, bytes, slot] of [
    ["old", primary === "empty" ? 0 : old.length, 0],
    ["new", next.length, 1],
  ] as const) {
    const fault = longerThanSlot(build, 0, slot, bytes);
    if (fault !== undefined)
      throw refusedError(scenario, build, role, { because: refusalText(fault), line: undefined });
  }
  const { flash } = uploadedFlash(upgrade);
  const answer = askUpgrade(flash, build, { hash, fileBytes: next.length, permanent });
  requireExpected(scenario, build, answer, expectationOf(scenario.value));
}

class Questions {
  readonly #asked: AdmissionAsked;
  readonly #images: CampaignImages;
  readonly #expected: ExpectedFlash;
  readonly #permanent: boolean;

  constructor(asked: AdmissionAsked, images: CampaignImages, expected: ExpectedFlash) {
    this.#asked = asked;
    this.#images = images;
    this.#expected = expected;
    this.#permanent = asked.scenario.value.request === "permanent";
  }

  get #build(): BootloaderBuild {
    return this.#expected.build;
  }

  /** The old image runs, from where it is put: the primary slot by a flasher, else out of the secondary one. */
  old(): void {
    const { scenario, board } = this.#asked;
    const { old } = this.#images;
    const build = this.#build;
    const fault = longerThanSlot(build, 0, this.#expected.startSlot, (old.flashed ?? old.plain).length);
    if (fault !== undefined)
      throw refusedError(scenario, build, "old", { because: refusalText(fault), line: undefined });
    const boots = askBoot(this.#flash(old), build, { hash: old.hash });
    if (boots.does !== "installs") throw refusedError(scenario, build, "old", boots);
    this.#requireStart("old");
    if (board.profile.provider !== "hardware" || board.profile.flasher !== undefined) return;
    if (this.#expected.inPlace) return;
    const taken = this.#ask(old, old);
    if (taken.does !== "installs" || taken.fault !== undefined) throw refusedError(scenario, build, "old", taken);
  }

  /** Each image as serial recovery writes it into slot 0: it must run from there. */
  recovery(): UpgradeAnswer {
    this.#requireInSlot0("old");
    return this.#requireInSlot0("new");
  }

  #requireInSlot0(role: Role): UpgradeAnswer {
    const { scenario } = this.#asked;
    const build = this.#build;
    const image = this.#images[role];
    const fault = longerThanSlot(build, 0, 0, image.file.length);
    if (fault !== undefined)
      throw refusedError(scenario, build, role, { because: refusalText(fault), line: undefined });
    const expected = new ExpectedFlash(build, this.#expected.timing);
    expected.takeInRecovery(image.file);
    const answer = askBoot(expected.flash, build, { hash: image.hash });
    if (answer.does !== "installs") throw refusedError(scenario, build, role, answer);
    this.#requireStart(role);
    return answer;
  }

  /** From the old to the new. */
  upgrade(): UpgradeAnswer {
    const { scenario } = this.#asked;
    const { old, new: next } = this.#images;
    const expected = expectationOf(scenario.value);
    const answer = this.#ask(old, next);
    requireExpected(scenario, this.#build, answer, expected);
    if (expected.outcome === "upgrade") this.#requireStart("new");
    return answer;
  }

  /** Back to the old: by a revert, and by an upgrade where the campaign makes one. */
  back(): void {
    const { scenario, board, cuts } = this.#asked;
    const { old, new: next } = this.#images;
    const build = this.#build;
    const { start, cuts: planned } = scenario.value;
    if (!this.#permanent && modeOf(build).takesBack) {
      const back = askBoot(this.#ask(old, next).flash, build, { hash: old.hash });
      if (back.does !== "installs") {
        const text = `${named(scenario, "new")} this bootloader would install and, unconfirmed, not take back: ${back.because}`;
        throw wrong(scenario, "new", text, "Nothing was moved. Use request: permanent, or another image.");
      }
    }
    // Where the newest image runs, nothing goes to and fro.
    if (this.#expected.inPlace) return;
    const count = cuts?.length ?? planned.count ?? 1;
    const returns = checksRevert(scenario.value, board.profile.bootloader.mode) || (count > 0 && !start.flash_each);
    if (!returns) return;
    const answer = this.#ask(next, old);
    if (answer.does === "installs") return;
    const text = `${named(scenario, "old")} this bootloader would not put back after the upgrade: ${answer.because}`;
    const hint = "A campaign goes to and fro: set start.flash_each: true (it needs a flasher) and revert_check: false.";
    throw wrong(scenario, "old", `${text}${printed(answer.line)}`, hint);
  }

  /** The network core's images: the new one, which the scenario expects to be taken or refused. */
  network(): Admission["network"] {
    const { scenario } = this.#asked;
    const { old, new: next } = this.#images;
    const named = scenario.value.images.network;
    if (named !== undefined && (old.network ?? next.network) === undefined) {
      const text = "speaks of the network core, and no image of it is named or comes in a package";
      throw scenario.wrong(["images", "network"], text, "Add images.network.new, or leave it out.");
    }
    for (const role of ["old", "new"] as const) {
      const image = this.#images[role].network?.image;
      const fault = image && tooLongForNetCore(this.#build, image);
      if (fault === undefined) continue;
      throw scenario.wrong(
        networkPath(scenario, role),
        networkImageText(scenario, role, `does not fit: ${fault}`),
        "Make it shorter.",
      );
    }
    if (next.network === undefined) {
      if (scenario.value.cuts.in !== "network") return undefined;
      const text = "is network, and the new images have none of the network core";
      throw scenario.wrong(["cuts", "in"], text, "Add images.network.new, or a package that holds it.");
    }
    const answer = askNetwork(this.#expected, { from: old, to: next });
    const expected = named?.expect ?? "update";
    const { does, because } = answer;
    if (does === expected) return { version: next.network.image.version, does: expected, because };
    const found = {
      update: "would be taken, and expect says refused",
      refused: `would be refused: ${answer.because}`,
      "no boot": `would leave nothing that boots: ${answer.because}`,
    }[answer.does];
    throw scenario.wrong(
      networkPath(scenario, "new"),
      `${networkImageText(scenario, "new", found)}${printed(answer.line)}`,
      `Nothing was moved.${answer.does === "no boot" ? "" : ` Or set expect: ${answer.does} in images.network.`}`,
    );
  }

  #flash(running: CampaignImage, waiting?: CampaignImage) {
    const expected = new ExpectedFlash(this.#build, this.#expected.timing, undefined, this.#expected.startSlot);
    expected.place(running, waiting);
    // The network core's image is asked for in the same boot: each may depend on the other.
    if (waiting?.network && expected.hasNetworkSlot) expected.requestNetwork(waiting.network.image.file);
    return expected.flash;
  }

  #ask(running: CampaignImage, waiting: CampaignImage): UpgradeAnswer {
    const fault = longerThanSlot(this.#build, 0, this.#expected.otherStartSlot, waiting.file.length);
    if (fault !== undefined) {
      const because = `${refusalText(fault)}: no application takes it`;
      return { does: "refused", because, fault, line: undefined, byApplication: true, flash: this.#flash(running) };
    }
    const slot = this.#expected.otherStartSlot;
    const wanted = { hash: waiting.hash, fileBytes: waiting.file.length, permanent: this.#permanent, slot };
    return askUpgrade(this.#flash(running, waiting), this.#build, wanted);
  }

  /** What no bootloader looks at: whether a processor can start it. */
  #requireStart(role: Role): void {
    const { scenario, board } = this.#asked;
    const fault = cannotStart(this.#images[role], scenario, role, board);
    if (fault === undefined) return;
    const hint = `Nothing was moved. ${role === "new" ? "If that is what you test, say expect: no boot." : "Build it for this slot."}`;
    throw wrong(scenario, role, `${named(scenario, role)} would be installed and cannot run: ${fault}`, hint);
  }
}

/** @throws ConfigurationError when the bootloader does something else with the new image than is expected. */
function requireExpected(
  scenario: ScenarioFile,
  build: BootloaderBuild,
  answer: UpgradeAnswer,
  { outcome, reason }: Expectation,
): void {
  const { does, because, fault } = answer;
  if (outcome === "upgrade") {
    if (does !== "installs") throw refusedError(scenario, build, "new", answer);
    return;
  }
  if (does === "refused" && answer.byApplication === true) {
    const text = `wants "${outcome}" of the bootloader, and the image never gets there: ${because}`;
    throw scenario.wrong(expectPath(scenario), text, "Nothing was moved.");
  }
  const isNoBoot = outcome === "no boot" && does !== "refused";
  const told = `${fault?.reason ?? ""}: ${because}`.toLowerCase();
  if (isNoBoot || (does === outcome && (reason === undefined || told.includes(reason.toLowerCase())))) return;
  const expects = reason === undefined ? `"${outcome}"` : `it refused for "${reason}"`;
  const found = {
    installs: "the bootloader would install it",
    refused: `the bootloader would refuse it: ${because}`,
    "no boot": `nothing would boot: ${because}`,
  }[does];
  throw scenario.wrong(
    expectPath(scenario),
    `wants ${expects}, and ${found}${does === "installs" ? "" : printed(answer.line)}`,
    "Nothing was moved.",
  );
}

/** What says that an image is not to be installed. */
function expectPath({ value }: ScenarioFile): readonly string[] {
  return value.expect === undefined ? ["images", "new", "damage"] : ["expect"];
}

/** An image that the bootloader does not take. */
function refusedError(
  scenario: ScenarioFile,
  { generation }: BootloaderBuild,
  role: Role,
  { because, line, does = "refused" }: Pick<UpgradeAnswer, "because" | "line"> & Partial<Pick<UpgradeAnswer, "does">>,
): ConfigurationError {
  const verb = does === "no boot" ? "does not boot with" : "would refuse";
  const text = `${named(scenario, role)} this bootloader (MCUboot ${generation.name}) ${verb}: ${because}${printed(line)}`;
  const expect = does === "no boot" ? "no boot" : "refused";
  const hint =
    role === "new" ? `If that is what you test, say expect: ${expect}.` : "A campaign starts from an image that runs.";
  return wrong(scenario, role, text, `Nothing was moved. ${hint}`);
}

/** Why a processor cannot start an image; undefined for one that was generated for its place, and one that can. */
function cannotStart(
  { plain }: CampaignImage,
  scenario: ScenarioFile,
  role: Role,
  { profile }: LoadedProfile,
): string | undefined {
  if (scenario.value.images[role].payload.generate_bytes !== undefined) return undefined;
  const { headerBytes, bodyBytes, flags, loadAddress } = decodeHeader(plain);
  const movesOn = role === "new" && modeRow(profile.bootloader.mode).inPlace;
  const runsInSecond = movesOn !== (scenario.value.start.slot === 1);
  const { offset } = runsInSecond ? profile.slots.secondary : profile.slots.primary;
  const isLoaded = (flags & FLAG.RAM_LOAD) !== 0 && modeRow(profile.bootloader.mode).mode === "ram-load";
  const slotAddress = isLoaded ? loadAddress : offset;
  const body = plain.subarray(headerBytes, headerBytes + bodyBytes);
  if ((flags & FLAG.ROM_FIXED) !== 0 && loadAddress !== slotAddress) {
    return `its header says that it is for address ${hexOf(loadAddress)}, and the slot is at ${hexOf(slotAddress)}`;
  }
  const wanted = profile.images.headerBytes;
  const foreign = foreignFormat(body, wanted);
  if (foreign !== undefined)
    return `behind its header is ${foreign.name}, not firmware (signed twice, or the wrong file)`;
  const bodyAddress = slotAddress + headerBytes;
  // What is emulated may be another chip.
  const foreign51 = profile.provider === "qemu" || profile.emulated?.chip === "nrf51";
  const chip = foreign51 ? { alignBytes: 4 } : { alignBytes: VTOR_BYTES, ramEnd: NRF5340_RAM_END };
  const fault = startFault(body, { bodyAddress, endAddress: bodyAddress + bodyBytes, ...chip });
  if (fault !== undefined || headerBytes === wanted) return fault;
  const sizes = `its header has ${headerBytes} bytes, and the profile's images.header_bytes says ${wanted}`;
  return `${sizes}: firmware for this board is linked for ${hexOf(slotAddress + wanted)}, and would lie at ${hexOf(bodyAddress)}`;
}

/** The file that an image comes from, as the start of a sentence about it. */
function named(scenario: ScenarioFile, role: Role): string {
  const { field, file } = sourceOf(scenario, role);
  return field === "generate_bytes" ? "is an image that" : `names ${resolveFrom(scenario.file, file)}, which`;
}

function sourceOf(scenario: ScenarioFile, role: Role) {
  const { payload } = scenario.value.images[role];
  for (const field of ["file", "image", "dfu_zip", "body_of"] as const) {
    const file = payload[field];
    if (file !== undefined) return { field, file };
  }
  return { field: "generate_bytes", file: "" } as const;
}

function wrong(scenario: ScenarioFile, role: Role, text: string, hint: string): ConfigurationError {
  return scenario.wrong(["images", role, "payload", sourceOf(scenario, role).field], text, hint);
}

function printed(line: string | undefined): string {
  return line === undefined ? ". The board would print nothing of it." : `. The board would print "${line}".`;
}
