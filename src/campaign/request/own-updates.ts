import { type BoardProfile, type LoadedProfile, loadAddressOf, profileKeys } from "../../board/index.ts";
import { ConfigurationError, isHilError, messageOf, type Random, readInput, resolveFrom } from "../../core/index.ts";
import { generatePayload, type Randomness, readFirmwareFile } from "../../image/index.ts";
import { firmwareIn, NSIB_HALVES, type NsibHalf, ownFirmware, type RunningBootloader } from "../../mcuboot/index.ts";
import { type CampaignImage, imageOf } from "./images.ts";
import { opened } from "./presigned-image.ts";
import type { ScenarioFile } from "./scenario.ts";

/** An update of MCUboot itself, and where NSIB is to start it. */
export interface OwnUpdate extends RunningBootloader {
  readonly image: CampaignImage;
}

/** Where updates of MCUboot come from: one for the half that does not run, newer than the one that does. */
export interface OwnUpdates {
  /**
   * The next update for a board.
   * @throws ConfigurationError when no file is left that fits.
   */
  next(running: RunningBootloader): OwnUpdate;
  /** What runs on a board that does not tell: what the first update is for. */
  assumed(): RunningBootloader;
}

interface Asked {
  readonly scenario: ScenarioFile;
  readonly board: LoadedProfile;
  readonly random: Random;
  readonly randomness: Randomness;
}

/**
 * The updates of MCUboot that a scenario names; undefined where it is about the application.
 * @throws ConfigurationError with file, line and field for a file that cannot be used.
 */
export async function ownUpdatesOf(asked: Asked): Promise<OwnUpdates | undefined> {
  const { bootloader } = asked.scenario.value.images;
  if (bootloader === undefined) return undefined;
  const bytes = bootloader.generate_bytes;
  return bytes === undefined ? ofFiles(asked, bootloader.updates ?? []) : generated(asked, bytes);
}

const otherHalf = (half: NsibHalf): NsibHalf => (half === "s0" ? "s1" : "s0");

function generated({ scenario, board, random, randomness }: Asked, bytes: number): OwnUpdates {
  const keys = profileKeys(board);
  const { profile } = board;
  const { headerBytes } = profile.images;
  const make = ({ half, version }: RunningBootloader): OwnUpdate => {
    const offset = offsetOf(profile, half);
    const address = offset + headerBytes;
    const payload = generatePayload({
      random: random.fork(`bootloader ${half} ${version}`),
      name: scenario.value.name,
      version: `${version}.0.0`,
      bodyAddress: address,
      bytes: bytes - (bytes % 4),
    });
    const recipe = { keys, headerBytes, writeBytes: profile.bootloader.writeBytes, randomness, encrypt: false };
    const romFixed = loadAddressOf(board) === undefined ? {} : { romFixed: offset };
    const firmware = ownFirmware(payload, { version, address }, headerBytes);
    return { half, version, image: imageOf(firmware, "new", `${version}.0.0`, { ...recipe, ...romFixed }) };
  };
  return {
    next: ({ half, version }) => make({ half: otherHalf(half), version: version + 1 }),
    assumed: () => ({ half: "s0", version: 1 }),
  };
}

async function ofFiles({ scenario, board }: Asked, names: readonly string[]): Promise<OwnUpdates> {
  const left = await Promise.all(names.map((name, index) => readUpdate(scenario, board, name, index)));
  return {
    next: (running) => {
      const at = left.findIndex(({ half, version }) => half !== running.half && version > running.version);
      const [found] = at < 0 ? [] : left.splice(0, at + 1).slice(-1);
      if (found !== undefined) return found;
      const text = `no update is left for half ${otherHalf(running.half)} above firmware version ${running.version}`;
      throw scenario.wrong(
        ["images", "bootloader", "updates"],
        `is used up: ${text}`,
        "Each update, cut or not, takes the next file: build them for S1 and S0 in turn, with rising CONFIG_FW_INFO_FIRMWARE_VERSION.",
      );
    },
    assumed: () => {
      const [first] = left;
      return { half: otherHalf(first?.half ?? "s1"), version: Math.max(0, (first?.version ?? 1) - 1) };
    },
  };
}

async function readUpdate(
  scenario: ScenarioFile,
  board: LoadedProfile,
  name: string,
  index: number,
): Promise<OwnUpdate> {
  const path = resolveFrom(scenario.file, name);
  const wrong = (text: string, hint = "", cause?: unknown) =>
    scenario.wrong(["images", "bootloader", "updates", index], `names ${path}, which ${text}`, hint, { cause });
  try {
    const found = await readFirmwareFile(readInput(path));
    if (found.kind !== "image") throw new ConfigurationError("it is a zip archive", "Take the image out of it.");
    const image = opened(found.bytes, { keys: profileKeys(board) });
    const firmware = firmwareIn(image.plain);
    const hint = "Take signed_by_mcuboot_and_b0_s0_image_update.bin or …_s1_… of the build.";
    if (firmware === undefined) throw wrong("holds no firmware info struct: NSIB would not start it", hint);
    const half = NSIB_HALVES.find((one) => isIn(board.profile, one, firmware.address));
    if (half === undefined) {
      throw wrong(`is for 0x${firmware.address.toString(16)}, which is neither in slots.s0 nor in slots.s1`, hint);
    }
    return { half, version: firmware.version, image: { role: "new", ...image } };
  } catch (error) {
    if (isHilError(error) && error.message.includes(path)) throw error;
    throw wrong(`cannot be used: ${messageOf(error)}`, isHilError(error) ? error.hint : "Build it first.", error);
  }
}

function isIn({ slots }: BoardProfile, half: NsibHalf, address: number): boolean {
  const area = slots[half];
  return area !== undefined && address >= area.offset && address < area.offset + area.bytes;
}

function offsetOf({ slots }: BoardProfile, half: NsibHalf): number {
  const area = slots[half];
  if (area === undefined) throw new RangeError(`an update of MCUboot for a board without ${half}`);
  return area.offset;
}
