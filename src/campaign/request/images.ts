import {
  type BoardProfile,
  imageCrypto,
  type LoadedProfile,
  type ProfileKeys,
  profileKeys,
} from "../../board/index.ts";
import { type Clock, ConfigurationError, concat, defined, hex, isKind, Random } from "../../core/index.ts";
import {
  buildImage,
  decodeHeader,
  formatVersion,
  generatePayload,
  hashOfTlv,
  type ImageOptions,
  imgtoolTrailer,
  KEY_TYPES,
  type MaxAlign,
  parseImage,
  parseVersion,
  type Randomness,
  TLV_INFO_BYTES,
} from "../../image/index.ts";
import { asNetFirmware, findFirmwareInfo, NET_APP } from "../../mcuboot/index.ts";
import type { ImageSummary } from "../record/facts.ts";
import type { ImagePart, Role } from "./image-part.ts";
import { type PackagePlace, packagePlaceOf, partsOf } from "./packaged-parts.ts";
import { isPayloadFile, readPayload } from "./payload-file.ts";
import { isPresigned, presignedImage } from "./presigned-image.ts";
import type { ScenarioFile } from "./scenario.ts";

/** An image of a campaign. */
export interface CampaignImage extends ImageSummary {
  /** The same, signed and not encrypted: tells a wrong encryption key from a wrong signing key. Absent of one in clear. */
  readonly unencrypted?: () => CampaignImage;
  /** What is uploaded: encrypted when the scenario says so. */
  readonly file: Uint8Array;
  /** The same image as it lies in the primary slot: body in clear, flags and TLVs as in the file. */
  readonly plain: Uint8Array;
  /** What a debugger puts into the primary slot; default: `plain`. */
  readonly flashed?: Uint8Array;
  /** The network core's image that is updated with it. */
  readonly network?: NetworkImage;
}

/** An image of the network core, and the version counter that its bootloader knows it by. */
export interface NetworkImage {
  readonly image: CampaignImage;
  /** Undefined of firmware without the struct that holds it: b0n takes none such. */
  readonly counter: number | undefined;
}

export interface CampaignImages {
  readonly old: CampaignImage;
  readonly new: CampaignImage;
}

/** Every image of a campaign: those of the application first. */
export function allImages({ old, new: next }: CampaignImages): readonly CampaignImage[] {
  return [old, next, old.network?.image, next.network?.image].filter((image) => image !== undefined);
}

export interface ImagePlan {
  readonly scenario: ScenarioFile;
  readonly keys: ProfileKeys;
  readonly headerBytes: number;
  /** Device address of the slot that the old image runs from: payloads are linked for it. */
  readonly primaryAddress: number;
  /** Where images run in place: of the other slot, which the new image is linked and marked for. */
  readonly updateAddress?: number | undefined;
  /** The slot that the old image runs from, where the newest one does. */
  readonly startSlot?: 0 | 1;
  /** Where images are loaded into RAM: the address that they are linked for, and carry. */
  readonly loadAddress?: number | undefined;
  /** The old image cannot start without a trailer that says image ok. */
  readonly padsOld?: boolean;
  readonly slotBytes: number;
  /** One pair of slots takes the images of both cores. */
  readonly onePair?: boolean;
  /** The bootloader looks for the address of its slot in an image's header. */
  readonly byLoadAddress?: boolean;
  readonly writeBytes: number;
  /** Of the bootloader; default: 8. */
  readonly maxAlign?: MaxAlign;
  /** The same, for the size check; default: 128. */
  readonly maxSectors?: number;
  readonly random: Random;
  readonly randomness: Randomness;
  readonly clock: Clock;
}

/**
 * Builds both images of a scenario, and those of the network core, signed and (by default) encrypted.
 * @throws ConfigurationError when a payload cannot be read, a key is missing, an image does not fit its slot, or both
 *   are the same.
 */
export async function buildImages(plan: ImagePlan): Promise<CampaignImages> {
  const { images } = plan.scenario.value;
  const old = await buildRole(plan, "old");
  const next = await buildRole(plan, "new");
  const built = {
    old: plan.scenario.value.start.padded || plan.padsOld ? padded(old, plan) : asFlashed(old, plan),
    new: images.new.damage === undefined ? next : damaged(next, images.new.damage),
  };
  if (built.old.hash === built.new.hash) {
    throw plan.scenario.wrong(
      ["images", "new"],
      "is the same image as images.old: nobody could tell which one runs",
      "Give it another version or payload.",
    );
  }
  return built;
}

/** The images of both cores of one role, as one. */
async function buildRole(plan: ImagePlan, role: Role): Promise<CampaignImage> {
  const { primaryAddress, slotBytes, onePair = false, updateAddress, startSlot = 0 } = plan;
  const place: PackagePlace = { primaryAddress, slotBytes, onePair, updateAddress, startSlot };
  const parts = await plan.clock.whileReal(() => partsOf(plan.scenario, role, place));
  const [application, network] = parts;
  if (application === undefined) throw new RangeError("a role without an image of the application");
  const image = await build(plan, application, place);
  if (network === undefined) return image;
  const built: CampaignImage = { ...(await build(plan, network, place)), core: "network" };
  return { ...image, network: { image: built, counter: counterOf(built.plain) } };
}

async function build(plan: ImagePlan, part: ImagePart, place: PackagePlace): Promise<CampaignImage> {
  const { scenario, keys, clock } = plan;
  const { role, source } = part;
  if (part.encrypt === true && !keys.encryption) {
    throw new ConfigurationError(
      `${scenario.file} wants encrypted images, and the board profile names no encryption key.`,
      "Add keys.encryption to the profile, or set images.encrypt: false in the scenario.",
    );
  }
  if (isPresigned(part))
    return { role, ...(await clock.whileReal(() => presignedImage({ scenario, keys, place }, part))) };
  const version = part.version ?? "";
  const payload = await payloadOf(plan, part, version);
  // How long an image may be is the bootloader's to say: see admission.ts.
  const { slotBytes: _, loadAddress, ...rest } = plan;
  const romFixed = part.core === "network" ? NET_APP.address : slotAddressOf(plan, part);
  const dependencies = source.depends_on?.map((row) => ({ image: row.image, version: parseVersion(row.version) }));
  const recipe: ImageRecipe = {
    ...rest,
    encrypt: part.encrypt ?? false,
    ...defined({ loadAddress }),
    ...(loadAddress === undefined && (plan.byLoadAddress === true || plan.updateAddress !== undefined) && { romFixed }),
    ...(dependencies && { dependencies }),
  };
  try {
    return imageOf(payload, role, version, recipe);
  } catch (error) {
    if (!isKind(error, "configuration")) throw error;
    const text = `cannot be built: ${error.message.replace(/\.?$/, ".")}`;
    throw scenario.wrong(part.path, text, error.hint, { cause: error });
  }
}

/** The counter in an image of the network core, in clear; undefined when it has none. */
export function counterOf(plain: Uint8Array): number | undefined {
  return findFirmwareInfo(bodyOf(plain))?.version;
}

/** The body of an image. */
export function bodyOf(image: Uint8Array): Uint8Array {
  const { headerBytes, bodyBytes } = decodeHeader(image);
  return image.subarray(headerBytes, headerBytes + bodyBytes);
}

/** What is loaded into RAM lies in its slot as it is delivered: encrypted, where it is. */
function asFlashed(image: CampaignImage, { loadAddress }: Pick<ImagePlan, "loadAddress">): CampaignImage {
  return loadAddress === undefined ? image : { ...image, flashed: image.file };
}

/** What the trailer of a padded image follows from. */
type PaddingPlan = Pick<ImagePlan, "scenario" | "writeBytes" | "maxAlign" | "slotBytes" | "loadAddress">;

/** The old image as `imgtool sign --pad --confirm` makes it: as long as its slot, with a trailer that says image ok. */
export function padded(image: CampaignImage, plan: PaddingPlan): CampaignImage {
  const trailer = imgtoolTrailer(
    { writeBytes: plan.writeBytes, maxAlign: plan.maxAlign ?? 8, maxSectors: 1, overwriteOnly: false, keySlotBytes: 0 },
    { confirmed: true, erasedValue: 0xff, endian: "little" },
  );
  const body = plan.loadAddress === undefined ? image.plain : image.file;
  if (body.length + trailer.length > plan.slotBytes) {
    const [is, slot] = [body.length, plan.slotBytes].map((bytes) => `0x${bytes.toString(16)}`);
    throw plan.scenario.wrong(
      ["start", "padded"],
      `has no room for a trailer: the old image has ${is} bytes, its slot ${slot}`,
    );
  }
  const flashed = new Uint8Array(plan.slotBytes).fill(0xff);
  flashed.set(body);
  flashed.set(trailer, flashed.length - trailer.length);
  return { ...image, flashed };
}

const SIGNATURES: ReadonlySet<number | undefined> = new Set(KEY_TYPES.map((row) => row.signatureTlv));
const isHash = ({ type }: { readonly type: number }) => hashOfTlv(type) !== undefined;

/** An image with one bit of its body, or of its signature, turned over: what comes off a bad line or from a stranger. */
function damaged(image: CampaignImage, where: "body" | "signature"): CampaignImage {
  const { header, area } = parseImage(image.file);
  // Where nothing is signed, the hash is what vouches for an image.
  const voucher = area.entries.find((entry) => SIGNATURES.has(entry.type)) ?? area.entries.find(isHash);
  const at = where === "body" ? header.headerBytes + (header.bodyBytes >> 1) : signedAt(voucher);
  const turned = (bytes: Uint8Array) => bytes.with(at, (bytes[at] ?? 0) ^ 1);
  return { ...image, file: turned(image.file), plain: turned(image.plain) };
}

function signedAt(signature: { readonly offset: number; readonly data: Uint8Array } | undefined): number {
  if (signature === undefined) throw new RangeError("an image of a campaign without signature and hash");
  return signature.offset + TLV_INFO_BYTES + (signature.data.length >> 1);
}

/** What an image of a campaign depends on besides payload and version. */
type ImageRecipe = Pick<ImagePlan, "keys" | "headerBytes" | "writeBytes" | "maxSectors" | "randomness"> & {
  readonly encrypt: boolean;
  /** Checks the length as imgtool does; without it, it is not looked at. */
  readonly slotBytes?: number;
} & Pick<ImageOptions, "romFixed" | "loadAddress" | "dependencies">;

/**
 * Signs a payload and, with an encryption key, encrypts it.
 * @throws ConfigurationError when the image does not fit its slot or the keys may not go together.
 */
export function imageOf(payload: Uint8Array, role: "old" | "new", version: string, recipe: ImageRecipe): CampaignImage {
  const crypto = imageCrypto(recipe.keys, recipe.encrypt);
  const built = buildImage(payload, {
    version: parseVersion(version),
    headerBytes: recipe.headerBytes,
    padHeader: true,
    ...defined({ slotBytes: recipe.slotBytes }),
    writeBytes: recipe.writeBytes,
    ...defined({
      maxSectors: recipe.maxSectors,
      romFixed: recipe.romFixed,
      dependencies: recipe.dependencies,
      loadAddress: recipe.loadAddress,
    }),
    ...crypto,
    randomness: recipe.randomness,
  });
  return {
    role,
    version: shownVersion(version),
    hash: hex(built.digest),
    fileBytes: built.image.length,
    encrypted: crypto.encryption !== undefined,
    file: built.image,
    plain: concat(built.signedRegion, built.image.subarray(built.signedRegion.length)),
    ...(crypto.encryption !== undefined && {
      unencrypted: () => imageOf(payload, role, version, { ...recipe, encrypt: false }),
    }),
  };
}

/** As mcumgr lists it: the build number only when it is not 0. */
export function shownVersion(text: string): string {
  return formatVersion(parseVersion(text)).replace(/\+0$/, "").replace("+", ".");
}

async function payloadOf(plan: ImagePlan, part: ImagePart, version: string): Promise<Uint8Array> {
  const { generate_bytes: bytes } = part.source.payload;
  const { random, scenario } = plan;
  const bodyAddress = bodyAddressOf(plan, part);
  if (bytes === undefined) {
    return plan.clock.whileReal(() =>
      readPayload(scenario, part, random, { headerBytes: plan.headerBytes, bodyAddress }),
    );
  }
  const { name } = scenario.value;
  const own = random.fork(part.core === "network" ? `network payload ${part.role}` : `payload ${part.role}`);
  const payload = generatePayload({ random: own, name, version, bodyAddress, bytes });
  // The signature of the network core's own bootloader is not made.
  return part.core === "network"
    ? asNetFirmware(payload, { version: parseVersion(version).major, address: bodyAddress })
    : payload;
}

function bodyAddressOf(plan: Addresses & Pick<ImagePlan, "headerBytes">, part: ImagePart): number {
  return part.core === "network" ? NET_APP.address : slotAddressOf(plan, part) + plan.headerBytes;
}

type Addresses = Pick<ImagePlan, "primaryAddress" | "updateAddress" | "loadAddress">;

/** Where an image of the application runs: in the primary slot, where updates are uploaded to, or in RAM. */
function slotAddressOf(
  { primaryAddress, updateAddress, loadAddress }: Addresses,
  { role }: Pick<ImagePart, "role">,
): number {
  if (loadAddress !== undefined) return loadAddress;
  return role === "new" ? (updateAddress ?? primaryAddress) : primaryAddress;
}

/**
 * Reads every image and payload that a scenario names, to know before a board is opened that they are there and fit it.
 * @throws ConfigurationError with the scenario's line and field.
 */
export async function readNamedFiles(scenario: ScenarioFile, board: LoadedProfile): Promise<void> {
  const { profile } = board;
  const place = packagePlaceOf(profile, scenario);
  const { headerBytes, loadAddress } = profile.images;
  const keys = profileKeys(board);
  for (const role of ["old", "new"] as const) {
    for (const part of await partsOf(scenario, role, place)) {
      if (part.core === "network") requireNetworkSlot(scenario, part, profile);
      const bodyAddress = bodyAddressOf({ ...place, headerBytes, loadAddress }, part);
      if (isPayloadFile(part)) await readPayload(scenario, part, Random.fromSeed(0), { headerBytes, bodyAddress });
      if (isPresigned(part)) await presignedImage({ scenario, keys, place }, part);
    }
  }
}

function requireNetworkSlot(scenario: ScenarioFile, { path }: ImagePart, { slots, bootloader }: BoardProfile): void {
  if (slots.networkSecondary !== undefined || bootloader.networkCoreUpgrade) return;
  throw scenario.wrong(
    path,
    "wants updates of the network core, and the board's profile has no slot for them",
    "Choose a board with slots.network_secondary, such as twin-net, or with bootloader.network_core_upgrade.",
  );
}
