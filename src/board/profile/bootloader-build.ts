import {
  type Area,
  type BootloaderBuild,
  bootloaderBuild,
  type DefectName,
  firmwareFault,
  generation,
  type ImageAreas,
  lifeCycle,
  modeRow,
  NET_APP,
  netCoreRule,
} from "../../mcuboot/index.ts";
import { deviceArea } from "./flash-timing.ts";
import { decryptionOf, profileKeys, signatureCheckOf } from "./keys.ts";
import type { LoadedProfile } from "./profile.ts";

/** Where the flash simulator keeps its buffer; the linker decides, so any address in RAM is as good. */
const NET_PRIMARY_ADDRESS = 0x2001_0000;

/**
 * The bootloader that a profile describes, for the twin to run and for the judge to ask.
 * @throws ConfigurationError when the model lacks something that the profile wants.
 */
export function bootloaderBuildOf(
  loaded: LoadedProfile,
  defects: ReadonlySet<DefectName> = new Set(),
): BootloaderBuild {
  const { bootloader, slots } = loaded.profile;
  const keys = profileKeys(loaded);
  const encryption = decryptionOf(loaded, keys);
  return bootloaderBuild({
    generation: generation(bootloader.generation),
    mode: modeRow(bootloader.mode).mode,
    ...(modeRow(bootloader.mode).mode === "ram-load" && { imageRam: bootloader.imageRam }),
    xipRevert: modeRow(bootloader.mode).newestRuns && modeRow(bootloader.mode).takesBack,
    images: [
      { primary: deviceArea(slots.primary), secondary: deviceArea(slots.secondary) },
      ...networkImages(slots.networkSecondary && deviceArea(slots.networkSecondary), slots.networkRamBytes),
    ],
    ...(slots.scratch ? { scratch: deviceArea(slots.scratch) } : {}),
    sectorBytes: slots.sectorBytes,
    writeBytes: bootloader.writeBytes,
    maxAlign: bootloader.maxAlign,
    maxImgSectors: bootloader.maxImageSectors,
    validatePrimarySlot: bootloader.validatePrimary,
    ...(bootloader.validateOnce && { validatesOnce: true }),
    ...(bootloader.lifeCycle && { lifeCycle: lifeCycle(bootloader.lifeCycle) }),
    tlvAllowList: bootloader.tlvAllowList,
    downgradePrevention: bootloader.downgradePrevention,
    crypto: bootloader.crypto,
    recovery: {
      ways: new Set(bootloader.recovery),
      waitMs: bootloader.recoveryWaitMs,
      inactivityMs: bootloader.recoveryInactivityMs,
      tellsBuffer: bootloader.recoveryParams ?? generation(bootloader.generation).recoveryTellsBuffer,
    },
    ...(bootloader.assertions && { assertions: bootloader.assertions }),
    signature: signatureCheckOf(keys),
    ...(encryption && { encryption }),
    ...netCoreOf(loaded),
    ...(slots.s0 && slots.s1 && { nsib: { s0: deviceArea(slots.s0), s1: deviceArea(slots.s1) } }),
    checksLoadAddress: checksLoadAddress(loaded),
    verifyAddress: verifiesAddress(loaded),
    fixes: new Set(bootloader.fixes),
    defects,
  });
}

/** Image 1, the network core's: its primary slot is a buffer in RAM, where a stored map of 2.x has free memory. */
function networkImages(secondary: Area | undefined, ramBytes = secondary?.bytes): readonly ImageAreas[] {
  if (secondary === undefined || ramBytes === undefined) return [];
  return [{ primary: { offset: NET_PRIMARY_ADDRESS, bytes: ramBytes, inRam: true }, secondary }];
}

/** Source: sdk-mcuboot boot/zephyr/Kconfig: by default not with CONFIG_NRF53_MULTI_IMAGE_UPDATE. */
function checksLoadAddress(loaded: LoadedProfile): boolean {
  const { bootloader, slots } = loaded.profile;
  const onePair = slots.networkSecondary === undefined;
  return bootloader.checkLoadAddress ?? (onePair && netCoreOf(loaded).netCore?.rule.word === "load address");
}

/** Source: MCUboot boot/zephyr/Kconfig, MCUBOOT_VERIFY_IMG_ADDRESS. */
function verifiesAddress(loaded: LoadedProfile): boolean {
  const { bootloader, slots, keys } = loaded.profile;
  const isDefault =
    generation(bootloader.generation).verifiesResetAddress &&
    modeRow(bootloader.mode).mode === "overwrite" &&
    slots.networkSecondary !== undefined &&
    keys.encryptionFile === undefined &&
    !checksLoadAddress(loaded);
  return bootloader.verifyImageAddress ?? isDefault;
}

/**
 * Where images begin once they run, where the profile's bootloader looks for that in headers.
 * @param firmware default: the application's; of the network core is what b0n would take.
 */
export function loadAddressOf(loaded: LoadedProfile, firmware?: Uint8Array): number | undefined {
  if (!checksLoadAddress(loaded)) return undefined;
  const isNetwork = firmware !== undefined && firmwareFault(firmware, NET_APP.address) === undefined;
  return isNetwork ? NET_APP.address : loaded.profile.slots.primary.offset;
}

function netCoreOf({ profile }: LoadedProfile): Pick<BootloaderBuild, "netCore"> {
  const { networkCoreUpgrade: upgrades, networkCoreRule, secondStage, generation: name } = profile.bootloader;
  if (!upgrades && !secondStage) return {};
  const rule = netCoreRule(networkCoreRule ?? generation(name).netCoreRule);
  const { device, offset } = profile.slots.secondary;
  const external = device === "qspi" ? { externalSecondaryOffset: offset } : {};
  return { netCore: { rule, upgrades, secondStage, ...external } };
}

/** The image that a debugger puts into the primary slot needs a trailer that says image ok, to be started at all. */
export function padsFactory({ bootloader }: LoadedProfile["profile"]): boolean {
  const { newestRuns, takesBack } = modeRow(bootloader.mode);
  return newestRuns && takesBack;
}
