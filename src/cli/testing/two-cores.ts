import { imageCrypto, type LoadedProfile, profileKeys } from "../../board/index.ts";
import { Random } from "../../core/index.ts";
import { buildImage, type DfuFileRequest, generatePayload, parseVersion, writeDfuZip } from "../../image/index.ts";
import { asNetFirmware, NET_APP } from "../../mcuboot/index.ts";

/** Firmware of the application, linked for a board's primary slot. */
export function applicationBody({ profile }: LoadedProfile, version: string, bytes = 9_000): Uint8Array {
  const { slots, images } = profile;
  const bodyAddress = slots.primary.offset + images.headerBytes;
  return generatePayload({ random: Random.fromSeed(version), name: "app", version, bodyAddress, bytes });
}

/** Firmware of the network core as its build leaves it: signed for b0n, not yet for MCUboot. */
export function networkBody(counter: number, bytes = 8_000): Uint8Array {
  const version = `${counter}.0.0`;
  const bodyAddress = NET_APP.address;
  const payload = generatePayload({
    random: Random.fromSeed(`net ${counter}`),
    name: "net",
    version,
    bodyAddress,
    bytes,
  });
  return asNetFirmware(payload, { version: counter, address: NET_APP.address });
}

/** A body, signed for a board's MCUboot. */
export function signedBody(board: LoadedProfile, body: Uint8Array, version: string, encrypt = false): Uint8Array {
  const headerBytes = board.profile.images.headerBytes;
  const crypto = imageCrypto(profileKeys(board), encrypt);
  return buildImage(body, { version: parseVersion(version), headerBytes, padHeader: true, ...crypto }).image;
}

const SHARED = { type: "application", soc: "nrf5340", modifiedUnixS: 1_700_000_000 } as const;

/** Entries of a manifest as sysbuild writes them for simultaneous updates. Source: sdk-nrf dfu_application.zip. */
export const APP_ENTRY = {
  load_address: 0x10200,
  image_index: "0",
  slot_index_primary: "1",
  slot_index_secondary: "2",
} as const;
export const NET_ENTRY = {
  load_address: NET_APP.address,
  image_index: "1",
  slot_index_primary: "3",
  slot_index_secondary: "4",
} as const;

export function appFile(bytes: Uint8Array, details: DfuFileRequest["details"] = APP_ENTRY): DfuFileRequest {
  return { ...SHARED, name: "app.signed.bin", board: "nrf5340dk/nrf5340/cpuapp", bytes, details };
}

export function netFile(bytes: Uint8Array, details: DfuFileRequest["details"] = NET_ENTRY): DfuFileRequest {
  const name = "signed_by_mcuboot_and_b0_ipc_radio.bin";
  return { ...SHARED, name, board: "nrf5340dk/nrf5340/cpunet", bytes, details };
}

export function packageOf(...files: readonly DfuFileRequest[]): Uint8Array {
  return writeDfuZip(files, { timeUnixS: 1_700_000_000, name: "smp_svr" });
}
