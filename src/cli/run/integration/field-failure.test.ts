import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { bootloaderBuildOf, loadProfile, profileKeys } from "../../../board/index.ts";
import { imageOf } from "../../../campaign/index.ts";
import { Random, viewOf } from "../../../core/index.ts";
import { decodeHeader, generatePayload, seededRandomness } from "../../../image/index.ts";
import { FlashContent, outcomeOf, runSteps, setPending } from "../../../mcuboot/index.ts";
import { command } from "../../testing/command.ts";
import { type RunReport, runReport } from "../../testing/run-report.ts";
import { runCommand } from "../run.ts";

const SUITE_MS = 120_000;
const SCENARIO = "field-ncs171-encrypted-app";
const PROFILE = fileURLToPath(new URL("../../../../boards/twin-ncs171.yaml", import.meta.url));

/** The scenario on the field's board, with another line in its profile. */
async function campaign(find = "", replacement = ""): Promise<{ readonly code: number; readonly report: RunReport }> {
  const folder = mkdtempSync(join(tmpdir(), "hil-field-"));
  const text = readFileSync(PROFILE, "utf8");
  expect(text).toContain(find);
  writeFileSync(join(folder, "board.yaml"), text.replace(find, replacement));
  const { code, out } = await command(runCommand, [SCENARIO, "--board", "board.yaml", "--json"], folder);
  return { code, report: runReport(out) };
}

describe("the failure from the field: an encrypted application on nRF Connect SDK 1.7.1", () => {
  test(
    "fails the run, and the verdict names what the bootloader mistook the image for",
    async () => {
      const { code, report } = await campaign();
      expect(code).toBe(1);
      expect(report.result.outcome).toBe("fail");
      expect(report.verdicts[0]).toMatchObject({
        check: "uninterrupted upgrade",
        pass: false,
        ending: "wrong image",
        expected: "1.0.1 running, unconfirmed; 1.0.0 in slot 1",
        found: "1.0.0 running, confirmed; 1.0.1 in slot 1, pending a test",
        because:
          "the bootloader took the encrypted application image for a network-core image: " +
          "reset vector read from ciphertext; known defect R35, DevZone 78628 " +
          "(network_core_rule vector-by-pointer, NCS 1.5 to 1.9)",
      });
      expect(report.verdicts[0]?.bootLog).toEqual(
        expect.arrayContaining(["I: Starting network core update", "E: Network core update failed"]),
      );
    },
    SUITE_MS,
  );

  for (const [what, find, replacement] of [
    ["the report's workaround, network_core_upgrade: false", "upgrade: true", "upgrade: false"],
    ["the range test of 2.8", "generation: ncs-1.7", "generation: ncs-1.7\n  network_core_rule: vector-in-range"],
    ["a bootloader of 3.0", "generation: ncs-1.7", "generation: ncs-3.0"],
    ["the newest bootloader", "generation: ncs-1.7", "generation: current"],
  ] as const) {
    test(
      `is gone with ${what}: upgrade and revert pass`,
      async () => {
        const { code, report } = await campaign(find, replacement);
        expect(report.verdicts.map(({ check, pass, ending }) => [check, pass, ending])).toEqual([
          ["uninterrupted upgrade", true, "upgraded"],
          ["uninterrupted upgrade", true, "upgraded"],
          ["revert of an unconfirmed image", true, "reverted"],
        ]);
        expect(code).toBe(0);
      },
      SUITE_MS,
    );
  }

  test(
    "is there up to 2.7",
    async () => {
      const { code, report } = await campaign("generation: ncs-1.7", "generation: ncs-2.7");
      expect([code, report.verdicts[0]?.because]).toEqual([1, expect.stringContaining("known defect R35")]);
    },
    SUITE_MS,
  );
});

describe("the same update as it should go", () => {
  test(
    "passes with power cuts on a bootloader that also updates the network core",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "hil-field-"));
      const args = ["encrypted-app-network-core", "--board", "twin-ncs30", "--cuts", "6", "--json"];
      const { code, out } = await command(runCommand, args, folder);
      const report = runReport(out);
      expect([code, report.verdicts.filter((verdict) => verdict.pass).length]).toEqual([0, 9]);
    },
    SUITE_MS,
  );
});

describe("the field's packages, signed and encrypted by imgtool 2.5.0 in the shape that the SDK builds", () => {
  const PACKAGES = fileURLToPath(new URL("../../../../cases/field-failure/", import.meta.url));

  /** From the factory's package to the update, on the field's board with another bootloader. */
  async function updates(generation: string, packages: string): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), "hil-field-"));
    const text = readFileSync(PROFILE, "utf8").replace("generation: ncs-1.7", `generation: ${generation}`);
    writeFileSync(join(folder, "board.yaml"), text);
    const files = ["factory", "update"].map((name) => join(PACKAGES, `${name}${packages}.zip`));
    const args = [...files, "--board", "board.yaml", "--cuts", "0", "--json"];
    const { code, out, error } = await command(runCommand, args, folder);
    if (error !== "") return `${code} ${/load address is 0x[0-9a-f]+/.exec(error)?.[0] ?? error}`;
    const { verdicts } = runReport(out);
    const failed = verdicts.find(({ pass }) => !pass);
    return `${code} ${failed === undefined ? verdicts.length : (/known defect.*/.exec(failed.because)?.[0] ?? failed.because)}`;
  }

  test.each([
    ["ncs-1.7", "", "1 known defect R35, DevZone 78628 (network_core_rule vector-by-pointer, NCS 1.5 to 1.9)"],
    ["ncs-2.0", "", "1 known defect R35, DevZone 78628 (network_core_rule vector-by-pointer-2.0, NCS 2.0 to 2.2)"],
    ["ncs-2.7", "", "1 known defect R35, DevZone 78628 (network_core_rule vector-from-slot, NCS 2.3 to 2.7)"],
    ["ncs-2.8", "", "0 4"],
    ["ncs-3.0", "", "0 4"],
    ["ncs-3.1", "", "0 4"],
    ["ncs-3.2", "", "0 4"],
    ["ncs-3.3", "", "0 4"],
    ["ncs-3.4.0", "-3.4", "2 load address is 0x1008800"],
    ["ncs-3.4", "", "2 load address is 0x0"],
    ["ncs-3.4", "-3.4", "0 4"],
    ["ncs-main", "-3.4", "0 4"],
  ])(
    "on %s, packages update%s.zip: %s",
    async (generation, packages, end) => {
      expect(await updates(generation, packages)).toBe(end);
    },
    SUITE_MS,
  );
});

describe("encryptions of one application", () => {
  test(
    "go to the network core exactly when the stored word lies above its base: at least 60 of 64",
    async () => {
      const loaded = await loadProfile(PROFILE, { cwd: "/" });
      const build = bootloaderBuildOf(loaded);
      const slots = build.images[0];
      if (slots === undefined) throw new Error("a build without images");
      const random = Random.fromSeed("64 encryptions");
      const recipe = {
        keys: profileKeys(loaded),
        encrypt: true,
        headerBytes: 512,
        slotBytes: slots.primary.bytes,
        writeBytes: 4,
      };
      const payloadOf = (version: string) =>
        generatePayload({ random, name: "field", version, bodyAddress: slots.primary.offset + 512, bytes: 4096 });
      const old = imageOf(payloadOf("1.0.0"), "old", "1.0.0", { ...recipe, randomness: seededRandomness(random) });
      const payload = payloadOf("1.0.1");
      const seen = Array.from({ length: 64 }, (_, index) => {
        const randomness = seededRandomness(random.fork(`encryption ${index}`));
        const { file } = imageOf(payload, "new", "1.0.1", { ...recipe, randomness });
        const flash = FlashContent.erased(0x10_0000);
        flash.load(slots.primary.offset, old.plain);
        flash.load(slots.secondary.offset, file);
        runSteps(setPending(flash, build, 0, false), flash);
        const { images, log } = outcomeOf(flash, build);
        const stored = viewOf(file).getUint32(decodeHeader(file).headerBytes + 4, true);
        return {
          above: stored > 0x0100_0000,
          toNet: log.some((line) => line.text === "Starting network core update"),
          runs: images.find((entry) => entry.slot === 0)?.version,
        };
      });
      for (const { above, toNet, runs } of seen) expect([toNet, runs]).toEqual([above, above ? "1.0.0" : "1.0.1"]);
      expect(seen.filter(({ toNet }) => toNet).length).toBeGreaterThanOrEqual(60);
    },
    SUITE_MS,
  );
});
