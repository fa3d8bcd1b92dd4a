import { z } from "zod";
import { BenchError } from "../../core/index.ts";
import { contactOption, cutsOption, powerDriver } from "../driver/driver.ts";
import { portRef } from "../driver/ports.ts";
import { energised, suppliedBy } from "../driver/switch.ts";
import {
  CONRAD_BAUD_RATE,
  CONRAD_FRAME_BYTES,
  type ConradCommand,
  conradAnswer,
  conradFrame,
} from "./conrad-frames.ts";
import { RelayLine } from "./relay-line.ts";

/** How long an answer may take, in milliseconds (pdudaemon gives it 100). */
const ANSWER_MS = 200;
const HINT = "Check port, card and supply of the relay card.";

/** Conrad 197720/197730 relay cards; the bytes stand in conrad-frames.ts. */
export const conrad = powerDriver({
  name: "conrad",
  options: z.strictObject({
    port: portRef,
    card: z.int().min(1).max(255).default(1).describe("place in the chain, from 1"),
    relay: z.int().min(1).max(8),
    contact: contactOption,
    cuts: cutsOption,
  }),
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "10 ms" }),
  async open({ port, card, relay, contact }, bench) {
    const line = await RelayLine.open(bench, port, { baudRate: CONRAD_BAUD_RATE });
    const board = `the Conrad card ${card}`;

    async function say(name: ConradCommand, data = 0, signal?: AbortSignal) {
      const frame = conradFrame(name, card, data);
      const said = await line.ask(frame, ANSWER_MS, (bytes) => conradAnswer(name, card, bytes), signal);
      if (said.answer?.kind !== "refused") return said;
      throw new BenchError(
        `${board} on ${line.name} refused "${name}".`,
        "Switch the card off and on; see its manual.",
      );
    }
    /** A card that was set up answers at once; SETUP is only sent to one that does not, when its relays are off. */
    async function setUp(): Promise<void> {
      if ((await say("get")).answer) return;
      for (let byte = 0; byte < CONRAD_FRAME_BYTES; byte++) {
        const { answer } = await line.ask(Uint8Array.of(0), ANSWER_MS, (bytes) =>
          bytes.length >= CONRAD_FRAME_BYTES ? true : undefined,
        );
        if (answer) break;
      }
      await line.ask(conradFrame("setup", 1), ANSWER_MS, (bytes) => conradAnswer("setup", card, bytes));
      if (!(await say("get")).answer) throw line.silence(board, HINT);
    }

    await line.introduced(setUp);
    return {
      async set(state, signal) {
        const mask = 1 << (relay - 1);
        const { sentAtUs, answer } = await say(energised(state, contact) ? "on" : "off", mask, signal);
        if (answer === undefined) throw line.silence(board, HINT);
        return { sentAtUs };
      },
      async read() {
        const { answer } = await say("get");
        return answer?.kind === "states" ? suppliedBy((answer.bits & (1 << (relay - 1))) !== 0, contact) : "unknown";
      },
      [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
    };
  },
});
