import { z } from "zod";
import { ConfigurationError, textOf, utf8 } from "../../core/index.ts";
import { contactOption, cutsOption, powerDriver } from "../driver/driver.ts";
import { portRef } from "../driver/ports.ts";
import { energised, suppliedBy } from "../driver/switch.ts";
import {
  NUMATO_BAUD_RATE,
  NUMATO_NAMINGS,
  NUMATO_RESYNC,
  numatoAnswer,
  numatoCommand,
  numatoRelayName,
} from "./numato-text.ts";
import { RelayLine } from "./relay-line.ts";

/** How long the prompt may take, in milliseconds (pdudaemon waits as long). */
const PROMPT_MS = 1_000;
const NO_PROMPT = "Check that the port is the module's, and that no other program has it open.";

/** Numato relay modules; the lines stand in numato-text.ts. What it reads back is the logic, not the coil's supply. */
export const numato = powerDriver({
  name: "numato",
  options: z.strictObject({
    port: portRef,
    relays: z.literal([1, 2, 4, 8, 16, 32, 64]).describe("relays on the module"),
    relay: z.int().min(0).max(63).describe("which one, from 0"),
    naming: z
      .enum(NUMATO_NAMINGS.map(({ name }) => name))
      .optional()
      .describe("how the module calls its relays; default: by its size"),
    contact: contactOption,
    cuts: cutsOption,
  }),
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "10 ms" }),
  async open({ port, relays, relay, naming, contact }, bench) {
    const name = numatoRelayName(relay, relays, naming);
    if (name === undefined) {
      throw new ConfigurationError(
        `a Numato module with ${relays} relays has no relay ${relay}.`,
        "They count from 0.",
      );
    }
    const line = await RelayLine.open(bench, port, { baudRate: NUMATO_BAUD_RATE });
    let inStep = true;

    /** After a command without a prompt, the next one first waits for a prompt: half a line may be standing there. */
    async function say(command: string, signal?: AbortSignal) {
      if (!inStep) await resync();
      inStep = false;
      const { sentAtUs, answer } = await line.ask(
        utf8(command),
        PROMPT_MS,
        (bytes) => numatoAnswer(textOf(bytes), command),
        signal,
      );
      inStep = answer !== undefined;
      return { sentAtUs, lines: answer };
    }
    async function resync(): Promise<void> {
      const { answer } = await line.ask(utf8(NUMATO_RESYNC), PROMPT_MS, (bytes) => numatoAnswer(textOf(bytes), ""));
      if (answer === undefined) throw line.silence("the Numato module", NO_PROMPT);
      inStep = true;
    }

    await line.introduced(resync);
    return {
      async set(state, signal) {
        const verb = energised(state, contact) ? "on" : "off";
        const { sentAtUs, lines } = await say(numatoCommand(verb, name), signal);
        if (lines === undefined) throw line.silence("the Numato module", NO_PROMPT);
        return { sentAtUs };
      },
      async read() {
        const { lines = [] } = await say(numatoCommand("read", name));
        const [said, ...more] = lines.filter((text) => text === "on" || text === "off");
        return said === undefined || more.length > 0 ? "unknown" : suppliedBy(said === "on", contact);
      },
      [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
    };
  },
});
