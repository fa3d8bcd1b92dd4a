import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  buildImage,
  exportPrivateKey,
  generateKey,
  type ImageOptions,
  loadPrivateKey,
  type PrivateKey,
  parseVersion,
  writeDfuZip,
} from "../../image/index.ts";
import { devicetreeText } from "./build-devicetree.ts";
import { type BuildShape, SWAPPING_SHAPES, version } from "./build-shapes.ts";
import { OTHER_SHAPES } from "./build-shapes-in-place.ts";
import { NSIB_SHAPES } from "./build-shapes-nsib.ts";

export const BUILD_SHAPES: readonly BuildShape[] = [...SWAPPING_SHAPES, ...OTHER_SHAPES, ...NSIB_SHAPES];

/** What a build is known to hold, from outside of the files that a reader looks at. */
export interface WrittenBuild {
  readonly folder: string;
  readonly shape: BuildShape;
  readonly signingKey: PrivateKey;
  readonly signed: Uint8Array;
}

/**
 * Writes a small build folder: the files that decide, in the shape that real builds have, with images that are signed
 * for it.
 */
export function writeBuild(name: string, folder: string, imageVersion = "1.2.3"): WrittenBuild {
  const shape = BUILD_SHAPES.find((row) => row.name === name);
  if (shape === undefined) throw new RangeError(`no build shape ${name}`);
  const file = (path: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  const keys = keyFiles(shape, folder, file);
  const app = shape.childImages ? "" : "app/";
  file(
    `${app}zephyr/.config`,
    config([...applicationConfig(shape), `CONFIG_MCUBOOT_SIGNATURE_KEY_FILE="${keys.signing}"`]),
  );
  file(`${app}zephyr/zephyr.dts`, devicetreeText(shape, "application"));
  file("mcuboot/zephyr/.config", config([...shape.mcuboot, ...keyConfig(shape, keys)]));
  file("mcuboot/zephyr/zephyr.dts", devicetreeText(shape, "bootloader"));
  const source = `${folder}/../mcuboot/boot/zephyr`;
  const cache = `APPLICATION_SOURCE_DIR:PATH=${source}\nAPPLICATION_CONFIG_DIR:INTERNAL=${source}\n`;
  file("mcuboot/CMakeCache.txt", cache);
  if (shape.compiledInKey) keySource(keys, file);
  for (const [path, text] of Object.entries(shape.files)) file(path, text);
  if (shape.network) {
    const named = shape.netBanner ? [`CONFIG_NCS_APPLICATION_BOOT_BANNER_STRING="${shape.netBanner}"`] : [];
    file("net/zephyr/.config", config(["CONFIG_SOC_NRF5340_CPUNET=y", "CONFIG_UART_CONSOLE=y", ...named]));
    if (named.length > 0) file("net/zephyr/include/generated/app_version.h", version("1.0.0"));
    file("net/zephyr/zephyr.dts", devicetreeText(shape, "network"));
    file("b0n/zephyr/.config", config(["CONFIG_SOC_NRF5340_CPUNET=y", "CONFIG_IS_SECURE_BOOTLOADER=y"]));
  }
  if (shape.firstStage)
    file("b0/zephyr/.config", config(["CONFIG_SOC_NRF5340_CPUAPP=y", "CONFIG_IS_SECURE_BOOTLOADER=y"]));
  if (!shape.childImages) file("domains.yaml", domains(shape));
  const signingKey = loadPrivateKey(keys.signingText, {});
  const signed = signedImage(shape, { signingKey, encryptionKey: keys.encryptionText, imageVersion });
  file(`${app}zephyr/${shape.encrypts ? "zephyr.signed.encrypted.bin" : "zephyr.signed.bin"}`, signed);
  if (shape.network?.secondary) file("dfu_application.zip", dfuPackage(shape, signingKey, signed));
  return { folder, shape, signingKey, signed };
}

function config(lines: readonly string[]): string {
  return `#\n# Automatically generated file; DO NOT EDIT.\n#\n\n${lines.join("\n")}\n`;
}

function domains({ network, firstStage, builtIn }: BuildShape): string {
  const names = ["app", "mcuboot", ...(network ? ["net", "b0n"] : []), ...(firstStage ? ["b0"] : [])];
  const rows = names.map((name) => `  - name: ${name}\n    build_dir: ${builtIn}/${name}`);
  return `default: app\nbuild_dir: ${builtIn}\ndomains:\n${rows.join("\n")}\nflash_order:\n  - app`;
}

function applicationConfig({ app }: BuildShape): readonly string[] {
  return ["CONFIG_SOC_NRF5340_CPUAPP=y", "CONFIG_BOOTLOADER_MCUBOOT=y", ...app];
}

interface KeyFiles {
  readonly signing: string;
  readonly signingText: string;
  readonly encryption: string;
  readonly encryptionText: string;
}

type WriteFile = (path: string, content: string) => void;

function keyFiles({ keys }: BuildShape, folder: string, write: WriteFile): KeyFiles {
  if (keys === "p256") {
    const pem = (name: string) => generateOnce(name);
    write("../keys/sign.pem", pem("ecdsa-p256"));
    write("../keys/enc.pem", pem("ecdsa-p256-enc"));
    return {
      signing: join(folder, "../keys/sign.pem"),
      signingText: pem("ecdsa-p256"),
      encryption: join(folder, "../keys/enc.pem"),
      encryptionText: pem("ecdsa-p256-enc"),
    };
  }
  // A relative path starts at the folder of the settings, here MCUboot's own.
  write("../mcuboot/boot/zephyr/root-ed25519.pem", generateOnce("ed25519"));
  write("../mcuboot/boot/zephyr/enc-x25519.pem", generateOnce("x25519"));
  return {
    signing: "root-ed25519.pem",
    signingText: generateOnce("ed25519"),
    encryption: "enc-x25519.pem",
    encryptionText: generateOnce("x25519"),
  };
}

const made = new Map<string, string>();

function generateOnce(name: string): string {
  const type = name.replace(/-enc$/, "") as Parameters<typeof generateKey>[0];
  const text = made.get(name) ?? generateKey(type);
  made.set(name, text);
  return text;
}

function keyConfig({ encrypts, compiledInKey }: BuildShape, { signing, encryption }: KeyFiles): readonly string[] {
  const encryptionLine = encrypts && !compiledInKey ? [`CONFIG_BOOT_ENCRYPTION_KEY_FILE="${encryption}"`] : [];
  return [`CONFIG_BOOT_SIGNATURE_KEY_FILE="${signing}"`, ...encryptionLine];
}

/**
 * Its private key as bytes of C, as older MCUboots have theirs, behind one that another option would take; and the file
 * of the same key two folders up, where MCUboot keeps its own.
 */
function keySource({ encryptionText }: KeyFiles, write: WriteFile): void {
  const array = (name: string, text: string) =>
    exportPrivateKey(loadPrivateKey(text, {})).replace("enc_priv_key", name);
  const other = array("enc_priv_key", generateOnce("ecdsa-p256-enc"));
  write("../mcuboot/boot/zephyr/keys.c", `#include <key.h>\n\n${other}\n${array("enc_key", encryptionText)}`);
  write("../mcuboot/enc-ec256-priv.pem", generateOnce("ecdsa-p256-enc"));
  write("../mcuboot/enc-x25519-priv.pem", encryptionText);
  write("../mcuboot/readme.pem", "no key at all\n");
}

interface ImageMaterial {
  readonly signingKey: PrivateKey;
  readonly encryptionKey: string;
  readonly imageVersion: string;
}

function signedImage(shape: BuildShape, { signingKey, encryptionKey, imageVersion }: ImageMaterial): Uint8Array {
  const slot = shape.primary;
  const body = firmware((shape.ramAddress ?? slot.offset) + shape.headerBytes, 4096);
  const options: ImageOptions = {
    version: parseVersion(imageVersion),
    headerBytes: shape.headerBytes,
    padHeader: true,
    signer: { kind: "key", key: signingKey },
    ...(shape.loadAddress && { romFixed: slot.offset }),
    ...(shape.ramAddress !== undefined && { loadAddress: shape.ramAddress }),
    ...(shape.encrypts && { encryption: { key: loadPrivateKey(encryptionKey, {}), keyBits: 128 as const } }),
  };
  return buildImage(body, options).bytes;
}

/** A vector table, and nothing behind it that could run: stack pointer, reset vector. */
function firmware(address: number, bytes: number): Uint8Array {
  const body = new Uint8Array(bytes).fill(0x5a);
  const view = new DataView(body.buffer);
  view.setUint32(0, 0x2000_4000, true);
  view.setUint32(4, address + 0x101, true);
  return body;
}

function dfuPackage(shape: BuildShape, key: PrivateKey, application: Uint8Array): Uint8Array {
  const network = buildImage(firmware(0x0100_8800, 2048), {
    version: parseVersion("1.0.0"),
    headerBytes: shape.headerBytes,
    padHeader: true,
    signer: { kind: "key", key },
  }).bytes;
  const entry = { type: "application", board: "thingy53", soc: "nrf5340", modifiedUnixS: 0 };
  return writeDfuZip(
    [
      {
        ...entry,
        name: "app.bin",
        bytes: application,
        details: { image_index: "0", load_address: shape.primary.offset + shape.headerBytes },
      },
      { ...entry, name: "net.bin", bytes: network, details: { image_index: "1", load_address: 0x0100_8800 } },
    ],
    { timeUnixS: 0, name: "app" },
  );
}
