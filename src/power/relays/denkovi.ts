import { z } from "zod";
import { textOf, utf8 } from "../../core/index.ts";
import { contactOption, cutsOption, powerDriver } from "../driver/driver.ts";
import { portRef } from "../driver/ports.ts";
import { energised } from "../driver/switch.ts";
import { RelayLine } from "./relay-line.ts";

const BAUD_RATE = 9_600;
/** How long the echo may take, in milliseconds. */
const ECHO_MS = 250;

/** One command: the relay in two digits, what to do, two slashes. */
export function denkoviCommand(relay: number, on: boolean): string {
  return `${String(relay).padStart(2, "0")}${on ? "+" : "-"}//`;
}

/**
 * Denkovi 16-channel relay boards with a virtual COM port (FT232R, 9600 8N1). The board echoes a command as its
 * acknowledgement; the two bytes it answers to `ask//` are not documented well enough to be read.
 * The 4- and 8-channel boards are bit-bang FTDI chips: drive them with `command`.
 * Source: a third-party driver; never run on hardware.
 */
export const denkovi = powerDriver({
  name: "denkovi",
  options: z.strictObject({
    port: portRef,
    relay: z.int().min(1).max(16),
    contact: contactOption,
    cuts: cutsOption,
  }),
  facts: ({ cuts }) => ({ cuts, readsBack: false, latency: "10 ms" }),
  async open({ port, relay, contact }, bench) {
    const line = await RelayLine.open(bench, port, { baudRate: BAUD_RATE });
    return {
      async set(state, signal) {
        const command = denkoviCommand(relay, energised(state, contact));
        const { sentAtUs, answer } = await line.ask(
          utf8(command),
          ECHO_MS,
          (bytes) => (textOf(bytes).includes(command) ? true : undefined),
          signal,
        );
        if (!answer) throw line.silence("the Denkovi board", "It echoes what it takes: check port and supply.");
        return { sentAtUs };
      },
      [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
    };
  },
});
