import { ConfigurationError } from "../../core/index.ts";
import {
  compareReleases,
  type GenerationRow,
  type ModeName,
  modeRow,
  NSIB_HALVES,
  RECOVERY_WAYS,
} from "../../mcuboot/index.ts";
import { OWN_UPDATE_MODES } from "../profile/checks-nsib.ts";
import { type BuildFolder, type Found, placeOfSymbol, symbolOf } from "./build-folder.ts";
import { type BuildImage, signedImagesOf } from "./build-images.ts";
import { type BuildKey, decrypts, encryptionKeyOf, signingKeyOf } from "./build-keys.ts";
import { compiledKeyOf } from "./compiled-key.ts";
import { networkBannerOf } from "./network-banner.ts";
import {
  ASSERTION_OPTIONS,
  BUFFER_OPTIONS,
  CRYPTO_OPTIONS,
  firstSet,
  HASH_OPTIONS,
  MODE_OPTIONS,
  numberSet,
  SWITCHES,
  switchOf,
} from "./options.ts";
import { chosen, isManaged, type Layout, numberAt, otherLayout, slotLayoutOf } from "./partitions.ts";
import { type BuildRam, ramOf } from "./ram-load.ts";
import { generationOf } from "./releases.ts";

/** Everything that a profile says and that a build decides, each with its place in the build. */
export interface BuildProfile {
  readonly build: BuildFolder;
  readonly layout: Layout;
  readonly images: readonly BuildImage[];
  readonly generation: Found<GenerationRow> | undefined;
  readonly mode: Found<ModeName>;
  readonly sectorBytes: Found<number>;
  readonly writeBytes: Found<number>;
  readonly maxAlign: Found<number>;
  readonly maxImageSectors: Found<number>;
  /** Fields of `bootloader` that are the name, number, list or truth value as YAML writes it. */
  readonly bootloader: readonly (readonly [field: string, value: Found<string>])[];
  readonly signing: BuildKey | undefined;
  /** Where it says that the bootloader checks hashes only. */
  readonly unsigned: Found<string> | undefined;
  readonly encryption: BuildKey | undefined;
  readonly decrypts: Found<string> | undefined;
  readonly keys: readonly (readonly [field: string, value: Found<string>])[];
  readonly headerBytes: Found<number>;
  readonly buffers: readonly (readonly [field: string, value: Found<number>])[];
  readonly appBaudRate: Found<number> | undefined;
  readonly netBaudRate: Found<number> | undefined;
  /** How the network core's log tells its version. */
  readonly netVersion: Found<string> | undefined;
  /** With images that are copied to RAM. */
  readonly ram: BuildRam | undefined;
  /** What a person should know of it: sentences. */
  readonly notes: readonly string[];
}

/**
 * What a build says about its board.
 * @throws ConfigurationError for a build that no profile can describe, saying which option it is.
 */
export async function buildProfileOf(build: BuildFolder): Promise<BuildProfile> {
  const mode = builtModeOf(build);
  const generation = generationOf(build);
  const found = await slotLayoutOf(build);
  const ofMode = SLOTS_OF_MODES.find((row) => row.mode === mode.value)?.slots ?? SLOTS;
  const own = updatesItself(build, { mode, generation, found }) ? NSIB_HALVES : [];
  const slots: readonly (keyof Layout["areas"])[] = [...ofMode, ...own];
  const layout = usedOf(found, slots);
  const flash = flashOf(build);
  for (const slot of slots) {
    if (slot.startsWith("network_") || HALVES.includes(slot) || layout.areas[slot] !== undefined) continue;
    throw new ConfigurationError(
      `the build in ${build.folder} has no ${slot} slot: none in its ${layout.kind === "devicetree" ? build.bootloader.devicetree.file : "partitions.yml"}.`,
      "MCUboot needs its slots: slot0_partition and slot1_partition, or mcuboot_primary and mcuboot_secondary.",
    );
  }
  const images = await signedImagesOf(build);
  const other = await otherLayout(build, layout);
  const signing = signingKeyOf(build);
  const compiledIn =
    encryptionKeyOf(build) === undefined && decrypts(build) ? compiledKeyOf(build.bootloader) : undefined;
  const encryption = encryptionKeyOf(build) ?? compiledIn;
  const banner = networkBannerOf(build, images);
  const unsigned = symbolOf(build.bootloader, "BOOT_SIGNATURE_TYPE_NONE");
  const withLayout = { layout, ...flash };
  return {
    build,
    layout,
    images,
    generation,
    mode,
    ...flash,
    maxImageSectors: sectorsMaxOf(build, withLayout),
    bootloader: bootloaderFields(build, generation?.value),
    signing,
    unsigned,
    encryption,
    decrypts: decrypts(build),
    keys: keyFields(build),
    headerBytes: headerBytesOf(build, layout, images),
    buffers: bufferFields(build),
    ...baudRates(build),
    netVersion: banner.pattern,
    ram: modeRow(mode.value).mode === "ram-load" ? ramOf(build, images) : undefined,
    notes: [
      ...(other ? [other.text] : []),
      ...(compiledIn
        ? [`The key that the bootloader decrypts with is compiled in, and published: ${compiledIn.value}.`]
        : []),
      ...notesOf(build, { layout, signing, encryption, generation, flash }),
      ...(banner.note === undefined ? [] : [banner.note]),
    ],
  };
}

const SLOTS = ["primary", "secondary", "network_secondary", "network_ram"] as const;
/** Modes that use other slots: a devicetree has partitions for whoever wants them. */
const SLOTS_OF_MODES = [
  { mode: "swap-scratch", slots: [...SLOTS, "scratch"] },
  { mode: "single-slot", slots: ["primary"] },
] as const;

/** MCUboot's, behind NSIB. */
const HALVES: readonly string[] = NSIB_HALVES;

/** MCUboot takes updates of itself, and a profile can say so: both halves are there, and the mode is one that was read. */
function updatesItself(
  build: BuildFolder,
  { mode, generation, found }: Pick<BuildProfile, "mode" | "generation"> & { readonly found: Layout },
): boolean {
  const { secondary, s0, s1 } = found.areas;
  if (!secondStageOf(build).value || s0 === undefined || s1 === undefined) return false;
  const isRead = OWN_UPDATE_MODES.includes(mode.value) && generation?.value.movesOwnUpdate === true;
  return isRead && secondary?.value.device === "internal";
}

function usedOf(layout: Layout, slots: readonly string[]): Layout {
  const areas = Object.fromEntries(Object.entries(layout.areas).filter(([slot]) => slots.includes(slot)));
  return { ...layout, areas };
}

function builtModeOf({ bootloader }: BuildFolder): Found<ModeName> {
  for (const { symbol, mode } of MODE_OPTIONS) {
    const found = symbolOf(bootloader, symbol);
    if (found === undefined) continue;
    if (mode !== undefined) return { value: mode, from: found.from };
    throw new ConfigurationError(
      `this build's MCUboot upgrades in a way that is not read from a build: ${found.from}.`,
      "Read are the swaps, overwrite-only, direct-XIP, RAM load of two slots and a single slot. The firmware loader and a single slot that is loaded into RAM no profile has.",
    );
  }
  throw new ConfigurationError(
    `${bootloader.kconfig.file} names no way to upgrade.`,
    "Is this the .config of MCUboot? It has one of CONFIG_BOOT_SWAP_USING_…, CONFIG_BOOT_UPGRADE_ONLY.",
  );
}

type FlashFacts = Pick<BuildProfile, "sectorBytes" | "writeBytes" | "maxAlign">;
/**
 * BOOT_MAX_ALIGN is this, or the flash's write unit where that is more. Source: MCUboot mcuboot_config.h of the
 * Zephyr port.
 */
const MAX_ALIGN_LEAST = 8;

function flashOf({ bootloader }: BuildFolder): FlashFacts {
  const { devicetree } = bootloader;
  const flash = chosen(devicetree, "zephyr,flash");
  const sectorBytes = numberAt(devicetree, flash, "erase-block-size");
  const writeBytes = numberAt(devicetree, flash, "write-block-size");
  if (sectorBytes === undefined || writeBytes === undefined) {
    throw new ConfigurationError(
      `${devicetree.file}: the flash that /chosen names (zephyr,flash) has no erase-block-size or write-block-size.`,
      "Is this the merged devicetree of MCUboot's own image?",
    );
  }
  const maxAlign = { value: Math.max(MAX_ALIGN_LEAST, writeBytes.value), from: writeBytes.from };
  return { sectorBytes, writeBytes, maxAlign };
}

/**
 * By the largest slot where MCUboot counts them itself. Source: MCUboot boot/zephyr/CMakeLists.txt,
 * boot_max_img_sectors.
 */
function sectorsMaxOf(
  { bootloader }: BuildFolder,
  { layout, sectorBytes }: FlashFacts & { readonly layout: Layout },
): Found<number> {
  const auto = symbolOf(bootloader, "BOOT_MAX_IMG_SECTORS_AUTO");
  const named = numberSet(bootloader, ["BOOT_MAX_IMG_SECTORS"]);
  if (auto === undefined && named) return named;
  const slots = [layout.areas.primary, layout.areas.secondary].map((area) => area?.value.bytes ?? 0);
  const from = `${auto?.from ?? placeOfSymbol(bootloader, "BOOT_MAX_IMG_SECTORS")}: the larger slot`;
  return { value: Math.ceil(Math.max(...slots) / sectorBytes.value), from };
}

/** From here on MCUboot refuses unlisted TLVs; from 2.3 on there is an option for it. */
const LISTS_TLVS = "2.1";

function bootloaderFields(build: BuildFolder, generation: GenerationRow | undefined): BuildProfile["bootloader"] {
  const { bootloader } = build;
  const fields: [string, Found<string>][] = [];
  const add = (field: string, found: Found<unknown> | undefined) => {
    if (found) fields.push([field, { value: String(found.value), from: found.from }]);
  };
  const lists = "MCUBOOT_USE_TLV_ALLOW_LIST";
  const hasLists = generation === undefined || compareReleases(generation.release, LISTS_TLVS) >= 0;
  add("tlv_allow_list", switchOf(build, { field: "", owner: "bootloader", symbol: lists, absent: hasLists }));
  for (const row of SWITCHES) add(row.field, switchOf(build, row));
  add("assertions", firstSet(bootloader, ASSERTION_OPTIONS));
  add("crypto", firstSet(bootloader, CRYPTO_OPTIONS));
  add("recovery", recoveryOf(build));
  const wait = numberSet(bootloader, ["BOOT_SERIAL_WAIT_FOR_DFU_TIMEOUT"]);
  if (wait && symbolOf(bootloader, "BOOT_SERIAL_WAIT_FOR_DFU")) add("recovery_wait_ms", wait);
  const idle = numberSet(bootloader, ["BOOT_SERIAL_INACTIVITY_TIMEOUT"]);
  if (idle && idle.value > 0) add("recovery_inactivity_ms", idle);
  const tells = "BOOT_MGMT_MCUMGR_PARAMS";
  add("recovery_params", switchOf(build, { field: "", owner: "bootloader", symbol: tells, absent: undefined }));
  add("network_core_upgrade", networkUpgradeOf(build));
  add("second_stage", secondStageOf(build));
  // In which state a board is stands in the board; the one that updates are for is "secured".
  const looks = symbolOf(bootloader, "NCS_MCUBOOT_LCS_AWARE");
  if (looks && generation?.tellsLifeCycle) add("life_cycle", { value: "secured", from: looks.from });
  return fields;
}

function recoveryOf({ bootloader }: BuildFolder): Found<string> {
  const serial = symbolOf(bootloader, "MCUBOOT_SERIAL");
  if (serial === undefined) return { value: "[]", from: placeOfSymbol(bootloader, "MCUBOOT_SERIAL") };
  const ways = RECOVERY_WAYS.flatMap(({ name, option }) => {
    const found = symbolOf(bootloader, option.replace(/^CONFIG_/, ""));
    return found ? [{ name, from: found.from }] : [];
  });
  // Before there were options for it, a pin was the only way. Source: MCUboot 1.8, boot/zephyr/Kconfig.
  const isOld = RECOVERY_WAYS.every(({ option }) => !bootloader.kconfig.symbols.has(option.replace(/^CONFIG_/, "")));
  if (isOld) return { value: "[button]", from: serial.from };
  return { value: `[${ways.map(({ name }) => name).join(", ")}]`, from: ways[0]?.from ?? serial.from };
}

/** Whose option it is has changed with sysbuild. Source: sdk-nrf modules/mcuboot Kconfig; sysbuild/Kconfig.netcore. */
function networkUpgradeOf({ bootloader, application, sysbuild }: BuildFolder): Found<boolean> {
  const set =
    symbolOf(application, "NRF53_UPGRADE_NETWORK_CORE") ??
    symbolOf(bootloader, "NRF53_MULTI_IMAGE_UPDATE") ??
    (sysbuild && symbolOf({ kconfig: sysbuild }, "SB_CONFIG_NETCORE_APP_UPDATE"));
  if (set) return { value: true, from: set.from };
  return { value: false, from: placeOfSymbol(application, "NRF53_UPGRADE_NETWORK_CORE") };
}

function secondStageOf({ domains, sysbuild, bootloader }: BuildFolder): Found<boolean> {
  const stage = domains.find(({ role }) => role === "first stage");
  const option = sysbuild && symbolOf({ kconfig: sysbuild }, "SB_CONFIG_SECURE_BOOT_APPCORE");
  if (option) return { value: true, from: option.from };
  if (stage) return { value: true, from: placeOfSymbol(stage, "IS_SECURE_BOOTLOADER") };
  return { value: false, from: `${bootloader.kconfig.file}: no first stage beside it` };
}

function keyFields(build: BuildFolder): BuildProfile["keys"] {
  const { bootloader } = build;
  const fields: [string, Found<string>][] = [];
  const hash = firstSet(bootloader, HASH_OPTIONS);
  if (hash) fields.push(["hash", hash]);
  if (decrypts(build) === undefined) return fields;
  const aes256 = symbolOf(bootloader, "BOOT_ENCRYPT_ALG_AES_256");
  fields.push([
    "aes_bits",
    { value: aes256 ? "256" : "128", from: placeOfSymbol(bootloader, "BOOT_ENCRYPT_ALG_AES_256") },
  ]);
  const hmac = symbolOf(bootloader, "BOOT_HMAC_SHA512");
  if (hmac) fields.push(["hmac", { value: "sha512", from: hmac.from }]);
  return fields;
}

function headerBytesOf({ application }: BuildFolder, { pad }: Layout, images: readonly BuildImage[]): Found<number> {
  if (pad) return pad;
  const offset = numberSet(application, ["ROM_START_OFFSET"]);
  if (offset && offset.value > 0) return offset;
  const image = images.find(({ imageIndex }) => imageIndex === 0);
  if (image) return { value: image.parsed.header.headerBytes, from: `${image.file}: its header` };
  throw new ConfigurationError(
    `nothing in the build says how long an image's header is: ${placeOfSymbol(application, "ROM_START_OFFSET")}.`,
    "Was the application built for MCUboot (CONFIG_BOOTLOADER_MCUBOOT=y)?",
  );
}

function bufferFields({ application }: BuildFolder): BuildProfile["buffers"] {
  return Object.entries(BUFFER_OPTIONS).flatMap(([field, symbols]) => {
    const found = numberSet(application, symbols);
    return found ? [[field, found] as const] : [];
  });
}

function baudRates({ application, network }: BuildFolder): Pick<BuildProfile, "appBaudRate" | "netBaudRate"> {
  const { devicetree } = application;
  const uart = chosen(devicetree, "zephyr,uart-mcumgr") ?? chosen(devicetree, "zephyr,console");
  const speaks = network && symbolOf(network, "UART_CONSOLE");
  return {
    appBaudRate: numberAt(devicetree, uart, "current-speed"),
    netBaudRate:
      network && speaks
        ? numberAt(network.devicetree, chosen(network.devicetree, "zephyr,console"), "current-speed")
        : undefined,
  };
}

interface Noted {
  readonly layout: Layout;
  readonly signing: BuildKey | undefined;
  readonly encryption: BuildKey | undefined;
  readonly generation: Found<GenerationRow> | undefined;
  readonly flash: FlashFacts;
}

function notesOf(build: BuildFolder, { layout, signing, encryption, generation, flash }: Noted): readonly string[] {
  const { bootloader, application } = build;
  const notes: string[] = [];
  if (generation === undefined) notes.push("The build does not say which MCUboot it has: generation is a guess.");
  for (const [what, key] of [
    ["signing", signing],
    ["encryption", encryption],
  ] as const) {
    if (key && !key.isHere) {
      notes.push(`The ${what} key that the build names is not on this machine: ${key.value} (${key.from}).`);
    }
  }
  if (signing && signing.others.length > 0) {
    const names = signing.others.map(({ value, isHere }) => `${value}${isHere ? "" : " (not on this machine)"}`);
    notes.push(`The bootloader takes further keys: ${names.join(", ")}. Images are signed with the first.`);
  }
  if (decrypts(build) && encryption === undefined) {
    notes.push("The bootloader decrypts, and its build names no key file: the key is compiled in (MCUboot's keys.c).");
  }
  const page = numberSet(bootloader, ["NORDIC_QSPI_NOR_FLASH_LAYOUT_PAGE_SIZE"]);
  if (layout.areas.secondary?.value.device === "qspi" && page && page.value !== flash.sectorBytes.value) {
    notes.push(
      `Sectors of the external flash are ${page.value} bytes in this build (${page.from}), those of the internal flash ${flash.sectorBytes.value}: a swap needs equal ones.`,
    );
  }
  const uart = chosen(application.devicetree, "zephyr,uart-mcumgr");
  if (uart && numberAt(application.devicetree, uart, "current-speed") === undefined) {
    notes.push(
      `SMP goes over ${uart.path} (${application.devicetree.file}:${uart.line}), which has no baud rate: USB, not a UART.`,
    );
  }
  if (isManaged(build) && layout.pad === undefined) notes.push("partitions.yml has no mcuboot_pad.");
  return notes;
}
