import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { concat, fromHex, hex } from "../../core/index.ts";
import { type Contact, modbusRtu } from "../index.ts";
import type { Fault } from "../testing/coils.ts";
import { powerSwitchContract } from "../testing/contract.ts";
import { modbusPeer } from "../testing/modbus-peer.ts";
import { serialRig } from "../testing/serial-rig.ts";
import { modbusReadCoils, modbusReply, modbusSealed, modbusWriteCoil } from "./modbus-frames.ts";

const OPTIONS = { port: { path: "mem" }, coil: 2, contact: "NO", cuts: "soc" } as const;

function rig(options: { contact?: Contact; fault?: Fault; coil?: number } = {}) {
  const { contact = "NO", fault, coil = 2 } = options;
  return serialRig({
    open: (bench) => modbusRtu.open({ ...OPTIONS, contact, coil }, bench),
    peer: () => modbusPeer(),
    baudRate: 9600,
    channel: 3,
    contact,
    fault,
  });
}

powerSwitchContract("modbus-rtu", { open: () => rig(), readsBack: true });
powerSwitchContract("modbus-rtu, normally closed", { open: () => rig({ contact: "NC" }), readsBack: true });

describe("Modbus frames", () => {
  test.each([
    [modbusWriteCoil(1, 0, 0xff00), "010500 00ff008c3a"],
    [modbusWriteCoil(1, 0, 0), "01050000 0000cdca"],
    [modbusWriteCoil(255, 0, 0xff00), "ff050000ff0099e4"],
    [modbusWriteCoil(1, 1, 0x0100), "0105000101009d9a"],
    [modbusReadCoils(1, 0, 8), "0101000000083dcc"],
    [modbusReadCoils(255, 0, 8), "ff01000000082812"],
  ])("%# is Waveshare's frame %s", (frame, golden) => {
    expect(hex(frame)).toBe(golden.replaceAll(" ", ""));
  });

  test("of an answer are found: states, echo, refusal", () => {
    const read = modbusReadCoils(1, 0, 8);
    expect(modbusReply(read, fromHex("01010105918b"))).toEqual({ kind: "coils", bits: Uint8Array.of(5) });
    const write = modbusWriteCoil(1, 0, 0xff00);
    expect(modbusReply(write, write)).toEqual({ kind: "written" });
    expect(modbusReply(write, modbusSealed(1, 0x85, 2))).toEqual({ kind: "refused", exception: 2 });
  });

  test("are never found whole in a truncation, and always behind any noise", () => {
    const request = modbusWriteCoil(1, 3, 0xff00);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.integer({ min: 0, max: 7 }), (noise, length) => {
        expect(modbusReply(request, request.subarray(0, length))).toBeUndefined();
        const quiet = noise.map((byte) => (byte === 1 ? 2 : byte));
        expect(modbusReply(request, concat(quiet, request))).toEqual({ kind: "written" });
      }),
    );
  });

  test("with one bit wrong are no answer", () => {
    const request = modbusWriteCoil(1, 3, 0xff00);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 63 }), (bit) => {
        const damaged = request.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(modbusReply(request, damaged)).toBeUndefined();
      }),
    );
  });
});

describe("the modbus-rtu driver", () => {
  test("writes one coil and asks for all eight", async () => {
    await using bench = await rig();
    await bench.power.set("on");
    expect(bench.wire.map(({ bytes }) => bytes)).toEqual([hex(modbusWriteCoil(1, 2, 0xff00)), "0101000000083dcc"]);
  });

  test("names the board's refusal", async () => {
    await using bench = await rig({ coil: 9 });
    await expect(bench.power.set("on")).rejects.toMatchObject({
      kind: "bench",
      message: "the Modbus board 1 on mem refused: illegal data address (no such relay) (2).",
    });
  });

  test("leaves 5 ms between its frames", async () => {
    await using bench = await rig();
    await bench.power.set("on");
    const [write, read] = bench.wire.map(({ atUs }) => atUs);
    expect((read ?? 0) - (write ?? 0)).toBeGreaterThanOrEqual(5_000 + 8_333);
  });
});
