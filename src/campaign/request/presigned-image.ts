import { type LoadedProfile, type ProfileKeys, profileKeys } from "../../board/index.ts";
import { ConfigurationError, concat, hex, isHilError, messageOf, readInput, resolveFrom } from "../../core/index.ts";
import {
  type DfuFile,
  formatVersion,
  isMarkedEncrypted,
  parseVersion,
  readDfuZip,
  readFirmwareFile,
  verifyImage,
} from "../../image/index.ts";
import type { ScenarioFile } from "./scenario.ts";

/** An image that was signed elsewhere, as a campaign uploads and flashes it. */
interface PresignedImage {
  readonly version: string;
  readonly hash: string;
  readonly fileBytes: number;
  readonly encrypted: boolean;
  readonly file: Uint8Array;
  readonly plain: Uint8Array;
}

/** What a given image is held against. */
interface PresignedPlan {
  readonly scenario: ScenarioFile;
  readonly keys: ProfileKeys;
  readonly primaryAddress: number;
  readonly slotBytes: number;
}

type Role = "old" | "new";

/** Slots of image 0 as a package counts them. Source: nRF Connect SDK dfu_application.zip. */
const APPLICATION_SLOTS = { slot_index_primary: 1, slot_index_secondary: 2 } as const;

/** True when the scenario names a signed image, or a package with one, instead of a payload to sign. */
export function isPresigned(scenario: ScenarioFile, role: Role): boolean {
  const { image, dfu_zip: zip } = scenario.value.images[role].payload;
  return image !== undefined || zip !== undefined;
}

/**
 * Reads a signed image, or takes the application's image out of a DFU package. Its plain form is had with the profile's
 * private key.
 * Whether the board's bootloader takes it is not asked here: see admission.ts.
 * @throws ConfigurationError with the scenario's line and field: a file that cannot be read, a package that does not
 *   fit the board, or an image of another version or encryption than said.
 */
export async function presignedImage(plan: PresignedPlan, role: Role): Promise<PresignedImage> {
  const { scenario } = plan;
  const { payload, version } = scenario.value.images[role];
  const isZip = payload.dfu_zip !== undefined;
  const path = resolveFrom(scenario.file, payload.dfu_zip ?? payload.image ?? "");
  const field = ["images", role, "payload", isZip ? "dfu_zip" : "image"];
  const wrong = (what: string, hint = "", cause?: unknown) => scenario.wrong(field, what, hint, { cause });
  let image: PresignedImage;
  try {
    const bytes = readInput(path);
    image = opened(await (isZip ? applicationOf(bytes, plan) : imageIn(bytes)), plan);
  } catch (error) {
    const text = (isHilError(error) ? error.message : messageOf(error)).replace(/\.?$/, "");
    if (isHilError(error)) throw wrong(`names ${path}, which cannot be used: ${text}`, error.hint, error);
    throw wrong(`names ${path}, which cannot be read (${text})`, "Build it first, or correct the path.", error);
  }
  const said = formatVersion(parseVersion(version));
  if (image.version !== said) throw wrong(`holds version ${image.version}, and images.${role}.version says ${said}`);
  if (image.encrypted !== scenario.value.images.encrypt) {
    const is = image.encrypted ? "is" : "is not";
    throw wrong(`${is} encrypted, and images.encrypt says ${scenario.value.images.encrypt}`);
  }
  return { ...image, version: image.version.replace(/\+0$/, "").replace("+", ".") };
}

/**
 * Reads the images that a scenario gives, to know before a board is opened that they fit it.
 * @throws ConfigurationError as presignedImage.
 */
export async function readPresignedImages(scenario: ScenarioFile, board: LoadedProfile): Promise<void> {
  const { primary } = board.profile.slots;
  const plan = { scenario, keys: profileKeys(board), primaryAddress: primary.offset, slotBytes: primary.bytes };
  for (const role of ["old", "new"] as const) if (isPresigned(scenario, role)) await presignedImage(plan, role);
}

async function imageIn(content: Uint8Array): Promise<Uint8Array> {
  const found = await readFirmwareFile(content);
  if (found.kind === "image") return found.bytes;
  throw new ConfigurationError("it is a zip archive", "A DFU package is named by payload.dfu_zip.");
}

function opened(bytes: Uint8Array, { keys: { signing, encryption } }: PresignedPlan): PresignedImage {
  const key = encryption?.key;
  const verdict = verifyImage(bytes, {
    ...(signing === undefined ? {} : { publicKey: signing.public }),
    ...(key === undefined || key.role === "public" ? {} : { decryptKey: key }),
  });
  const { image, signedRegion, digest } = verdict;
  if (digest === undefined) throw new ConfigurationError("it has no hash TLV: no application can ask for it");
  const file = bytes.slice(0, image.imageBytes);
  return {
    version: formatVersion(image.header.version),
    hash: hex(digest),
    fileBytes: file.length,
    encrypted: isMarkedEncrypted(image.header),
    file,
    // One that cannot be opened lies in the primary slot as it is: the model says what the bootloader makes of it.
    plain: signedRegion === undefined ? file : concat(signedRegion, file.subarray(signedRegion.length)),
  };
}

/** The one file of a package for image 0; every file must have its place on the board. */
async function applicationOf(archive: Uint8Array, plan: PresignedPlan): Promise<Uint8Array> {
  const { files } = await readDfuZip(archive);
  const elsewhere = files.find((file) => file.imageIndex !== 0);
  if (elsewhere !== undefined) {
    throw new ConfigurationError(
      `its ${elsewhere.name} is for image ${elsewhere.imageIndex}, and campaigns upgrade image 0`,
    );
  }
  const [file, second] = files;
  if (file === undefined) throw new ConfigurationError("it holds no firmware");
  if (second !== undefined) throw new ConfigurationError(`${file.name} and ${second.name} are both for image 0`);
  checkPlace(file, plan);
  return file.bytes;
}

function checkPlace({ name, entry }: DfuFile, { primaryAddress, slotBytes }: PresignedPlan): void {
  for (const [key, expected] of Object.entries(APPLICATION_SLOTS)) {
    const found = entry[key];
    if (found !== undefined && Number(found) !== expected) {
      throw new ConfigurationError(`its ${name} has ${key} ${Number(found)}; image 0 has ${expected}`);
    }
  }
  const address = entry["load_address"];
  if (address === undefined) return;
  const at = Number(address);
  if (at >= primaryAddress && at < primaryAddress + slotBytes) return;
  const slot = `0x${primaryAddress.toString(16)} to 0x${(primaryAddress + slotBytes).toString(16)}`;
  throw new ConfigurationError(
    `its ${name} is for address 0x${at.toString(16)}; the profile's primary slot is ${slot}`,
  );
}
