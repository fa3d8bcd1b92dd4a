import { describe, expect, test } from "@jest/globals";
import { fromHex, hex, RealClock, utf8 } from "../../core/index.ts";
import { type Contact, hidRelay } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { HID_PEERS, hidRig } from "../testing/hid-rig.ts";
import { dcttechState, hidFamily } from "./hid-frames.ts";

const OPTIONS = { relay: 2, contact: "NO", cuts: "soc" } as const;

function dcttech(
  options: { contact?: Contact; boards?: string[]; numbered?: boolean; product?: string; extra?: object } = {},
) {
  const { contact = "NO", product = "USBRelay2", extra, ...rest } = options;
  return hidRig({
    open: (bench) => hidRelay.open({ ...OPTIONS, family: "dcttech", contact, ...extra }, bench),
    relay: 2,
    product,
    peer: HID_PEERS.dcttech,
    contact,
    ...rest,
  });
}

powerSwitchContract("hid-relay, dcttech", { open: () => dcttech(), readsBack: true });
powerSwitchContract("hid-relay, dcttech, report without its number, normally closed", {
  open: () => dcttech({ contact: "NC", numbered: false }),
  readsBack: true,
});
function other(family: "lcus" | "ucreatefun", extra: { ask?: boolean; contact?: Contact; fault?: Fault } = {}) {
  const { fault, ...options } = extra;
  return hidRig({
    open: (bench) => hidRelay.open({ ...OPTIONS, family, ...options }, bench),
    relay: 2,
    product: "HIDRelay",
    peer: HID_PEERS[family],
    contact: options.contact ?? "NO",
    fault,
  });
}
powerSwitchContract("hid-relay, lcus", { open: () => other("lcus"), readsBack: true });
powerSwitchContract("hid-relay, lcus, normally closed", {
  open: () => other("lcus", { contact: "NC" }),
  readsBack: true,
});
powerSwitchContract("hid-relay, lcus, told not to ask", {
  open: () => other("lcus", { ask: false }),
  readsBack: false,
});
powerSwitchContract("hid-relay, ucreatefun", { open: () => other("ucreatefun"), readsBack: false });

describe("HID reports", () => {
  test.each([
    ["dcttech", 2, true, "00ff02000000000000"],
    ["dcttech", 2, false, "00fd02000000000000"],
    ["lcus", 1, true, "00a00101a2"],
    ["ucreatefun", 1, true, "00f100000000000000"],
    ["ucreatefun", 8, false, "000800000000000000"],
  ] as const)("%s relay %i on: %s is the golden report %s", (family, relay, on, golden) => {
    expect(hex(Uint8Array.from(hidFamily(family).report(relay, on)))).toBe(golden);
  });

  test("of a dcttech board give name and states, with and without the report's number", () => {
    const golden = fromHex("4249544654000003");
    expect(dcttechState(golden)).toEqual({ board: "BITFT", bits: 3 });
    expect(dcttechState(fromHex("004249544654000003"))).toEqual({ board: "BITFT", bits: 3 });
    expect(dcttechState(golden.subarray(0, 7))).toBeUndefined();
    expect(dcttechState(fromHex("ffffffffff000003"))).toBeUndefined();
  });
});

describe("the hid-relay driver", () => {
  test("asks an LCUS board for all relays by A0 0F 02 B1, after what it had to say of the command", async () => {
    await using bench = await other("lcus");
    await bench.power.set("on");
    expect(bench.sent).toEqual(["interrupt 00a00201a3", "interrupt 00a00f02b1"]);
  });

  test("does not take the echo of a command for the answer to its question", async () => {
    await using bench = await hidRig({
      open: (at) => hidRelay.open({ ...OPTIONS, family: "lcus" }, at),
      relay: 2,
      product: "HIDRelay",
      // Says "on" to the command, and does nothing; the question gets the truth.
      peer: (report) => [utf8(report[3] === 2 ? "CH2:OFF\r\n" : "CH2:ON\r\n")],
    });
    await expect(bench.power.set("on")).rejects.toMatchObject({ message: expect.stringContaining('says "off"') });
  });

  test("a stuck relay of an LCUS board is noticed, unless nobody asks", async () => {
    await using asked = await other("lcus", { fault: "refuses" });
    await expect(asked.power.set("on")).rejects.toMatchObject({ message: expect.stringContaining('says "off"') });
    await using blind = await other("lcus", { fault: "refuses", ask: false });
    await blind.power.set("on");
    expect(await blind.supply()).toBe("off");
  });

  test("finds a board by its name, and does not write to the others", async () => {
    await using bench = await dcttech({ boards: ["AAAAA", "BBBBB"], extra: { board: "AAAAA" } });
    await bench.power.set("on");
    expect(bench.sent).toEqual(["feature 00ff02000000000000"]);
    expect(await bench.supply()).toBe("on");
  });

  test.each([
    [{ boards: ["AAAAA", "BBBBB"] }, "2 HID relay boards"],
    [{ boards: [] }, "no HID relay boards"],
    [{ product: "Keyboard" }, "no HID relay boards"],
    [{ extra: { board: "CCCCC" } }, "no HID relay boards"],
  ])("opens nothing when not exactly one board fits: %j", async (options, text) => {
    await expect(dcttech(options)).rejects.toMatchObject({ kind: "bench", message: expect.stringContaining(text) });
  });

  test("says how to install node-hid when it is missing", async () => {
    const links = { open: () => Promise.reject(new Error("none")) };
    const opened = hidRelay.open({ ...OPTIONS, family: "dcttech" }, { links, clock: new RealClock() });
    await expect(opened).rejects.toMatchObject({
      kind: "bench",
      hint: expect.stringContaining("npm install node-hid"),
    });
  });
});
