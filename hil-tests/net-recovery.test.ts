import { describe, expect, test } from "@jest/globals";
import { asNetFirmware, NET_APP, Random, sleep } from "mcuboot-hil";
import { generatePayload } from "mcuboot-hil/image";
import { type Bench, bench } from "mcuboot-hil/jest";

const SUITE_MS = 120_000;
/** The network core's primary slot, as serial recovery numbers slots for uploads. */
const NET_PRIMARY = 3;

/** An upload of a new image for the network core, in the bootloader's serial recovery. */
async function uploaded(bed: Bench): Promise<void> {
  const random = Random.fromSeed("net recovery");
  const payload = generatePayload({
    random,
    name: "net",
    version: "5.0.0",
    bodyAddress: NET_APP.address,
    bytes: 60_000,
  });
  const image = bed.image({
    version: "5.0.0",
    payload: asNetFirmware(payload, { version: 5, address: NET_APP.address }),
    encrypt: false,
  });
  const { smp, clock } = bed.board;
  await smp.reset({ bootMode: 1 });
  await sleep(clock, 2_000);
  await smp.upload(image.file, { image: NET_PRIMARY });
}

/** What the network core says after the next start of the board; undefined: nothing. */
async function netVersion(bed: Bench): Promise<string | undefined> {
  const sinceUs = bed.board.clock.nowUs();
  await bed.powerCycle();
  await sleep(bed.board.clock, 3_000);
  const lines = bed.board.logs.net?.since(sinceUs).map((line) => line.text) ?? [];
  return /firmware version (\d+)/.exec(lines.join("\n"))?.[1];
}

describe("an image of the network core, sent in serial recovery", () => {
  test(
    "is in place once the network core has had its time, which is longer than the answer takes",
    async () => {
      await using bed = await bench({ board: "twin-net", seed: 3 });
      await uploaded(bed);
      await sleep(bed.board.clock, 30_000);
      expect(await netVersion(bed)).toBe("5");
    },
    SUITE_MS,
  );

  test(
    "is lost, and the network core dead, when power goes right after the upload (NCSDK-11308); a second upload heals it",
    async () => {
      await using bed = await bench({ board: "twin-net", seed: 3 });
      await uploaded(bed);
      await sleep(bed.board.clock, 500);
      expect(await netVersion(bed)).toBeUndefined();
      await uploaded(bed);
      await sleep(bed.board.clock, 30_000);
      expect(await netVersion(bed)).toBe("5");
    },
    SUITE_MS,
  );
});
