import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importLabgrid } from "../../../src/board/import/labgrid.ts";
import { importTwister } from "../../../src/board/import/twister.ts";
import { healthFile } from "../../../src/board/lease/health.ts";
import { findLocks } from "../../../src/board/lease/lock.ts";
import { ownerText } from "../../../src/board/lease/owner.ts";
import { foreignReach, reachOf } from "../../../src/board/parts/reach.ts";
import { wearFile } from "../../../src/board/parts/wear-file.ts";
import { bootloaderBuildOf } from "../../../src/board/profile/bootloader-build.ts";
import { loadCalibration } from "../../../src/board/profile/calibration-file.ts";
import { draftProfile } from "../../../src/board/profile/draft.ts";
import { keptProfileText } from "../../../src/board/profile/kept-text.ts";
import { parseProfile } from "../../../src/board/profile/profile.ts";
import { loadReplay } from "../../../src/campaign/record/replay.ts";
import { namedFiles } from "../../../src/campaign/request/payload-file.ts";
import { parseScenario, scenarioCuts } from "../../../src/campaign/request/scenario.ts";
import { readList } from "../../../src/cli/explain/input.ts";
import { isSweepReplay } from "../../../src/cli/sweep/replay.ts";
import { isHilError, utf8 } from "../../../src/core/index.ts";
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
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("utf8");
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

/** A board whose profile has every kind of thing in it, and slots of two pages, so that a dump is short. */
const PROFILE = `schema: 1
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

const REPLAY = {
  ...{ schema: 1, seed: 1, images: [{ role: "old", version: "1.0.0", hash: "ab" }], inputs: [], keys: [], faults: [] },
  scenario: { name: "s", text: "schema: 1\n" },
  profile: { name: "twin", text: PROFILE },
  cuts: [
    { index: 1, kind: "time", afterResetUs: 5 },
    { index: 2, kind: "log", pattern: "Starting swap", delayUs: 7 },
    { index: 3, kind: "operation", operations: [7] },
  ],
  start_with: "new",
  limits: { fail_fast: false, max_duration_ms: null, max_wear: null, allow_incomplete: false },
};
const CUT = { event: "cut-started", planned: { index: 1, kind: "time", afterResetUs: 5 }, from: "1.0.0" };

/** What somebody sent, or another user of this machine laid down. @param folder for files that are read by their names. */
export function fileSources(folder: string): readonly FuzzSource[] {
  mkdirSync(join(folder, "locks"), { mode: 0o700 });
  mkdirSync(join(folder, "run"));
  writeFileSync(join(folder, "run", "events.jsonl"), "");
  const filed = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  return [
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
      share: 3,
      seeds: () => [PROFILE, ...allIn("boards").slice(0, 4)],
      ask(input) {
        const board = parseProfile(text(input), join(folder, "lab.yaml"));
        reachOf(board);
        foreignReach(board);
        const kept = keptProfileText(board);
        if (kept !== board.text) parseProfile(kept, join(folder, "lab.yaml"));
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
    ...([importLabgrid, importTwister] as const).map(
      (read): FuzzSource => ({
        name: read === importLabgrid ? "labgrid files" : "Twister's hardware maps",
        from: "file",
        kind: "text",
        share: 3,
        seeds: () => allIn("hil-tests/cases/lab"),
        async ask(input) {
          const { drafts } = await read(filed("lab.yaml", input), []);
          for (const draft of drafts) draftProfile(draft, join(folder, "x.yaml"));
        },
      }),
    ),
    {
      name: "logs for explain",
      from: "file",
      kind: "text",
      share: 3,
      seeds: () => allIn("hil-tests/cases/explain"),
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
      name: "replay.json",
      from: "record",
      kind: "text",
      share: 5,
      seeds: () => [JSON.stringify(REPLAY, undefined, 1), JSON.stringify({ kind: "sweep", ...REPLAY })],
      ask(input) {
        const file = filed("replay.json", input);
        isSweepReplay(file);
        loadReplay(file);
      },
    },
    {
      name: "events of a record",
      from: "record",
      kind: "text",
      share: 4,
      seeds: () => [`{"event":"run-started"}\n${JSON.stringify(CUT)}\n{"ev`],
      ask(input) {
        filed("run/replay.json", utf8(JSON.stringify(REPLAY)));
        filed("run/events.jsonl", input);
        loadReplay(join(folder, "run"));
      },
    },
    {
      name: "what is kept beside a profile",
      from: "host",
      kind: "text",
      share: 4,
      seeds: () => [
        '{"schema":1,"state":"dirty","since":"2026-01-01T00:00:00.000Z","because":"x"}',
        '{"schema":1,"cycles_by_page":{"0":12}}',
        '{"schema":1,"date":"2026-01-02T03:04:05.000Z","switch_sha256":"ab","sensor":"uart","off":{}}',
      ],
      ask(input) {
        for (const name of ["b.health.json", "b.wear.json", "b.calibration.json"]) filed(name, input);
        const file = join(folder, "b.yaml");
        const { profile } = parseProfile(PROFILE, file);
        for (const load of [
          () => healthFile(file).load(),
          () => wearFile(file).load(),
          () => loadCalibration(profile),
        ]) {
          try {
            load();
          } catch (error) {
            if (!isHilError(error)) throw error;
          }
        }
      },
    },
    {
      name: "locks of others",
      from: "host",
      kind: "text",
      share: 4,
      seeds: () => [
        '{"pid":1,"host":"h","user":"u","board":"b","resource":"r","started":1,"since":"2026-01-01T00:00:00.000Z","token":"00"}',
      ],
      ask(input) {
        filed("locks/hil-port-ab.lock", input);
        for (const { owner } of findLocks(join(folder, "locks"))) if (owner !== "unknown") ownerText(owner);
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
}
