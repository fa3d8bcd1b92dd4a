import { describe, expect, test } from "@jest/globals";
import { Random, viewOf } from "../../core/index.ts";
import { buildImage, type PrivateKey, parseVersion } from "../../image/index.ts";
import { NET_APP } from "../builds/net-core-map.ts";
import { netCoreRule } from "../builds/net-core-rules.ts";
import { refusalText } from "../builds/refusal-table.ts";
import { asNetFirmware } from "../net-core/firmware-info.ts";
import { NRF5340_INTERNAL } from "../steps/timing.ts";
import { type SmallBoardOptions, smallBoard } from "../testing/small-board.ts";
import { setPending } from "./app-api.ts";
import { runSteps } from "./run-boot.ts";
import { timeline } from "./timeline.ts";

/** The primary slot of a small board: 0x0 to 0xffff. */
const SLOT_END = 0x1_0000;
const CHECKED = { encrypted: false, checksLoadAddress: true } as const;
const ONE_PAIR = {
  ...CHECKED,
  netCore: { rule: netCoreRule("load-address"), upgrades: true, secondStage: false },
} as const;
const ONE_PAIR_340 = {
  ...ONE_PAIR,
  netCore: { ...ONE_PAIR.netCore, rule: netCoreRule("load-address-3.4.0") },
} as const;

/** What a boot says of an image with this load address in its header, whatever its body is. */
function boots(loadAddress: number, options: SmallBoardOptions = CHECKED) {
  const { build, flash } = smallBoard(options);
  const payload = Random.fromSeed("load address").bytes(8_000);
  viewOf(payload).setUint32(4, 0x301, true);
  const { image } = buildImage(asNetFirmware(payload, { version: 2, address: NET_APP.address }), {
    version: parseVersion("2.0.0"),
    headerBytes: 512,
    padHeader: true,
    romFixed: loadAddress,
    signer: { kind: "key", key: build.signature.key as PrivateKey },
  });
  const secondary = build.images[0]?.secondary ?? { offset: 0, bytes: 0 };
  flash.load(secondary.offset, new Uint8Array(secondary.bytes).fill(0xff));
  flash.load(secondary.offset, image);
  runSteps(setPending(flash, build, 0, false), flash);
  const boot = timeline(flash, build, NRF5340_INTERNAL);
  return {
    runs: boot.images.find(({ slot }) => slot === 0)?.version,
    keeps: boot.images.some(({ slot }) => slot === 1),
    log: boot.log.map(({ text }) => text),
    refused: boot.refusals.map(refusalText).join(),
  };
}

describe("MCUBOOT_CHECK_HEADER_LOAD_ADDRESS", () => {
  test.each([0, 0x200, SLOT_END - 1])("takes an image for 0x%i of its own slot", (address) => {
    expect(boots(address)).toMatchObject({ runs: "2.0.0", refused: "" });
  });

  test.each([SLOT_END, 0x0100_8800, 0xffff_ffff])("refuses and erases one for 0x%i, and says so", (address) => {
    const { runs, keeps, log, refused } = boots(address);
    expect([runs, keeps]).toEqual(["1.0.0", false]);
    expect(log).toEqual(
      expect.arrayContaining([
        "Binary in secondary slot of image 0 is not designated for the primary slot",
        "Erasing image from secondary slot",
      ]),
    );
    const found = `0x${address.toString(16)}`;
    expect(refused).toBe(
      `its header's load address is ${found}, and this bootloader takes 0x0 to 0xffff there (imgtool --rom-fixed)`,
    );
  });

  test("is not looked at where the option is off, nor is the reset vector where it is on", () => {
    expect(boots(SLOT_END, { encrypted: false })).toMatchObject({ runs: "2.0.0" });
    expect(boots(0, { ...CHECKED, verifyAddress: true })).toMatchObject({ runs: "2.0.0" });
    expect(boots(SLOT_END, { ...CHECKED, verifyAddress: true })).toMatchObject({ runs: "1.0.0" });
  });

  test.each([
    [NET_APP.address - 1, false],
    [NET_APP.address, true],
    [NET_APP.endAddress - 1, true],
    [NET_APP.endAddress, false],
  ])("with one pair of slots for both cores, 0x%i goes to the network core: %s", (address, toNet) => {
    const { runs, log } = boots(address, ONE_PAIR);
    expect([runs, log.includes("Starting network core update")]).toEqual(["1.0.0", toNet]);
    expect(log.some((text) => text.includes("not designated"))).toBe(!toNet);
  });

  test.each([NET_APP.address, NET_APP.endAddress - 1])(
    "as 3.4.0 has it, refuses one for 0x%i of the network core there as well, and erases it",
    (address) => {
      const { runs, keeps, log } = boots(address, ONE_PAIR_340);
      expect([runs, keeps, log.filter((text) => text.includes("network core"))]).toEqual(["1.0.0", false, []]);
      expect(log.some((text) => text.includes("not designated"))).toBe(true);
    },
  );
});
