import { z } from "zod";
import { sleepUntil, textOf } from "../core/index.ts";
import { contactOption, cutsOption, powerDriver } from "./driver.ts";
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
import { portRef } from "./ports.ts";
import { Replies } from "./replies.ts";
import { energised, type PowerState } from "./switch.ts";

/**
 * LCUS-n USB relays; the bytes stand in lcus-frames.ts. Nothing is ever sent that one of the three firmwares could take
 * for a switching command, unless the profile names the firmware: without `variant` the driver only writes ops 00 and
 * 01. The answer of firmware C is not documented; the frame of firmware B is expected, anything else reads as unknown.
 */
export const lcus = powerDriver({
  name: "lcus",
  options: z.strictObject({
    port: portRef,
    channel: z.int().min(1).max(LCUS_CHANNELS_MAX),
    contact: contactOption,
    cuts: cutsOption,
    variant: z.enum(LCUS_VARIANTS).default("write-only").describe("the board's firmware; see lab-hardware 1.2"),
  }),
  facts: ({ cuts, variant }) => ({ cuts, readsBack: variant !== "write-only", latency: "10 ms" }),
  async open({ port, channel, contact, variant }, { links, clock }) {
    const link = await links.open(port, { baudRate: LCUS_BAUD_RATE });
    const replies = new Replies(link, clock);
    let freeAtUs = 0;

    /** The first frame goes at once: it may be the cut. Later ones keep their distance. */
    async function send(bytes: Uint8Array, signal?: AbortSignal): Promise<number> {
      if (clock.nowUs() < freeAtUs) await sleepUntil(clock, freeAtUs, signal);
      try {
        await link.write(bytes, signal);
        return clock.nowUs();
      } finally {
        freeAtUs = clock.nowUs() + LCUS_SPACING_MS * 1000;
      }
    }

    async function read(): Promise<PowerState | "unknown"> {
      replies.clear();
      const query = lcusOp(variant, "query");
      await send(query ? lcusFrame(channel, query.op) : LCUS_STATUS_REQUEST);
      const coil = await replies.reading(LCUS_ANSWER_MS, (bytes) =>
        query ? frameState(bytes, channel) : lcusStatusOf(textOf(bytes), channel),
      );
      if (coil === undefined) return "unknown";
      return (coil === "on") === energised("on", contact) ? "on" : "off";
    }

    return {
      async set(state, signal) {
        return { sentAtUs: await send(lcusFrame(channel, energised(state, contact) ? 1 : 0), signal) };
      },
      read,
      async [Symbol.asyncDispose]() {
        await link[Symbol.asyncDispose]();
        await replies.ended;
      },
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
