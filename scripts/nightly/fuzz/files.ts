import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { foreignReach, reachOf } from "../../../src/board/parts/reach.ts";
import { bootloaderBuildOf } from "../../../src/board/profile/bootloader-build.ts";
import { keptProfileText } from "../../../src/board/profile/kept-text.ts";
import { parseProfile } from "../../../src/board/profile/profile.ts";
import { sortedByCore } from "../../../src/campaign/request/packaged-parts.ts";
import { namedFiles } from "../../../src/campaign/request/payload-file.ts";
import { parseScenario, scenarioCuts } from "../../../src/campaign/request/scenario.ts";
import { isHilError, utf8 } from "../../../src/core/index.ts";
import { readList } from "../../../src/field/index.ts";
import { writeZip } from "../../../src/image/files/zip-write.ts";
import {
  buildImage,
  checkDfuPackage,
  fileKindOf,
  flatten,
  formatIntelHex,
  generateKey,
  isProtectedKey,
  loadEncryptionKey,
  loadKey,
  loadPrivateKey,
  parseIntelHex,
  parseVersion,
  readDfuZip,
  readFirmwareFile,
  trailerMagic,
  writeDfuZip,
} from "../../../src/image/index.ts";
import { asked } from "../../../src/image/testing/fuzz.ts";
import { explainFlash } from "../../../src/mcuboot/explain/explain-flash.ts";
import { explainList } from "../../../src/mcuboot/explain/explain-list.ts";
import { endsInMagic, explainSlot } from "../../../src/mcuboot/explain/explain-slot.ts";
import { logNotes, readLog, tellLog } from "../../../src/mcuboot/explain/index.ts";
import { FlashContent } from "../../../src/mcuboot/index.ts";
import { suiteNames } from "../../../src/report/junit.ts";
import type { FuzzSource } from "./source.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** What a file of text says. */
export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
const here = (...names: string[]) => readFileSync(join(ROOT, ...names));
const allIn = (...names: string[]) =>
  readdirSync(join(ROOT, ...names))
    .filter((name) => /\.(?:yaml|log|txt|json)$/.test(name))
    .map((name) => here(...names, name));

const signing = loadPrivateKey(generateKey("ecdsa-p256"));
const common = { version: parseVersion("1.2.3+4"), headerBytes: 0x24, padHeader: true } as const;
const image = () =>
  buildImage(new Uint8Array(900), { ...common, signer: { kind: "key", key: signing } as const }).bytes;

const PACKED = () => ({
  ...{ name: "app.bin", bytes: image(), type: "application", board: "nrf5340dk", soc: "nRF5340" },
  ...{ modifiedUnixS: 1_700_000_000, details: { load_address: 65_536, image_index: "0" } },
});

const SIGNED = image();
/** As the nRF Connect SDK writes it for an nRF5340 with MCUboot of both cores. */
const BOTH_CORES = {
  "format-version": 1,
  time: 1_700_000_000,
  files: (["app", "net"] as const).map((core, index) => ({
    ...{ type: "application", board: `nrf5340dk/nrf5340/cpu${core}`, soc: "nrf5340" },
    ...{ load_address: index === 0 ? 0x1_0000 : 0x100_8800, image_index: String(index) },
    ...{ slot_index_primary: String(2 * index + 1), slot_index_secondary: String(2 * index + 2) },
    ...{ version_MCUBOOT: "1.2.3+4", size: SIGNED.length, file: `${core}.bin`, modtime: 1_700_000_000 },
  })),
  name: "app",
};

/** A board whose profile has every kind of thing in it, and slots of two pages, so that a dump is short. */
export const PROFILE = `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: command, on: [./a, b], off: [./a, c], status: { run: [./a], on: x, off: y }, cuts: soc }
flasher: { tool: command, serial: "1050012345", write: [./flash, "{hex}"] }
bootloader: { mode: swap-move }
slots:
  primary: { offset: 0x10000, bytes: 0x4000 }
  secondary: { offset: 0x14000, bytes: 0x4000 }
keys: { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" }
`;
const build = bootloaderBuildOf(parseProfile(PROFILE, "/lab/lab.yaml"));
const FLASH_BYTES = 0x1_8000;

/** What somebody sent: contents of files. */
export const FILE_SOURCES: readonly FuzzSource[] = [
  {
    name: "images",
    from: "file",
    kind: "bytes",
    share: 40,
    seeds: () => [image()],
    ask: (input) => asked(input, { signing }),
  },
  {
    name: "DFU packages",
    from: "file",
    kind: "bytes",
    share: 15,
    seeds: () => [writeDfuZip([PACKED()], { timeUnixS: 1_700_000_000 })],
    async ask(input) {
      checkDfuPackage(await readDfuZip(input));
    },
  },
  {
    name: "manifests of DFU packages",
    from: "file",
    kind: "json",
    share: 10,
    seeds: () => [JSON.stringify(BOTH_CORES)],
    async ask(input) {
      const named = BOTH_CORES.files.map(({ file }) => ({ name: file, bytes: SIGNED }));
      const read = await readDfuZip(writeZip([...named, { name: "manifest.json", bytes: input }], 1_700_000_000));
      checkDfuPackage(read);
      sortedByCore(read.files);
      for (const onePair of [false, true])
        sortedByCore(read.files, { primaryAddress: 0x1_0000, slotBytes: 0xf_0000, onePair });
    },
  },
  {
    name: "HEX files",
    from: "file",
    kind: "text",
    share: 60,
    seeds: () => [
      formatIntelHex([{ address: 0xfff0, bytes: new Uint8Array(100) }]),
      ":0400000500000000F7\n:00000001FF\n",
      ":02000004FFFFFC\n",
    ],
    ask(input) {
      const segments = parseIntelHex(text(input));
      if (segments.length > 0) flatten(segments);
    },
  },
  {
    name: "firmware files",
    from: "file",
    kind: "bytes",
    share: 20,
    seeds: () => [image(), utf8(formatIntelHex([{ address: 0, bytes: image() }])), utf8("\u007fELF")],
    async ask(input) {
      fileKindOf(input);
      await readFirmwareFile(input);
    },
  },
  {
    name: "keys",
    from: "file",
    kind: "text",
    share: 10,
    seeds: () => [
      generateKey("ecdsa-p256"),
      generateKey("ed25519"),
      here("boards/keys/twin-enc-p256.pem"),
      Buffer.alloc(16).toString("base64"),
    ],
    ask(input) {
      const pem = text(input);
      isProtectedKey(pem);
      for (const load of [loadKey, loadEncryptionKey]) {
        try {
          load(pem);
        } catch (error) {
          if (!isHilError(error)) throw error;
        }
      }
    },
  },
  {
    name: "profiles",
    from: "file",
    kind: "text",
    share: 1,
    seeds: () => [PROFILE, ...allIn("boards").slice(0, 4)],
    ask(input) {
      const board = parseProfile(text(input), "/lab/lab.yaml");
      reachOf(board);
      foreignReach(board);
      const kept = keptProfileText(board);
      if (kept !== board.text) parseProfile(kept, "/lab/lab.yaml");
      bootloaderBuildOf(board);
    },
  },
  {
    name: "scenarios",
    from: "file",
    kind: "text",
    share: 5,
    seeds: () => allIn("scenarios"),
    ask(input) {
      const scenario = parseScenario(text(input), "/lab/s.yaml");
      namedFiles(scenario);
      scenarioCuts(scenario.value);
    },
  },
  {
    name: "logs for explain",
    from: "file",
    kind: "text",
    share: 3,
    seeds: () => allIn("cases/explain"),
    ask(input) {
      const said = text(input);
      const list = readList(said);
      if (list !== undefined && !("wrong" in list)) explainList(list, build);
      const reading = readLog(said, build);
      if (reading === undefined) return;
      tellLog(reading);
      logNotes(reading);
    },
  },
  {
    name: "dumps for explain",
    from: "file",
    kind: "bytes",
    share: 2,
    seeds: () => [image(), here("boards/keys/twin-enc-p256.pem")],
    ask(input, random) {
      const flash = FlashContent.erased(FLASH_BYTES, build.sectorBytes);
      const slot = random.below(2) as 0 | 1;
      const area = 0x1_0000 + slot * 0x4000;
      flash.load(area, input.subarray(0, 0x4000));
      flash.load(area + 0x4000 - 64, random.bytes(32));
      if (random.chance({ of: 1, in: 2 })) flash.load(area + 0x4000 - 16, trailerMagic(8));
      explainFlash(flash, build);
      endsInMagic(input, build);
      if (input.length >= 16) explainSlot(input.subarray(0, 0x4000), build, 0, slot);
    },
  },
  {
    name: "JUnit files beside ours",
    from: "host",
    kind: "text",
    share: 30,
    seeds: () => ['<testsuites><testsuite name="a&#65;&amp;"/></testsuites>'],
    ask: (input) => suiteNames(text(input)),
  },
];
