import { hexOf } from "../../core/index.ts";
import { isKeyEverywhere } from "../profile/profile.ts";
import type { Found } from "./build-folder.ts";
import { type ProgrammedFiles, programmedFiles } from "./build-images.ts";
import type { BuildKey } from "./build-keys.ts";
import type { BuildProfile } from "./build-profile.ts";
import { PROFILE_SLOTS } from "./partitions.ts";

/** The sections of a profile that a build decides, as lines of YAML, each with a comment where it comes from. */
export interface BuildText {
  readonly lines: readonly string[];
  readonly notes: readonly string[];
  readonly appBaudRate: number | undefined;
  readonly netBaudRate: number | undefined;
  /** How the network core's log tells its version; a simulated one has words of its own. */
  readonly netVersion: Found<string> | undefined;
  /** The build has an image for the network core. */
  readonly hasNetworkCore: boolean;
  /** What it left behind to be programmed. */
  readonly images: ProgrammedFiles;
}

/** Keys named by hand, instead of the build's. */
interface GivenKeys {
  readonly signing?: string | undefined;
  readonly encryption?: string | undefined;
}

/** Stand in for keys that are not on this machine; the line says CHANGE. */
const STAND_IN = { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" } as const;

/** What a build says, as the sections of a profile: bootloader, slots, keys, images, smp. */
export function buildText(profile: BuildProfile, given: GivenKeys = {}): BuildText {
  const { generation, mode, layout } = profile;
  const lines = [
    "bootloader:",
    generation === undefined
      ? line(2, "generation", "current", "CHANGE: the build does not say which MCUboot it has")
      : line(2, "generation", JSON.stringify(generation.value.name), generation.from),
    line(2, "mode", mode.value, mode.from),
    line(2, "max_align", profile.maxAlign.value, profile.maxAlign.from),
    line(2, "write_bytes", profile.writeBytes.value, profile.writeBytes.from),
    line(2, "max_image_sectors", profile.maxImageSectors.value, profile.maxImageSectors.from),
    ...profile.bootloader.map(([field, { value, from }]) => line(2, field, value, from)),
    ...(profile.ram ? [line(2, "image_ram", profile.ram.memory.value, profile.ram.memory.from)] : []),
    ...recoveryLines(profile),
    "",
    `slots: # ${layout.kind}`,
    line(2, "sector_bytes", profile.sectorBytes.value, profile.sectorBytes.from),
    ...slotLines(profile),
    "",
    "keys: # private keys stay on this machine",
    ...keyLines(profile, given),
    "",
    "images:",
    encryptionLine(profile, given),
    line(2, "header_bytes", profile.headerBytes.value, profile.headerBytes.from),
    ...(profile.ram
      ? [line(2, "load_address", hexOf(profile.ram.loadAddress.value), profile.ram.loadAddress.from)]
      : []),
    ...(profile.buffers.length === 0
      ? []
      : ["", "smp:", ...profile.buffers.map(([field, { value, from }]) => line(2, field, value, from))]),
  ];
  return {
    lines,
    notes: profile.notes,
    appBaudRate: profile.appBaudRate?.value,
    netBaudRate: profile.netBaudRate?.value,
    netVersion: profile.netVersion,
    hasNetworkCore: profile.build.network !== undefined,
    images: programmedFiles(profile.build),
  };
}

/** A way into serial recovery that needs no switch, where nothing else brings an image. */
function recoveryLines({ mode, bootloader }: BuildProfile): readonly string[] {
  const ways = bootloader.find(([field]) => field === "recovery")?.[1];
  if (mode.value !== "single-slot" || ways === undefined) return [];
  const has = (way: string) => ways.value.includes(way);
  const enter = has("wait") ? "wait" : has("boot-mode") && has("no-application") ? "boot-mode" : undefined;
  const press = "# recovery: { enter: button, press: … }: campaigns need a switch on the button or the reset pin";
  return ["", ...(enter === undefined ? [press] : ["recovery:", line(2, "enter", enter, ways.from)])];
}

function slotLines({ layout }: BuildProfile): readonly string[] {
  const { network_ram: ram, network_secondary: upload } = layout.areas;
  const slots = PROFILE_SLOTS.flatMap((slot) => {
    const area = layout.areas[slot];
    if (area === undefined || area.value.device === "ram") return [];
    const { offset, bytes, device } = area.value;
    return [line(2, slot, `{ offset: ${hexOf(offset)}, bytes: ${hexOf(bytes)}, device: ${device} }`, area.from)];
  });
  return ram && upload ? [...slots, line(2, "network_ram_bytes", hexOf(ram.value.bytes), ram.from)] : slots;
}

function keyLines(profile: BuildProfile, given: GivenKeys): readonly string[] {
  const { signing, encryption, unsigned, decrypts } = profile;
  return [
    unsigned && given.signing === undefined
      ? line(2, "signing", "none", unsigned.from)
      : keyLine("signing", signing, given.signing),
    ...(decrypts ? [keyLine("encryption", encryption, given.encryption)] : []),
    ...profile.keys.map(([field, { value, from }]) => line(2, field, value, from)),
  ];
}

function keyLine(field: "signing" | "encryption", key: BuildKey | undefined, given: string | undefined): string {
  if (given !== undefined) return line(2, field, JSON.stringify(given), `named by --${field}`);
  if (key?.isHere) {
    // Those that are not on this machine are told of by a note: a profile names only files that are there.
    const files = [key.value, ...key.others.filter(({ isHere }) => isHere).map(({ value }) => value)];
    const value =
      files.length === 1 ? JSON.stringify(key.value) : `[${files.map((file) => JSON.stringify(file)).join(", ")}]`;
    return line(2, field, value, key.from);
  }
  const why = key === undefined ? "the build names no file" : `${key.value} (${key.from}) is not on this machine`;
  return line(2, field, STAND_IN[field], `CHANGE: a published TEST key; ${why}`);
}

function encryptionLine({ decrypts, build }: BuildProfile, { encryption }: GivenKeys): string {
  if (decrypts) return line(2, "encryption", "optional", decrypts.from);
  const said = encryption === undefined || isKeyEverywhere(encryption) ? "" : "; --encryption has no use";
  return line(2, "encryption", "none", `${build.bootloader.kconfig.file}: no CONFIG_BOOT_ENCRYPT_…${said}`);
}

function line(indent: number, field: string, value: string | number, from: string): string {
  return `${" ".repeat(indent)}${field}: ${value} # ${from.replaceAll(/\s+/g, " ")}`;
}
