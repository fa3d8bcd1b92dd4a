import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { hil } from "../src/cli/testing/process.ts";
import type { FlashOperation } from "../src/mcuboot/index.ts";
import { booted } from "./emulated-boot.ts";
import { QemuCuts } from "./qemu-cuts.ts";
import { missingFor } from "./smp-servers.ts";

/** Real MCUboot and Zephyr, executed by our own emulator: the model of MCUboot is its witness, and it the model's. */
const LIMIT_MS = 600_000;
const required = process.env["HIL_PEERS_SERVERS"] === "required";

function firmwareTest(name: string, body: () => Promise<void>): void {
  const missing = missingFor("qemu");
  if (missing === undefined || required) test(name, body, LIMIT_MS);
  else test.skip(`${name}: ${missing}`, body);
}

const textOf = (operation: FlashOperation) =>
  operation.kind === "erase"
    ? `erase ${operation.offset} ${operation.bytes}`
    : `write ${operation.offset} ${Buffer.from(operation.data).toString("hex")}`;

const folder = mkdtempSync(join(tmpdir(), "hil-emulated-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a real MCUboot in the emulator", () => {
  firmwareTest("erases and writes, word by word, what the model says: a swap and its revert", async () => {
    const bench = await QemuCuts.of("qemu-upgrade");
    for (const [direction, count] of [
      ["swap", 25_294],
      ["revert", 25_306],
    ] as const) {
      const expected = bench.everyOperation().map(textOf);
      const { operations, log, unknown } = booted(bench.atPower());
      const found = operations.map(textOf);
      expect([direction, found.length, log.includes("Booting Zephyr OS")]).toEqual([direction, count, true]);
      expect(found.findIndex((text, index) => text !== expected[index])).toBe(-1);
      expect(found).toHaveLength(expected.length);
      expect(unknown).toEqual([]);
      bench.goOn();
    }
  });

  firmwareTest("the whole main job: upload, request, cuts by time and their verdicts", async () => {
    const scenario = join(folder, "short.yaml");
    const text = readFileSync("scenarios/qemu-upgrade.yaml", "utf8").replace("count: 12", "count: 1");
    writeFileSync(scenario, text);
    const { code, out } = await hil(folder, "run", scenario, "--board", "emulated-microbit").done;
    expect(out).toContain("PASS  1 of 1 cut as MCUboot allows");
    expect(code).toBe(0);
  });
});
