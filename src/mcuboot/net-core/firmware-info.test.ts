import { describe, expect, test } from "@jest/globals";
import { Random, viewOf } from "../../core/index.ts";
import { NET_APP } from "../builds/net-core-map.ts";
import { asNetFirmware, findFirmwareInfo, firmwareFault, isValidFirmware } from "./firmware-info.ts";

const BYTES = 4_000;
const firmware = (address: number = NET_APP.address) =>
  asNetFirmware(Random.fromSeed("firmware").bytes(BYTES), { version: 7, address });
const fault = (bytes: Uint8Array) => firmwareFault(bytes, NET_APP.address);
/** The struct of the firmware made here lies at 0x400. */
const INFO = 0x400;

describe("an application of the network core", () => {
  test("says its counter, its length and its address, for the nRF53 (hardware 53)", () => {
    expect(findFirmwareInfo(firmware())).toEqual({ bytes: BYTES, version: 7, address: NET_APP.address });
    expect(viewOf(firmware()).getUint32(INFO + 8, true)).toBe(2 | (53 << 8));
    expect(fault(firmware())).toBeUndefined();
  });

  test("may carry a project's own compatibility number, and be followed by up to 4 bytes of padding", () => {
    const own = firmware();
    viewOf(own).setUint8(INFO + 11, 0x99);
    expect(findFirmwareInfo(own)?.version).toBe(7);
    const apart = (gap: number) => {
      const whole = firmware();
      return Uint8Array.from([...whole.subarray(0, BYTES), ...Array<number>(gap).fill(0xff), ...whole.subarray(BYTES)]);
    };
    expect([1, 4, 5].map((gap) => isValidFirmware(apart(gap), NET_APP.address))).toEqual([true, true, false]);
  });

  test.each([
    ["no firmware info struct", (bytes: Uint8Array) => bytes.fill(0, INFO, INFO + 4)],
    ["no firmware info struct", (bytes: Uint8Array) => bytes.fill(0x34, INFO + 9, INFO + 10)],
    ["no validation info follows it", (bytes: Uint8Array) => bytes.fill(0, BYTES + 4, BYTES + 8)],
    ["another one than its own", (bytes: Uint8Array) => bytes.fill(0, BYTES - 8, BYTES - 4)],
  ])("with %s is not taken", (why, spoil) => {
    const bytes = firmware();
    spoil(bytes);
    expect(fault(bytes)).toContain(why);
    expect(isValidFirmware(bytes, NET_APP.address)).toBe(false);
  });

  test("for another address, or cut off behind its end, is not taken", () => {
    expect(fault(firmware(NET_APP.address + 0x800))).toMatch(/it is for 0x1009000, and b0n keeps .* at 0x1008800/);
    expect(fault(firmware().subarray(0, BYTES + 100))).toContain("no validation info");
  });
});
