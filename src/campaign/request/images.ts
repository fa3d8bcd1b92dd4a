import { imageCrypto, type LoadedProfile, type ProfileKeys } from "../../board/index.ts";
import { type Clock, ConfigurationError, concat, hex, isKind, Random } from "../../core/index.ts";
import {
  buildImage,
  formatVersion,
  generatePayload,
  hashOfTlv,
  imgtoolTrailer,
  KEY_TYPES,
  type MaxAlign,
  parseImage,
  parseVersion,
  type Randomness,
  TLV_INFO_BYTES,
} from "../../image/index.ts";
import { asNetFirmware, NET_APP } from "../../mcuboot/index.ts";
import type { ImageFacts } from "../record/facts.ts";
import { isPayloadFile, readPayload } from "./payload-file.ts";
import { isPresigned, presignedImage } from "./presigned-image.ts";
import type { ScenarioFile } from "./scenario.ts";

/** An image of a campaign. */
export interface CampaignImage extends ImageFacts {
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
  readonly counter: number;
}

export interface CampaignImages {
  readonly old: CampaignImage;
  readonly new: CampaignImage;
}

export interface ImagePlan {
  readonly scenario: ScenarioFile;
  readonly keys: ProfileKeys;
  readonly headerBytes: number;
  /** Device address of the primary slot: payloads are linked for it. */
  readonly primaryAddress: number;
  readonly slotBytes: number;
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
 * Builds both images of a scenario, signed and (by default) encrypted.
 * @throws ConfigurationError when a payload cannot be read, a key is missing, an image does not fit its slot, or both
 *   are the same.
 */
export async function buildImages(plan: ImagePlan): Promise<CampaignImages> {
  const { images } = plan.scenario.value;
  const old = await build(plan, "old", images.old);
  const next = await build(plan, "new", images.new);
  const built = {
    old: plan.scenario.value.start.padded ? padded(old, plan) : old,
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

type Source = ScenarioFile["value"]["images"]["old"];

async function build(plan: ImagePlan, role: "old" | "new", source: Source): Promise<CampaignImage> {
  const { encrypt } = plan.scenario.value.images;
  if (encrypt && !plan.keys.encryption) {
    throw new ConfigurationError(
      `${plan.scenario.file} wants encrypted images, and the board profile names no encryption key.`,
      "Add keys.encryption to the profile, or set images.encrypt: false in the scenario.",
    );
  }
  const given = isPresigned(plan.scenario, role)
    ? await plan.clock.whileReal(() => presignedImage(plan, role))
    : undefined;
  const payload = given === undefined ? await payloadOf(plan, role, source) : undefined;
  // How long an image may be is the bootloader's to say: see admission.ts.
  const { slotBytes: _, ...rest } = plan;
  const recipe = { ...rest, encrypt };
  try {
    const network = networkOf(plan, role, recipe);
    const image = payload === undefined ? { role, ...given } : imageOf(payload, role, source.version, recipe);
    return { ...(image as CampaignImage), ...(network && { network }) };
  } catch (error) {
    if (!isKind(error, "configuration")) throw error;
    const text = `cannot be built: ${error.message.replace(/\.?$/, ".")}`;
    throw plan.scenario.wrong(["images", role], text, error.hint, { cause: error });
  }
}

/** The network core's image that goes with one of the application; the signature of its own bootloader is not made. */
function networkOf(plan: ImagePlan, role: "old" | "new", recipe: ImageRecipe): NetworkImage | undefined {
  const source = plan.scenario.value.images.network?.[role];
  if (source === undefined) return undefined;
  const bytes = source.payload.generate_bytes;
  if (bytes === undefined) {
    throw new ConfigurationError(
      `${plan.scenario.file}: images.network.${role} names a file.`,
      "Images of the network core are generated here: use generate_bytes.",
    );
  }
  const counter = parseVersion(source.version).major;
  const random = plan.random.fork(`network payload ${role}`);
  const { name } = plan.scenario.value;
  const address = NET_APP.address;
  const payload = generatePayload({ random, name, version: source.version, bodyAddress: address, bytes });
  const firmware = asNetFirmware(payload, { version: counter, address });
  return { image: imageOf(firmware, role, source.version, recipe), counter };
}

/** What the trailer of a padded image follows from. */
type PaddingPlan = Pick<ImagePlan, "scenario" | "writeBytes" | "maxAlign" | "slotBytes">;

/** The old image as `imgtool sign --pad --confirm` makes it: as long as its slot, with a trailer that says image ok. */
export function padded(image: CampaignImage, plan: PaddingPlan): CampaignImage {
  const trailer = imgtoolTrailer(
    { writeBytes: plan.writeBytes, maxAlign: plan.maxAlign ?? 8, maxSectors: 1, overwriteOnly: false, keySlotBytes: 0 },
    { confirmed: true, erasedValue: 0xff, endian: "little" },
  );
  if (image.plain.length + trailer.length > plan.slotBytes) {
    const [is, slot] = [image.plain.length, plan.slotBytes].map((bytes) => `0x${bytes.toString(16)}`);
    throw plan.scenario.wrong(
      ["start", "padded"],
      `has no room for a trailer: the old image has ${is} bytes, its slot ${slot}`,
    );
  }
  const flashed = new Uint8Array(plan.slotBytes).fill(0xff);
  flashed.set(image.plain);
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
};

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
    ...(recipe.slotBytes === undefined ? {} : { slotBytes: recipe.slotBytes }),
    writeBytes: recipe.writeBytes,
    ...(recipe.maxSectors === undefined ? {} : { maxSectors: recipe.maxSectors }),
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

async function payloadOf(plan: ImagePlan, role: "old" | "new", source: Source): Promise<Uint8Array> {
  const { generate_bytes: bytes } = source.payload;
  if (bytes === undefined) return plan.clock.whileReal(() => readPayload(plan.scenario, role, plan.random, plan));
  return generatePayload({
    random: plan.random.fork(`payload ${role}`),
    name: plan.scenario.value.name,
    version: source.version,
    bodyAddress: plan.primaryAddress + plan.headerBytes,
    bytes,
  });
}

/**
 * Reads the payload files that a scenario names, to know that they are there.
 * @throws ConfigurationError with the scenario's line and field.
 */
export async function readPayloads(scenario: ScenarioFile, { profile }: LoadedProfile): Promise<void> {
  const place = { headerBytes: profile.images.headerBytes, primaryAddress: profile.slots.primary.offset };
  for (const role of ["old", "new"] as const) {
    if (isPayloadFile(scenario, role)) await readPayload(scenario, role, Random.fromSeed(0), place);
  }
}
