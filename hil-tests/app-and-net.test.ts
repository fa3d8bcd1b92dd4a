import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { asNetFirmware, loadProfile, NET_APP, Random, sleep } from "mcuboot-hil";
import { generatePayload } from "mcuboot-hil/image";
import { type Bench, bench, type CampaignImage } from "mcuboot-hil/jest";

const SUITE_MS = 120_000;

/** The profile of the board, with a fault of the twin switched on. */
async function withFault(fault: string): Promise<string> {
  const file = join(mkdtempSync(join(tmpdir(), "hil-net-")), "board.yaml");
  const { text } = await loadProfile("twin-net", { cwd: process.cwd() });
  writeFileSync(file, text.replace("faults: []", `faults: [${fault}]`));
  return file;
}

/** An image for the network core's own slot. */
function netImage(bed: Bench, counter: number, encrypt: boolean): CampaignImage {
  const version = `${counter}.0.0`;
  const random = Random.fromSeed(`net ${counter}`);
  const bodyAddress = NET_APP.address;
  const payload = generatePayload({ random, name: "net", version, bodyAddress, bytes: 40_000 });
  const firmware = asNetFirmware(payload, { version: counter, address: NET_APP.address });
  return bed.image({ version, payload: firmware, encrypt });
}

/** A board that holds a new application and a new image of the network core, and was asked for both. */
async function asked(first: "net" | "app", options: { encrypt?: boolean; profile?: string } = {}): Promise<Bench> {
  const { encrypt = true, profile = "twin-net" } = options;
  const bed = await bench({ board: profile, seed: 9 });
  const app = bed.image({ version: "1.0.1", encrypt });
  const net = netImage(bed, 2, encrypt);
  const { smp } = bed.board;
  await smp.upload(app.file, { image: 0 });
  await smp.upload(net.file, { image: 1 });
  for (const image of first === "net" ? [net, app] : [app, net]) {
    await smp.setImageState({ hash: Buffer.from(image.hash, "hex"), confirm: false });
  }
  return bed;
}

/** Versions of both cores, as each says itself on its own UART. */
async function report(bed: Bench): Promise<string> {
  await sleep(bed.board.clock, 1_000);
  const running = (await bed.slots()).find((slot) => slot.flags.includes("active"))?.version;
  const net = /firmware version (\d+)/.exec(bed.board.logs.net?.since(0).at(-1)?.text ?? "")?.[1];
  return `app ${running}, net ${net}`;
}

describe("an update of both cores at once", () => {
  test(
    "puts both in place in one boot, encrypted too, and the network core's request is gone",
    async () => {
      for (const encrypt of [true, false]) {
        await using bed = await asked("net", { encrypt });
        expect(await report(bed)).toBe("app 0.1.0, net 1");
        const { lines } = await bed.reset();
        const texts = lines.map((line) => line.text);
        expect(texts.filter((text) => /Image \d upgrade|network core/i.test(text))).toEqual([
          "I: Image 0 upgrade secondary slot -> primary slot",
          "I: Image 1 upgrade secondary slot -> primary slot",
          "I: Turned on network core",
          "I: Turned off network core",
        ]);
        expect(await report(bed)).toBe("app 1.0.1, net 2");
        await expect(bed).toHaveSlots({ 0: "1.0.1 active confirmed" });
        const again = await bed.reset();
        expect(again.lines.map((line) => line.text).join("\n")).not.toMatch(/upgrade|network core/);
        expect(await report(bed)).toBe("app 1.0.1, net 2");
      }
    },
    SUITE_MS,
  );

  test(
    "is healed by the next boot when power goes during the copy to the network core",
    async () => {
      for (const delayMs of [200, 900, 2_000]) {
        await using bed = await asked("net");
        const { seen } = await bed.resetAndCutOn(/Turned on network core/, delayMs);
        const texts = seen.lines.map((line) => line.text);
        expect(texts).toContain("I: Turned off network core");
        expect(texts).not.toContain("I: Image 0 upgrade secondary slot -> primary slot");
        expect(await report(bed)).toBe("app 1.0.1, net 2");
      }
    },
    SUITE_MS,
  );

  test(
    "does not depend on which image is asked for first; with NCSDK-34106 it does, and the network core's report tells",
    async () => {
      const seen: string[] = [];
      const faulty = await withFault("NCSDK-34106");
      for (const [first, profile] of [
        ["net", "twin-net"],
        ["app", "twin-net"],
        ["net", faulty],
        ["app", faulty],
      ] as const) {
        await using bed = await asked(first, { profile });
        await bed.reset();
        seen.push(await report(bed));
      }
      expect(seen).toEqual([...Array(3).fill("app 1.0.1, net 2"), "app 1.0.1, net 1"]);
    },
    SUITE_MS,
  );
});
