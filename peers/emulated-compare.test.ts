import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { hil } from "../src/cli/testing/process.ts";
import { missingFor } from "./smp-servers.ts";

/** A real bootloader beside the model, for a profile that is right and for some that are wrong. */
const LIMIT_MS = 300_000;
const required = process.env["HIL_PEERS_SERVERS"] === "required";
const folder = mkdtempSync(join(tmpdir(), "hil-compare-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function firmwareTest(name: string, body: () => Promise<void>): void {
  const missing = missingFor("qemu");
  if (missing === undefined || required) test(name, body, LIMIT_MS);
  else test.skip(`${name}: ${missing}`, body);
}

interface ComparedJson {
  readonly boots: readonly {
    readonly operations: number;
    readonly model_operations: number;
    readonly agrees: boolean;
  }[];
  readonly cuts: number;
  readonly findings: readonly { readonly what: string }[];
  readonly explanations: readonly { readonly field: string; readonly value: string; readonly text: string }[];
}

/** `hil emulate --compare` with a profile in which something is changed; so many boots with a cut. */
async function compared(budget: number, change: (profile: string) => string = (profile) => profile) {
  const board = join(folder, `board-${budget}.yaml`);
  writeFileSync(board, change(readFileSync("boards/emulated-microbit.yaml", "utf8")));
  const { code, out } = await hil(folder, "emulate", "--compare", "--board", board, "--budget", `${budget}`, "--json")
    .done;
  return { code, ...(JSON.parse(out) as ComparedJson) };
}

describe("hil emulate --compare", () => {
  firmwareTest("agrees with the model in operations, contents and log lines, uncut and cut", async () => {
    const { code, boots, cuts, findings } = await compared(12);
    expect(findings).toEqual([]);
    expect([code, cuts >= 12]).toEqual([0, true]);
    expect(boots.map(({ agrees }) => agrees)).toEqual([true, true]);
    expect(boots.every((boot) => boot.operations === boot.model_operations && boot.operations > 1000)).toBe(true);
  });

  const planted = [
    ["swap-move", "mode: swap-offset", "mode: swap-move", "bootloader.mode", "swap-offset"],
    ["overwrite-only", "mode: swap-offset", "mode: overwrite-only", "bootloader.mode", "swap-offset"],
    ["another max_align", "max_align: 8", "max_align: 16", "bootloader.max_align", "8"],
    [
      "another count of sectors",
      "max_image_sectors: 104",
      "max_image_sectors: 208",
      "bootloader.max_image_sectors",
      "104",
    ],
  ] as const;
  for (const [name, from, to, field, value] of planted) {
    firmwareTest(`a profile that says ${name} is told which field is wrong`, async () => {
      const { code, findings, explanations } = await compared(0, (profile) => profile.replace(from, to));
      expect(code).toBe(1);
      expect(findings.length).toBeGreaterThan(0);
      expect(explanations.filter((row) => row.field === field).map((row) => row.value)).toContain(value);
    });
  }
});
