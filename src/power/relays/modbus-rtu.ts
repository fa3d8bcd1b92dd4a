import { z } from "zod";
import { BenchError } from "../../core/index.ts";
import { contactOption, cutsOption, powerDriver } from "../driver/driver.ts";
import { portRef } from "../driver/ports.ts";
import { energised, suppliedBy } from "../driver/switch.ts";
import {
  MODBUS_BAUD_RATE,
  MODBUS_EXCEPTIONS,
  MODBUS_GAP_MS,
  MODBUS_ON_VALUES,
  modbusReadCoils,
  modbusReply,
  modbusWriteCoil,
} from "./modbus-frames.ts";
import { RelayLine } from "./relay-line.ts";

/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 300;
const HINT = "Check address, speed and the wires A and B.";

/** Relay boards on Modbus RTU (Waveshare and kin); the frames stand in modbus-frames.ts. */
export const modbusRtu = powerDriver({
  name: "modbus-rtu",
  options: z.strictObject({
    port: portRef,
    baud_rate: z.int().min(1200).max(1_000_000).default(MODBUS_BAUD_RATE),
    address: z.int().min(1).max(255).default(1).describe("the board's address; Waveshare 1, LCTech 255"),
    coil: z.int().min(0).max(65_535).describe("the relay as the board counts; most count from 0"),
    on_value: z
      .enum(MODBUS_ON_VALUES.map(({ name }) => name))
      .default("ff00")
      .describe("what the board takes for on"),
    status: z
      .strictObject({ first: z.int().min(0).max(65_535).default(0), count: z.int().min(1).max(256).default(8) })
      .prefault({})
      .describe("which coils are asked at once; Waveshare answers only for all"),
    contact: contactOption,
    cuts: cutsOption,
  }),
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "10 ms" }),
  async open({ port, baud_rate, address, coil, on_value, status, contact }, bench) {
    const line = await RelayLine.open(bench, port, { baudRate: baud_rate, gapMs: MODBUS_GAP_MS });
    const onValue = MODBUS_ON_VALUES.find(({ name }) => name === on_value)?.value ?? 0;
    const place = coil - status.first;

    async function ask(request: Uint8Array, signal?: AbortSignal) {
      const { sentAtUs, answer } = await line.ask(request, ANSWER_MS, (bytes) => modbusReply(request, bytes), signal);
      if (answer?.kind !== "refused") return { sentAtUs, answer };
      const why = MODBUS_EXCEPTIONS[answer.exception] ?? "unknown exception";
      throw new BenchError(
        `the Modbus board ${address} on ${line.name} refused: ${why} (${answer.exception}).`,
        "Check coil and status in the profile.",
      );
    }

    return {
      async set(state, signal) {
        const value = energised(state, contact) ? onValue : 0;
        const { sentAtUs, answer } = await ask(modbusWriteCoil(address, coil, value), signal);
        if (answer === undefined) throw line.silence(`the Modbus board ${address}`, HINT);
        return { sentAtUs };
      },
      async read() {
        const { answer } = await ask(modbusReadCoils(address, status.first, status.count));
        const byte = answer?.kind === "coils" && place >= 0 ? answer.bits[place >> 3] : undefined;
        return byte === undefined ? "unknown" : suppliedBy((byte & (1 << (place & 7))) !== 0, contact);
      },
      [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
    };
  },
});
