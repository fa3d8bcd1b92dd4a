import { ConfigurationError, defined, hexOf, isHilError, messageOf } from "../../core/index.ts";
import {
  type ImageHeader,
  isMarkedEncrypted,
  NRF5340_RAM_END,
  slotImageBytesMax,
  startFault,
  verifyImage,
} from "../../image/index.ts";
import { imageBytesLimit, keySlotBytes, modeRow, NET_APP } from "../../mcuboot/index.ts";
import { bootloaderBuildOf } from "../profile/bootloader-build.ts";
import type { BoardFacts } from "../profile/draft.ts";
import { decryptionOf, type ProfileKeys, profileKeys, signatureKeyOf } from "../profile/keys.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import type { Found } from "./build-folder.ts";
import type { BuildImage } from "./build-images.ts";
import type { BuildProfile } from "./build-profile.ts";
import { areaText, PROFILE_SLOTS } from "./partitions.ts";
import type { BuildRam } from "./ram-load.ts";

/** One thing that build, image, profile and board should agree on. */
interface BuildCheck {
  readonly name: string;
  readonly outcome: "ok" | "failed" | "not checked";
  readonly text: string;
}

/**
 * What differs between a build, its signed images, a profile, and what the board says of itself.
 * @param board what the board answered; undefined: it was not asked.
 * @throws ConfigurationError when a key of the profile cannot be used.
 */
export function compareBuild(
  built: BuildProfile,
  loaded: LoadedProfile,
  board: BoardFacts | undefined,
): readonly BuildCheck[] {
  const keys = profileKeys(loaded);
  return [
    ...slotChecks(built, loaded, board),
    ...networkRamCheck(built, loaded),
    ...fieldChecks(built, loaded),
    ...boardChecks(built, board),
    ...built.images.flatMap((image) => imageChecks(image, built, loaded, keys)),
    ...(built.images.length === 0
      ? [{ name: "images", outcome: "not checked", text: "the build has no signed image" } as const]
      : []),
  ];
}

type Scalar = string | number | boolean;

function same(name: string, text: string): BuildCheck {
  return { name, outcome: "ok", text };
}

function differs(name: string, text: string): BuildCheck {
  return { name, outcome: "failed", text };
}

function slotChecks(built: BuildProfile, loaded: LoadedProfile, board: BoardFacts | undefined): readonly BuildCheck[] {
  const { profile, lineOf, file } = loaded;
  const checks: BuildCheck[] = [];
  const boardBytes = { primary: board?.primaryBytes, secondary: board?.secondaryBytes };
  for (const slot of PROFILE_SLOTS) {
    const area = built.layout.areas[slot];
    const key = slot === "network_secondary" ? "networkSecondary" : slot;
    const named = profile.slots[key];
    // A slot that a profile does not name has no bytes.
    const ours = named?.bytes === 0 ? undefined : named;
    if (area === undefined || ours === undefined) {
      if (ours !== undefined)
        checks.push(
          differs(`slot ${slot}`, `the profile has one (${file}:${lineOf(["slots", slot])}), the build has none.`),
        );
      else if (area !== undefined && slot === "network_secondary" && area.value.device !== "ram")
        checks.push(differs(`slot ${slot}`, `the build has one (${area.from}), the profile has none.`));
      continue;
    }
    const place = `${file}:${lineOf(["slots", slot])}`;
    const text = areaText(area.value);
    const told = slot === "primary" || slot === "secondary" ? boardBytes[slot] : undefined;
    if (text !== areaText(ours)) {
      const because = built.notes.find((note) => note.includes("Partition Manager is o"));
      const why = because === undefined ? "" : ` ${because}`;
      checks.push(
        differs(
          `slot ${slot}`,
          `the build has ${text} (${area.from}), the profile ${areaText(ours)} (${place}).${why}`,
        ),
      );
    } else if (told !== undefined && told !== area.value.bytes) {
      const says = `the build has ${hexOf(area.value.bytes)} bytes (${area.from}), the board says ${hexOf(told)}: it runs another build's bootloader or application.`;
      checks.push(differs(`slot ${slot}`, says));
    } else checks.push(same(`slot ${slot}`, told === undefined ? text : `${text}, as the board says`));
  }
  return checks;
}

/** The buffer in RAM, whose size decides whether an update of the network core is installed at all. */
function networkRamCheck({ layout }: BuildProfile, { profile, lineOf, file }: LoadedProfile): readonly BuildCheck[] {
  const { network_ram: ram, network_secondary: upload } = layout.areas;
  const { networkRamBytes, networkSecondary } = profile.slots;
  if (ram === undefined || networkSecondary === undefined) return [];
  const name = "slots.network_ram_bytes";
  const ours = networkRamBytes ?? networkSecondary.bytes;
  if (ram.value.bytes !== ours) {
    const place = `${file}:${lineOf(["slots", networkRamBytes === undefined ? "network_secondary" : "network_ram_bytes"])}`;
    return [
      differs(name, `the build has ${hexOf(ram.value.bytes)} (${ram.from}), the profile ${hexOf(ours)} (${place}).`),
    ];
  }
  if (upload === undefined || upload.value.bytes === ram.value.bytes) return [same(name, hexOf(ours))];
  const says = `${hexOf(ram.value.bytes)} (${ram.from}), and the slot that updates come from has ${hexOf(upload.value.bytes)} (${upload.from})`;
  return [differs(name, `${says}: MCUboot prints "Cannot upgrade: slots are not compatible" and installs none.`)];
}

/** Fields of a profile beside the build's word for them. */
function fieldChecks(built: BuildProfile, { profile, lineOf, file }: LoadedProfile): readonly BuildCheck[] {
  const { bootloader, slots, images, smp, keys } = profile;
  const ports = profile.ports;
  const flat: Readonly<Record<string, unknown>> = { ...bootloader };
  const rows: readonly (readonly [
    path: readonly string[],
    found: Found<Scalar> | undefined,
    ours: Scalar | undefined,
  ])[] = [
    [["bootloader", "mode"], built.mode, bootloader.mode],
    [
      ["bootloader", "generation"],
      built.generation && { ...built.generation, value: built.generation.value.name },
      bootloader.generation,
    ],
    [["bootloader", "max_align"], built.maxAlign, bootloader.maxAlign],
    [["bootloader", "write_bytes"], built.writeBytes, bootloader.writeBytes],
    [["bootloader", "max_image_sectors"], built.maxImageSectors, bootloader.maxImageSectors],
    ...built.bootloader.map(([field, found]) => [["bootloader", field], found, shown(flat[camel(field)])] as const),
    [["slots", "sector_bytes"], built.sectorBytes, slots.sectorBytes],
    [["images", "header_bytes"], built.headerBytes, images.headerBytes],
    [["images", "load_address"], built.ram?.loadAddress, images.loadAddress],
    ...built.buffers.map(
      ([field, found]) =>
        [["smp", field], found, field === "buffer_bytes" ? smp.bufferBytes : smp.bufferCount] as const,
    ),
    ...built.keys.map(
      ([field, found]) =>
        [["keys", field], found, shown({ hash: keys.hash, aes_bits: keys.aesBits, hmac: keys.hmac }[field])] as const,
    ),
    [["ports", "app", "baud_rate"], built.appBaudRate, ports.app.baudRate],
    [["ports", "net", "baud_rate"], ports.net && built.netBaudRate, ports.net?.baudRate],
  ];
  const checks = rows.flatMap(([path, found, ours]): readonly BuildCheck[] => {
    // Not said: the profile's default, which nobody claimed to be the build's.
    if (found === undefined || ours === undefined) return [];
    const name = path.join(".");
    if (String(found.value) === String(ours)) return [same(name, `${String(ours)} (${found.from})`)];
    const place = `${file}:${lineOf(path)}`;
    return [
      differs(name, `the build says ${String(found.value)} (${found.from}), the profile ${String(ours)} (${place}).`),
    ];
  });
  const decrypts = built.decrypts !== undefined;
  if (decrypts === (images.encryption !== "none")) return [...checks, same("images.encryption", images.encryption)];
  const text = decrypts
    ? `the build decrypts (${built.decrypts?.from}), the profile says none.`
    : `the build's bootloader decrypts nothing, the profile says ${images.encryption} (${file}:${lineOf(["images", "encryption"])}).`;
  return [...checks, differs("images.encryption", text)];
}

/** As YAML writes it, and `buildProfileOf` does. */
function shown(value: unknown): Scalar | undefined {
  if (Array.isArray(value)) return `[${value.join(", ")}]`;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
}

function camel(field: string): string {
  return field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** What the board says of itself beside the build. */
function boardChecks(built: BuildProfile, board: BoardFacts | undefined): readonly BuildCheck[] {
  if (board === undefined) return [];
  const buffers = new Map(built.buffers);
  const rows: readonly (readonly [string, Found<Scalar> | undefined, Scalar | undefined])[] = [
    ["board: mode", built.mode, board.mode],
    ["board: buffer bytes", buffers.get("buffer_bytes"), board.bufferBytes],
    ["board: buffers", buffers.get("buffer_count"), board.bufferCount],
  ];
  return rows.map(([name, found, said]) => {
    if (found === undefined || said === undefined) return { name, outcome: "not checked", text: "not told" };
    if (found.value === said) return same(name, `${String(said)}, as the build`);
    return differs(name, `the build says ${String(found.value)} (${found.from}), the board ${String(said)}.`);
  });
}

function imageChecks(
  image: BuildImage,
  built: BuildProfile,
  loaded: LoadedProfile,
  keys: ProfileKeys,
): readonly BuildCheck[] {
  const { header } = image.parsed;
  const name = (what: string) => `${image.file}: ${what}`;
  const checks: BuildCheck[] = [];
  const isApplication = image.imageIndex === 0;
  if (isApplication) {
    checks.push(
      header.headerBytes === built.headerBytes.value
        ? same(name("header"), `${header.headerBytes} bytes`)
        : differs(
            name("header"),
            `its header has ${header.headerBytes} bytes, the build says ${built.headerBytes.value} (${built.headerBytes.from}).`,
          ),
    );
    checks.push(sizeCheck(name("size"), image, loaded));
  }
  const opened = opensWith(image, loaded, keys);
  const { verdict } = opened;
  if (keys.signing === undefined)
    checks.push({ name: name("signature"), outcome: "not checked", text: "the profile has no signing key" });
  else if (verdict === undefined) checks.push(differs(name("signature"), opened.why));
  else if (verdict.signature.result === "valid") checks.push(same(name("signature"), "by the profile's key"));
  else checks.push(differs(name("signature"), `not by the profile's key: ${verdict.signature.reason}`));
  const place = placeCheck(name("place"), image, built, verdict?.plainBody);
  return [...checks, place];
}

function opensWith({ bytes, parsed }: BuildImage, loaded: LoadedProfile, keys: ProfileKeys) {
  const isEncrypted = isMarkedEncrypted(parsed.header);
  if (isEncrypted && keys.encryption === undefined) {
    return { verdict: undefined, why: "it is encrypted, and the profile has no keys.encryption." };
  }
  try {
    const decryption = decryptionOf(loaded, keys);
    const verdict = verifyImage(bytes, {
      ...defined({ publicKey: signatureKeyOf(keys, bytes) }),
      ...(isEncrypted && decryption && { decryptKey: decryption.key }),
    });
    return { verdict, why: "" };
  } catch (error) {
    if (!isHilError(error)) throw error;
    return { verdict: undefined, why: messageOf(error) };
  }
}

function sizeCheck(name: string, { parsed }: BuildImage, loaded: LoadedProfile): BuildCheck {
  const { profile } = loaded;
  const build = bootloaderBuildOf(loaded);
  try {
    const hasOne = modeRow(profile.bootloader.mode).slots === 1;
    const bytesMax = hasOne
      ? imageBytesLimit(build, 0)
      : slotImageBytesMax({
          mode: modeRow(profile.bootloader.mode).imgtool,
          slotBytes: profile.slots.primary.bytes,
          secondarySlotBytes: profile.slots.secondary.bytes,
          sectorBytes: build.sectorBytes,
          writeBytes: build.writeBytes,
          maxAlign: build.maxAlign,
          maxSectors: build.maxImgSectors,
          keySlotBytes: keySlotBytes(build),
        });
    if (parsed.imageBytes <= bytesMax)
      return same(name, `${parsed.imageBytes} bytes, of ${bytesMax} that can be swapped`);
    return differs(name, `${parsed.imageBytes} bytes, and the profile's slots take ${bytesMax}.`);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return differs(name, messageOf(error));
  }
}

/** Is it linked for the slot that it goes into? The commonest fault of a first evening, and of a move to devicetree. */
function placeCheck(
  name: string,
  { imageIndex, parsed }: BuildImage,
  built: BuildProfile,
  body: Uint8Array | undefined,
): BuildCheck {
  const { header } = parsed;
  const { primary } = built.layout.areas;
  if (body === undefined) return { name, outcome: "not checked", text: "its body cannot be read" };
  if (primary === undefined) return { name, outcome: "not checked", text: "the build has no primary slot" };
  if (built.ram !== undefined && imageIndex === 0) return ramCheck(name, header, built.ram, body);
  if (header.loadAddress !== 0 && imageIndex === 0 && header.loadAddress !== primary.value.offset) {
    return differs(
      name,
      `its header's load address is ${hexOf(header.loadAddress)}, the primary slot is at ${hexOf(primary.value.offset)} (${primary.from}).`,
    );
  }
  const fault =
    imageIndex === 0
      ? startFault(body, {
          bodyAddress: primary.value.offset + header.headerBytes,
          endAddress: primary.value.offset + primary.value.bytes,
          ramEnd: NRF5340_RAM_END,
        })
      : networkFault(body);
  const where = imageIndex === 0 ? `the primary slot at ${hexOf(primary.value.offset)}` : "the network core";
  if (fault === undefined) return same(name, `linked for ${where}`);
  return differs(name, `not linked for ${where} (${primary.from}): ${fault}.`);
}

/** Copied to RAM, header first: the address must lie in the bootloader's memory, and the code must be for there. */
function ramCheck(
  name: string,
  { loadAddress, headerBytes }: ImageHeader,
  { start, bytes, memory }: BuildRam,
  body: Uint8Array,
): BuildCheck {
  const endAddress = start + bytes;
  if (loadAddress < start || loadAddress >= endAddress) {
    return differs(
      name,
      `its load address is ${hexOf(loadAddress)}, not in the memory ${memory.value} (${memory.from}).`,
    );
  }
  const fault = startFault(body, { bodyAddress: loadAddress + headerBytes, endAddress, ramEnd: NRF5340_RAM_END });
  if (fault === undefined) return same(name, `linked for RAM at ${hexOf(loadAddress)}`);
  return differs(name, `not linked for its load address ${hexOf(loadAddress)}: ${fault}.`);
}

/** Its second word, as MCUboot looks at it: behind b0n in the network core's flash. */
function networkFault(body: Uint8Array): string | undefined {
  if (body.length < 8) return "it has no vector table";
  const reset = new DataView(body.buffer, body.byteOffset).getUint32(4, true);
  if (reset >= NET_APP.address && reset < NET_APP.endAddress) return undefined;
  return `its reset vector is ${hexOf(reset)}, not from ${hexOf(NET_APP.address)} to ${hexOf(NET_APP.endAddress)}`;
}
