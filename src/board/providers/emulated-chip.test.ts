import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { Random } from "../../core/index.ts";
import { Nrf5340 } from "../../emulator/index.ts";
import { loadProfile, parseProfile } from "../profile/profile.ts";
import { withFirmware } from "../profile/with-firmware.ts";
import { makeEmulatedChip } from "./emulated-chip.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-emulated-chip-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function raw(name: string, byte: number): string {
  const file = join(folder, name);
  // A vector table that the check takes for a bootloader, and its code.
  const image = new Uint8Array(0x400).fill(byte);
  image.set([0x00, 0x80, 0x00, 0x20, 0x01, 0x02, 0x00, 0x00]);
  writeFileSync(file, image);
  return file;
}

async function networkFlash(network: readonly string[]) {
  const { text, file } = await loadProfile("emulated", { cwd: "/" });
  const unsigned = text.replace(
    /keys:[^]*?\n\nimages: \{ encryption: optional/u,
    "keys: { signing: none }\n\nimages: { encryption: none",
  );
  const asked = { firmware: [raw("application.bin", 0x11)], network, cwd: "/" };
  const loaded = withFirmware(parseProfile(unsigned, file), asked);
  const { debugged } = makeEmulatedChip(loaded, () => undefined, Random.fromSeed(1));
  if (!(debugged instanceof Nrf5340)) throw new TypeError("no nRF5340");
  return [...debugged.networkFlash.contentAt(0x200, 2)];
}

test("a raw binary of the application core is nothing of the network core's; its own is", async () => {
  expect(await networkFlash([])).toEqual([0xff, 0xff]);
  expect(await networkFlash([raw("network.bin", 0x22)])).toEqual([0x22, 0x22]);
});
