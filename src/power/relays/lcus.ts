import { z } from "zod";
import { textOf } from "../../core/index.ts";
import { contactOption, cutsOption, powerDriver } from "../driver/driver.ts";
import { portRef } from "../driver/ports.ts";
import { energised, type PowerState, suppliedBy } from "../driver/switch.ts";
import {
  LCUS_ANSWER_MS,
  LCUS_BAUD_RATE,
  LCUS_CHANNELS_MAX,
  LCUS_SPACING_MS,
  LCUS_STATUS_REQUEST,
  LCUS_VARIANTS,
  LcusDecoder,
  lcusFrame,
  lcusOp,
  lcusStatusOf,
} from "./lcus-frames.ts";
import { RelayLine } from "./relay-line.ts";

/**
 * LCUS-n USB relays; the bytes stand in lcus-frames.ts. Nothing is ever sent that one of the three firmwares could take
 * for a switching command, unless the profile names the firmware: without `variant` the driver only writes ops 00 and
 * 01. Firmware C answers in text; a frame like firmware B's is taken as well, anything else reads as unknown.
 */
export const lcus = powerDriver({
  name: "lcus",
  options: z.strictObject({
    port: portRef,
    channel: z.int().min(1).max(LCUS_CHANNELS_MAX),
    contact: contactOption,
    cuts: cutsOption,
    variant: z.enum(LCUS_VARIANTS).default("write-only").describe("the board's firmware; see docs/power.md"),
  }),
  facts: ({ cuts, variant }) => ({ cuts, readsBack: variant !== "write-only", latency: "10 ms" }),
  async open({ port, channel, contact, variant }, bench) {
    const line = await RelayLine.open(bench, port, { baudRate: LCUS_BAUD_RATE, gapMs: LCUS_SPACING_MS });
    return {
      async set(state, signal) {
        return { sentAtUs: await line.send(lcusFrame(channel, energised(state, contact) ? 1 : 0), signal) };
      },
      async read() {
        const query = lcusOp(variant, "query");
        const question = query ? lcusFrame(channel, query.op) : LCUS_STATUS_REQUEST;
        const { answer } = await line.ask(
          question,
          LCUS_ANSWER_MS,
          (bytes) => (query && frameState(bytes, channel)) ?? lcusStatusOf(textOf(bytes), channel),
        );
        return answer === undefined ? "unknown" : suppliedBy(answer === "on", contact);
      },
      [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
    };
  },
});

function frameState(bytes: Uint8Array, channel: number): PowerState | undefined {
  for (const message of new LcusDecoder().feed(bytes)) {
    if (message.kind === "frame" && message.channel === channel && message.op <= 1)
      return message.op === 1 ? "on" : "off";
  }
  return undefined;
}
