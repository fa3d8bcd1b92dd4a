import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkFirmware } from "../../../src/board/emulated/firmware-check.ts";
import { readBuildFolder } from "../../../src/board/from-build/build-folder.ts";
import { buildProfileOf } from "../../../src/board/from-build/build-profile.ts";
import { buildText } from "../../../src/board/from-build/build-text.ts";
import { parseDevicetree } from "../../../src/board/from-build/devicetree.ts";
import { parseKconfig } from "../../../src/board/from-build/kconfig.ts";
import { profileKeys } from "../../../src/board/profile/keys.ts";
import { parseProfile } from "../../../src/board/profile/profile.ts";
import { factoryFlash } from "../../../src/board/qemu/firmware.ts";
import { BUILD_SHAPES, writeBuild } from "../../../src/board/testing/build-folders.ts";
import type { BuildShape } from "../../../src/board/testing/build-shapes.ts";
import { concat } from "../../../src/core/index.ts";
import { formatIntelHex } from "../../../src/image/index.ts";
import { PROFILE, text } from "./files.ts";
import type { FuzzSource } from "./source.ts";

const FLASH_BYTES = 0x10_0000;

/** What a build folder holds besides the devicetree and settings, each file damaged in an otherwise good build. */
const BUILD_FILES = [
  "domains.yaml",
  "partitions.yml",
  "mcuboot/zephyr/.config",
  "mcuboot/zephyr/zephyr.dts",
  "app/zephyr/.config",
  "mcuboot/CMakeCache.txt",
  "app/zephyr/zephyr.signed.bin",
] as const;

/** A build with the Partition Manager in it, and one without: each file of the list is in one of them. */
const SHAPES: readonly BuildShape[] = [
  BUILD_SHAPES.find(({ files, childImages }) => "partitions.yml" in files && !childImages),
  BUILD_SHAPES.find(({ files, childImages }) => !("partitions.yml" in files) && !childImages),
].filter((shape) => shape !== undefined);

/** Build folders (`hil init --from-build`), and firmware of an nRF5340. @param folder for files; theirs alone. */
export function buildSources(folder: string): readonly FuzzSource[] {
  const builds = SHAPES.map((shape, index) => writeBuild(shape.name, join(folder, `build${index}`)));
  const read = (path: string) => builds.map((build) => readFileSync(join(build.folder, path)));
  const board = parseProfile(PROFILE, join(folder, "lab.yaml"));
  const hex = join(folder, "merged.hex");
  const point = profileKeys(board).signing?.public.publicBytes.subarray(-64) ?? new Uint8Array();
  return [
    {
      name: "devicetrees of a build",
      from: "file",
      kind: "text",
      share: 10,
      seeds: () => read("mcuboot/zephyr/zephyr.dts"),
      ask(input) {
        const tree = parseDevicetree(text(input), "zephyr.dts");
        for (const name of ["slot0_partition", "/chosen", "/soc"]) tree.find(name);
      },
    },
    {
      name: "settings of a build (.config)",
      from: "file",
      kind: "text",
      share: 30,
      seeds: () => read("mcuboot/zephyr/.config"),
      ask: (input) => parseKconfig(text(input), ".config"),
    },
    ...BUILD_FILES.map((name): FuzzSource => {
      const found = builds.flatMap((build) => {
        try {
          return [{ build, good: readFileSync(join(build.folder, name)) }];
        } catch {
          return [];
        }
      });
      return {
        name: `${name} of a build folder`,
        from: "file",
        kind: name.endsWith(".bin") ? "bytes" : "text",
        share: 0.5,
        seeds: () => found.map(({ good }) => good),
        async ask(input) {
          const [{ build, good } = { build: builds[0], good: new Uint8Array() }] = found;
          if (build === undefined) throw new RangeError("no build was written");
          const path = join(build.folder, name);
          writeFileSync(path, input);
          try {
            buildText(await buildProfileOf(await readBuildFolder(build.folder)), {});
          } finally {
            writeFileSync(path, good);
          }
        },
      };
    }),
    {
      name: "merged firmware of an nRF5340",
      from: "file",
      kind: "text",
      share: 0.5,
      seeds: () => [formatIntelHex([{ address: 0, bytes: concat(vectors(), new Uint8Array(56), point) }])],
      ask(input) {
        writeFileSync(hex, input);
        const machine = { name: "nrf5340", flashBytes: FLASH_BYTES, images: [hex], field: ["emulated", "firmware"] };
        checkFirmware(board, factoryFlash(board, machine));
      },
    },
  ];
}

/** The first two words of a bootloader: its stack, and where it starts. */
function vectors(): Uint8Array {
  return new Uint8Array(Uint32Array.of(0x2000_8000, 0x401).buffer);
}
