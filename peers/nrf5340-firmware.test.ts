import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Random } from "../src/core/index.ts";
import { Nrf5340 } from "../src/emulator/index.ts";
import { parseIntelHex } from "../src/image/index.ts";

/** Zephyr's hci_usb for both cores of the nRF5340-DK, from PyPI: an application that nobody built for us. */
const PACKAGE = "zephyr_4_4_0_hci_usb_nrf5340dk_default";
const SHA256 = "381e0237f275fa61139c725b9369ecee3066558c6e339457c22b585276c9cd6e";
const NETWORK_FLASH = 0x100_0000;
const venv = process.env["HIL_PEERS_VENV"] ?? ".cache/peers";
const required = process.env["HIL_PEERS"] === "required";
const LIMIT_MS = 120_000;

function firmwareFile(): string | undefined {
  const libraries = join(venv, "lib");
  if (!existsSync(libraries)) return undefined;
  const files = readdirSync(libraries).map((python) =>
    join(libraries, python, "site-packages", PACKAGE, "firmware.hex"),
  );
  return files.find((file) => existsSync(file));
}

function firmwareTest(name: string, body: (file: string) => void): void {
  const file = firmwareFile();
  if (file === undefined && !required) return test.skip(`${name}: install .ci/peers.txt`, () => undefined);
  test(name, () => body(file ?? ""), LIMIT_MS);
}

function booted(file: string, us: number) {
  const text = readFileSync(file, "latin1");
  expect(createHash("sha256").update(text).digest("hex")).toBe(SHA256);
  let log = "";
  const chip = new Nrf5340({
    output: (core, uart, byte) => {
      if (core === "network" && uart === 0) log += String.fromCharCode(byte);
    },
    random: Random.fromSeed(1),
  });
  for (const { address, bytes } of parseIntelHex(text)) {
    if (address < NETWORK_FLASH) chip.flash.load(address, bytes);
    else chip.networkFlash.load(address - NETWORK_FLASH, bytes);
  }
  chip.powerOn();
  chip.run(us);
  return { chip, log };
}

describe("a real firmware for both cores of the nRF5340", () => {
  firmwareTest("boots on both: the network core is let go and says so, and every register is there", (file) => {
    const { chip, log } = booted(file, 100_000);
    expect(log).toMatch(/^\*\*\* Booting Zephyr OS build [0-9a-f]+ \*\*\*\r\n$/u);
    expect(chip.isNetworkOn).toBe(true);
    // Both cores sleep: the application core was let through to its idle thread.
    expect(chip.idleUntilUs).toBeGreaterThan(100_000);
    expect(chip.unknown).toEqual([]);
    expect(chip.takeNotes()).toEqual([]);
  });

  firmwareTest("is in the same state after the same time, run after run", (file) => {
    const [first, second] = [0, 1].map(() => booted(file, 50_000).chip.stateHash());
    expect(first).toBe(second);
  });
});
