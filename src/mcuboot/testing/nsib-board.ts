import { Random } from "../../core/index.ts";
import { buildImage, parseVersion } from "../../image/index.ts";
import { setPending } from "../boot/app-api.ts";
import { runSteps } from "../boot/run-boot.ts";
import type { BootloaderBuild } from "../builds/build.ts";
import { type NetCoreRuleName, netCoreRule } from "../builds/net-core-rules.ts";
import { FlashContent } from "../flash/flash-content.ts";
import { ownFirmware } from "../net-core/firmware-info.ts";
import { type SmallBoardOptions, signing, smallBuild } from "./small-board.ts";

const SECTOR_BYTES = 4096;
const HEADER_BYTES = 512;
const payloads = Random.fromSeed("nsib board");

/** NSIB itself, then the halves of MCUboot, then the application's slots. */
export const NSIB_MAP = {
  s0: { offset: 0x8000, bytes: 6 * SECTOR_BYTES },
  s1: { offset: 0xe000, bytes: 6 * SECTOR_BYTES },
  primary: { offset: 0x1_4000, bytes: 16 * SECTOR_BYTES },
  secondary: { offset: 0x2_4000, bytes: 16 * SECTOR_BYTES },
} as const;

export type HalfName = "s0" | "s1";

/** A bootloader behind NSIB; its images are in clear unless `encrypted` is given. */
export function nsibBuild(options: SmallBoardOptions = {}, rule: NetCoreRuleName = "vector-in-range"): BootloaderBuild {
  const { primary, secondary, s0, s1 } = NSIB_MAP;
  return smallBuild({
    generation: "ncs-3.3",
    encrypted: false,
    images: [{ primary, secondary }],
    nsib: { s0, s1 },
    netCore: { rule: netCoreRule(rule), upgrades: false, secondStage: true },
    ...(options.mode === "scratch" ? { scratch: { offset: 0x3_4000, bytes: SECTOR_BYTES } } : {}),
    ...options,
  });
}

/** MCUboot as firmware that NSIB starts from a half. */
export function mcubootFirmware(half: HalfName, version: number, bytes = 12_000): Uint8Array {
  const address = NSIB_MAP[half].offset + HEADER_BYTES;
  const payload = payloads.fork(`${half} ${version} ${bytes}`).bytes(bytes);
  return ownFirmware(withTable(payload, address), { version, address }, HEADER_BYTES);
}

/** The same as an update: an image of MCUboot's, with the half's address in its header. */
export function mcubootUpdate(
  half: HalfName,
  version: number,
  {
    bytes = 12_000,
    imageVersion = `${version}.0.0`,
    loadAddress = NSIB_MAP[half].offset,
  }: {
    readonly bytes?: number;
    readonly imageVersion?: string;
    readonly loadAddress?: number;
  } = {},
): Uint8Array {
  return signed(mcubootFirmware(half, version, bytes), imageVersion, loadAddress);
}

/** An application for the primary slot. */
export function applicationImage(version: string): Uint8Array {
  const address = NSIB_MAP.primary.offset + HEADER_BYTES;
  return signed(withTable(payloads.fork(version).bytes(20_000), address), version, NSIB_MAP.primary.offset);
}

function withTable(payload: Uint8Array, address: number): Uint8Array {
  const table = new DataView(payload.buffer, payload.byteOffset);
  table.setUint32(0, 0x2008_0000, true);
  table.setUint32(4, address + 0x301, true);
  return payload;
}

function signed(body: Uint8Array, version: string, romFixed: number): Uint8Array {
  const options = { version: parseVersion(version), headerBytes: HEADER_BYTES, padHeader: true, romFixed } as const;
  return buildImage(body, { ...options, signer: { kind: "key", key: signing } }).image;
}

/** A board that runs an application, with these MCUboots: version numbers, or undefined for an empty half. */
export function nsibFlash(halves: { readonly s0?: number; readonly s1?: number }): FlashContent {
  const flash = FlashContent.erased(0x3_5000, SECTOR_BYTES);
  for (const half of ["s0", "s1"] as const) {
    const version = halves[half];
    if (version !== undefined) flash.load(NSIB_MAP[half].offset + HEADER_BYTES, mcubootFirmware(half, version));
  }
  flash.load(NSIB_MAP.primary.offset, applicationImage("1.0.0"));
  return flash;
}

/** The same with a candidate in the shared slot, which was asked for. */
export function askedFor(flash: FlashContent, build: BootloaderBuild, candidate: Uint8Array): FlashContent {
  const asked = flash.snapshot();
  asked.load(NSIB_MAP.secondary.offset, candidate);
  runSteps(setPending(asked, build, 0, false), asked);
  return asked;
}
