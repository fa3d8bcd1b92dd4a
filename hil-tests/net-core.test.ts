import { describe, expect, test } from "@jest/globals";
import { asNetFirmware, NET_APP, Random, sleep } from "mcuboot-hil";
import { generatePayload } from "mcuboot-hil/image";
import { type Bench, bench, type CampaignImage } from "mcuboot-hil/jest";

const SUITE_MS = 120_000;
const BOARD = "twin-ncs171";
const BODY_BYTES = 40_000;

/** An update of the network core, as it goes into the application's slot. */
function netImage(bed: Bench, counter: number, options: { encrypt?: boolean; address?: number } = {}): CampaignImage {
  const version = `${counter}.0.0`;
  const payload = generatePayload({
    random: Random.fromSeed(`net ${counter}`),
    name: "net",
    version,
    bodyAddress: NET_APP.address,
    bytes: BODY_BYTES,
  });
  const { encrypt = false, address = NET_APP.address } = options;
  return bed.image({ version, payload: asNetFirmware(payload, { version: counter, address }), encrypt });
}

/** What the network core's UART says once the application is up: its last line. */
async function netReport(bed: Bench): Promise<string | undefined> {
  await sleep(bed.board.clock, 1_000);
  return bed.board.logs.net?.since(0).at(-1)?.text;
}

async function asked(seed: number, image: (bed: Bench) => CampaignImage): Promise<Bench> {
  const bed = await bench({ board: BOARD, seed });
  const update = image(bed);
  await bed.upload(update);
  await bed.requestTest(update);
  return bed;
}

describe("an update of the network core through the application's slot", () => {
  test(
    "runs on the network core after one reset; the application stays, and its slot 1 keeps a body that nobody asks for",
    async () => {
      await using bed = await asked(1, (board) => netImage(board, 2));
      expect(await netReport(bed)).toBe("I: mcuboot-hil payload factory-net 0.1.0 is up, firmware version 1");
      const { lines } = await bed.reset();
      expect(lines.map((line) => line.text).filter((text) => /network core/i.test(text))).toEqual([
        "I: Starting network core update",
        "I: Turned on network core",
        "I: Turned off network core",
        "I: Done updating network core",
      ]);
      expect(await netReport(bed)).toBe("I: mcuboot-hil payload net 2.0.0 is up, firmware version 2");
      await expect(bed).toHaveSlots({ 0: "0.1.0 active confirmed", 1: "2.0.0" });
      const again = await bed.reset();
      expect(again.lines.map((line) => line.text).join("\n")).not.toMatch(/network core/i);
      expect(await netReport(bed)).toContain("firmware version 2");
    },
    SUITE_MS,
  );

  test(
    "takes whole seconds by MCUboot's log, the first in which the copy has ended",
    async () => {
      await using bed = await asked(2, (board) => netImage(board, 2));
      const { lines } = await bed.reset();
      const at = (text: string) => lines.find((line) => line.text.includes(text))?.atUs ?? Number.NaN;
      const net = bed.board.logs.net?.since(at("Turned on")) ?? [];
      const copiedUs = (net.find((line) => line.text.includes("Transfer done"))?.atUs ?? Number.NaN) - at("Turned on");
      const seconds = (at("Turned off") - at("Turned on")) / 1_000_000;
      // 20 pages of 2 KiB at 109.5 ms, and a check before and after.
      expect(copiedUs / 1_000_000).toBeCloseTo(2.19 + 0.15, 1);
      expect([Math.floor(seconds), seconds % 1 < 0.01]).toEqual([3, true]);
    },
    SUITE_MS,
  );

  test(
    "is begun anew after a power cut in the middle of the copy, and ends well",
    async () => {
      for (const delayMs of [160, 700, 1_500, 2_300]) {
        await using bed = await asked(3, (board) => netImage(board, 2));
        const { seen, facts } = await bed.resetAndCutOn(/Turned on network core/, delayMs);
        expect(seen.lines.map((line) => line.text)).toContain("I: Done updating network core");
        expect(await netReport(bed)).toContain("firmware version 2");
        const between = bed.board.logs.net?.since(facts.onSentUs).map((line) => line.text) ?? [];
        expect(between.filter((text) => text.includes("is up"))).toHaveLength(1);
        await expect(bed).toHaveSlots({ 0: "0.1.0 active confirmed", 1: "2.0.0" });
      }
    },
    SUITE_MS,
  );

  test(
    "that is encrypted, or linked for another address, is refused, and the old application of the network core runs on",
    async () => {
      for (const options of [{ encrypt: true }, { address: NET_APP.address + 0x800 }]) {
        await using bed = await asked(4, (board) => netImage(board, 2, options));
        const { lines } = await bed.reset();
        expect(lines.map((line) => line.text)).toContain("E: Network core update failed");
        expect(await netReport(bed)).toContain("firmware version 1");
        await expect(bed).toHaveSlots({ 0: "0.1.0 active confirmed", 1: "2.0.0 pending" });
      }
    },
    SUITE_MS,
  );
});
