import { z } from "zod";
import { ConfigurationError } from "../../core/index.ts";
import { contactOption, cutsOption, powerDriver } from "../driver/driver.ts";
import { portRef } from "../driver/ports.ts";
import { energised, suppliedBy } from "../driver/switch.ts";
import {
  KMTRONIC_BAUD_RATE,
  KMTRONIC_BOARDS,
  kmtronicAnswer,
  kmtronicQuestion,
  kmtronicSet,
} from "./kmtronic-frames.ts";
import { RelayLine } from "./relay-line.ts";

/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 200;

/** KMTronic USB relay boards; the bytes stand in kmtronic-frames.ts. The Modbus kind of the board is `modbus-rtu`. */
export const kmtronic = powerDriver({
  name: "kmtronic",
  options: z.strictObject({
    port: portRef,
    channels: z.literal(KMTRONIC_BOARDS.map(({ channels }) => channels)).describe("relays on the board: 1, 2, 4 or 8"),
    channel: z.int().min(1).max(8),
    contact: contactOption,
    cuts: cutsOption,
  }),
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "10 ms" }),
  async open({ port, channels, channel, contact }, bench) {
    if (channel > channels) {
      throw new ConfigurationError(`channel ${channel} of a KMTronic board with ${channels}.`, "Correct the profile.");
    }
    const line = await RelayLine.open(bench, port, { baudRate: KMTRONIC_BAUD_RATE });
    return {
      async set(state, signal) {
        return { sentAtUs: await line.send(kmtronicSet(channel, energised(state, contact)), signal) };
      },
      async read() {
        const { answer } = await line.ask(kmtronicQuestion(channels, channel), ANSWER_MS, (bytes) =>
          kmtronicAnswer(channels, channel, bytes),
        );
        return answer === undefined ? "unknown" : suppliedBy(answer, contact);
      },
      [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
    };
  },
});
