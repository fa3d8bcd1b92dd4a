import { describe, expect, test } from "@jest/globals";
import { devicesOf, type NodeHid } from "./hid-device.ts";

/** As node-hid 3.4.0 behaves: reports and answers are byte buffers, and a read in which nothing came is an empty one. */
function library(answers: { readonly feature?: number[]; readonly read?: number[] } = {}) {
  const calls: [string, ...unknown[]][] = [];
  const told = async <T>(answer: T, ...call: [string, ...unknown[]]): Promise<T> => {
    calls.push(call);
    return answer;
  };
  const hid: NodeHid = {
    devicesAsync: (vendorId, productId) =>
      told(
        [{ path: "/dev/hidraw3", product: "USBRelay2" }, { path: "/dev/hidraw4" }, { product: "no path" }],
        "devices",
        vendorId,
        productId,
      ),
    HIDAsync: {
      open: async (path) => {
        calls.push(["open", path]);
        return {
          write: (report) => told(report.length, "write", report),
          sendFeatureReport: (report) => told(report.length, "sendFeatureReport", report),
          getFeatureReport: (number, bytes) =>
            told(Uint8Array.from(answers.feature ?? []), "getFeatureReport", number, bytes),
          read: (limitMs) => told(Uint8Array.from(answers.read ?? []), "read", limitMs),
          close: () => told(undefined, "close"),
        };
      },
    },
  };
  return { hid, calls };
}

describe("HID devices by node-hid", () => {
  test("those without a path cannot be opened and are left out, those without a product have an empty one", async () => {
    const { hid, calls } = library();
    const found = await devicesOf(hid, 0x16c0, 0x05df);
    expect(found.map(({ path, product }) => [path, product])).toEqual([
      ["/dev/hidraw3", "USBRelay2"],
      ["/dev/hidraw4", ""],
    ]);
    expect(calls).toEqual([["devices", 0x16c0, 0x05df]]);
  });

  test("feature reports go by control transfer, interrupt reports by write and read", async () => {
    const { hid, calls } = library({ feature: [0, 1, 2], read: [7] });
    const [found] = await devicesOf(hid, 1, 2);
    if (!found) throw new Error("no device");
    const device = await found.open();
    await device.send("feature", Uint8Array.of(0, 0xff, 1));
    await device.send("interrupt", Uint8Array.of(0, 0xa0));
    expect(await device.receive("feature", 9, 1_000)).toEqual(Uint8Array.of(0, 1, 2));
    expect(await device.receive("interrupt", 9, 250)).toEqual(Uint8Array.of(7));
    await device[Symbol.asyncDispose]();
    expect(calls.slice(1)).toEqual([
      ["open", "/dev/hidraw3"],
      ["sendFeatureReport", [0, 0xff, 1]],
      ["write", [0, 0xa0]],
      ["getFeatureReport", 0, 9],
      ["read", 250],
      ["close"],
    ]);
  });

  test("an empty report is nothing, not a report", async () => {
    const [found] = await devicesOf(library().hid, 1, 2);
    const device = await found?.open();
    expect(await device?.receive("interrupt", 9, 1)).toBeUndefined();
    expect(await device?.receive("feature", 9, 1)).toBeUndefined();
  });
});
