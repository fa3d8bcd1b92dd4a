import { createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadPrivateKey, TLV, type WrappingKey } from "../src/image/index.ts";
import {
  type Area,
  type BootloaderBuild,
  type BootMode,
  type BuildEncryption,
  bootloaderBuild,
  generation,
} from "../src/mcuboot/index.ts";
import type { VectorConfig } from "./mcuboot-schema.ts";

const MODES: Readonly<Record<string, BootMode>> = {
  move: "move",
  offset: "offset",
  scratch: "scratch",
  overwrite: "overwrite",
  "overwrite-slow": "overwrite",
  xip: "direct-xip",
  "xip-revert": "direct-xip",
};

const ENCRYPTIONS: Readonly<Record<string, { readonly tlvType: number; readonly aesKeyBytes: 16 | 32 }>> = {
  ec256: { tlvType: TLV.ENCEC256, aesKeyBytes: 16 },
  ec256a256: { tlvType: TLV.ENCEC256, aesKeyBytes: 32 },
  kw128: { tlvType: TLV.ENCKW, aesKeyBytes: 16 },
  rsa: { tlvType: TLV.ENCRSA2048, aesKeyBytes: 16 },
  x25519: { tlvType: TLV.ENCX25519, aesKeyBytes: 16 },
};

/** Areas of a configuration by name ("primary0", "secondary0", "scratch" …). */
export function areasOf(config: VectorConfig): ReadonlyMap<string, Area> {
  return new Map(config.geometry.areas.map((row) => [row.name, { offset: row.off, bytes: row.size }]));
}

/** The bootloader that a configuration describes; keys are read from the vectors' `keys` folder. */
export function buildOf(folder: string, config: VectorConfig): BootloaderBuild {
  const mode = MODES[config.mode];
  if (mode === undefined) throw new RangeError(`no mode is named ${config.mode}`);
  const { geometry } = config;
  const areas = areasOf(config);
  const area = (name: string): Area => {
    const found = areas.get(name);
    if (found === undefined) throw new RangeError(`configuration ${config.id} has no area ${name}`);
    return found;
  };
  const scratch = areas.get("scratch");
  const encryption = encryptionOf(folder, config);
  return bootloaderBuild({
    generation: generation(config.generation ?? "current"),
    // The vectors come from host builds, where a failed assertion ends the process.
    assertions: "on",
    mode,
    images: Array.from({ length: config.images }, (_, index) => ({
      primary: area(`primary${index}`),
      secondary: area(`secondary${index}`),
    })),
    ...(scratch === undefined ? {} : { scratch }),
    sectorBytes: geometry.sector,
    writeBytes: geometry.write_align,
    maxAlign: geometry.max_align,
    maxImgSectors: geometry.max_img_sectors,
    signature: { key: privateKey(folder, config.sign_key), hash: "sha256" },
    ...(encryption === undefined ? {} : { encryption }),
    validatePrimarySlot: config.validate_primary_slot,
    overwriteFast: config.overwrite_only_fast,
    xipRevert: config.direct_xip_revert ?? false,
    downgradePrevention: config.downgrade_prevention ?? false,
    bootstrap: config.bootstrap ?? false,
    versionCmpUsesBuild: config.version_cmp_uses_build_number ?? false,
  });
}

function encryptionOf(folder: string, config: VectorConfig): BuildEncryption | undefined {
  const kind = ENCRYPTIONS[config.crypto];
  if (kind === undefined || config.enc_key === null) return undefined;
  const key = config.enc_key.endsWith(".b64")
    ? wrappingKey(folder, config.enc_key)
    : privateKey(folder, config.enc_key);
  return { ...kind, key, saveTlv: config.swap_save_enctlv };
}

function privateKey(folder: string, name: string): ReturnType<typeof loadPrivateKey> {
  return loadPrivateKey(readFileSync(join(folder, "keys", name), "utf8"), { what: name });
}

function wrappingKey(folder: string, name: string): WrappingKey {
  const secret = Buffer.from(readFileSync(join(folder, "keys", name), "utf8").trim(), "base64");
  return { role: "wrapping", type: "aes-kw", keyObject: createSecretKey(secret) };
}
