import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { loadProfile, makeTwin } from "../../../board/index.ts";
import { buildMaterial, parseScenario } from "../../../campaign/index.ts";
import { Random, sleep, VirtualClock } from "../../../core/index.ts";
import { INTERNAL_FLASH_BYTES, imageListOf, runSteps, secretsIn, setPending } from "../../../mcuboot/index.ts";
import { memoryLinks } from "../../../serial/index.ts";
import { command } from "../../testing/command.ts";
import { runCommand } from "../run.ts";

const SUITE_MS = 300_000;
const BLOCK_BYTES = 16;
const SCENARIO = `schema: 1
name: small-upgrade
images:
  old: { version: "1.0.0", payload: { generate_bytes: 24576 } }
  new: { version: "2.0.0", payload: { generate_bytes: 30000 } }
  encrypt: true
cuts: { count: 16 }
revert_check: true
boots_after: 1
`;

/** A profile that ships, with one text changed, as a file. */
function changed(board: string, from: string, to: string): string {
  const text = readFileSync(fileURLToPath(new URL(`../../../../boards/${board}.yaml`, import.meta.url)), "utf8");
  expect(text).toContain(from);
  const file = join(mkdtempSync(join(tmpdir(), "hil-layout-")), "board.yaml");
  writeFileSync(file, text.replace(from, to));
  return file;
}

const keepsPower = "keeps_power: true";
const OVERWRITES = SCENARIO.replace("revert_check: true", "revert_check: false");
const LAYOUTS: readonly (readonly [string, string, () => string])[] = [
  ["nRF5340-DK, both slots in internal flash", SCENARIO, () => "twin"],
  ["nRF5340-DK, secondary slot on QSPI flash that keeps its power", SCENARIO, () => "twin-qspi"],
  [
    "nRF5340-DK, secondary slot on QSPI flash that loses it",
    SCENARIO,
    () => changed("twin-qspi", keepsPower, "keeps_power: false"),
  ],
  [
    "nRF5340-DK, secondary slot on QSPI flash, swap using offset without its defect U1",
    SCENARIO,
    () => changed("twin-qspi", "mode: swap-move", "mode: swap-offset\n  fixes: [U1]"),
  ],
  ["Thingy:53, both secondary slots on QSPI flash", OVERWRITES, () => "twin-thingy53"],
];

describe("an encrypted upgrade with power cuts", () => {
  for (const [name, scenario, board] of LAYOUTS) {
    test(
      `passes on a ${name}`,
      async () => {
        const folder = mkdtempSync(join(tmpdir(), "hil-layout-"));
        const file = join(folder, "scenario.yaml");
        writeFileSync(file, scenario);
        const { code, out } = await command(runCommand, ["--json", file, "--board", board()], folder);
        const { result, verdicts }: Report = JSON.parse(out);
        expect(verdicts.filter((verdict) => !verdict.pass)).toEqual([]);
        expect([code, result.cutsJudged]).toEqual([0, 16]);
        // The reference upgrade came in, and not only nothing wrong.
        expect(verdicts[0]?.found).toMatch(/^2\.0\.0 running/);
      },
      SUITE_MS,
    );
  }

  test(
    "of both cores passes on a Thingy:53, and the network core says its new version",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "hil-layout-"));
      const args = ["app-and-net", "--board", "twin-thingy53", "--cuts", "10", "--json"];
      const { code, out } = await command(runCommand, args, folder);
      const { verdicts }: Report = JSON.parse(out);
      expect([code, verdicts.map((verdict) => verdict.pass)]).toEqual([0, Array(11).fill(true)]);
      expect(verdicts.every(({ found }) => /the network core runs version [34]/.test(found))).toBe(true);
    },
    SUITE_MS,
  );
});

interface Report {
  readonly result: { readonly cutsJudged: number };
  readonly verdicts: readonly { readonly pass: boolean; readonly found: string }[];
}

/** The twin of a board that was asked for an encrypted image, and what must not leave its internal flash. */
async function askedTwin(board: string) {
  const clock = new VirtualClock();
  const random = Random.fromSeed("layouts");
  const loaded = await loadProfile(board, { cwd: process.cwd() });
  const [, app] = memoryLinks({ clock });
  const [, relay] = memoryLinks({ clock, baudRate: 9600 });
  const twin = makeTwin(loaded, { clock, random, links: { app, relay } });
  twin.machine.powerOff();
  const { images, expected } = await buildMaterial(
    { board: loaded, scenario: parseScenario(SCENARIO, "s.yaml") },
    { clock },
    random,
  );
  const { build } = expected;
  const [areas] = build.images;
  if (areas === undefined) throw new RangeError("a bootloader build without images");
  twin.flash.program(areas.primary.offset, images.old.plain);
  twin.flash.program(areas.secondary.offset, images.new.file);
  const blocks = new Set<string>();
  for (const { plainBody } of secretsIn(twin.flash.content, build)) {
    const text = Buffer.from(plainBody).toString("latin1");
    for (let at = 0; at + BLOCK_BYTES <= text.length; at += BLOCK_BYTES) blocks.add(text.slice(at, at + BLOCK_BYTES));
  }
  runSteps(setPending(twin.flash.content, build, 0, false), twin.flash.content);
  return { twin, clock, build, blocks };
}

describe("the leak watch on the twin", () => {
  test(
    "sees no block of plain text written to the QSPI flash in an upgrade and its revert, cut or not",
    async () => {
      const bed = await askedTwin("twin-qspi");
      await using twin = bed.twin;
      expect(bed.blocks.size).toBeGreaterThan(2_500);
      const seen = { external: 0, plainInside: 0, plainOutside: 0 };
      twin.flash.onOperation(({ operation }) => {
        const outside = operation.offset >= INTERNAL_FLASH_BYTES;
        if (outside) seen.external += 1;
        if (operation.kind === "erase") return;
        const text = Buffer.from(operation.data).toString("latin1");
        for (let at = 0; at + BLOCK_BYTES <= text.length; at += BLOCK_BYTES) {
          if (!bed.blocks.has(text.slice(at, at + BLOCK_BYTES))) continue;
          if (outside) seen.plainOutside += 1;
          else seen.plainInside += 1;
        }
      });
      // Boots that are cut later and later, then two that are not: the swap's end, and the revert.
      for (const powerMs of [700, 1_500, 2_300, 60_000, 60_000]) {
        twin.machine.powerOn();
        await sleep(bed.clock, powerMs);
        twin.machine.powerOff();
        await sleep(bed.clock, 100);
      }
      twin.check();
      const versions = imageListOf(twin.flash, bed.build).map((entry) => entry.version);
      expect(versions).toEqual(["1.0.0", "2.0.0"]);
      expect(seen.external).toBeGreaterThan(80);
      expect(seen.plainInside).toBeGreaterThan(4_000);
      expect(seen.plainOutside).toBe(0);
    },
    SUITE_MS,
  );
});
