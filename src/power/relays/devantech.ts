import { z } from "zod";
import { BenchError, ConfigurationError } from "../../core/index.ts";
import { contactOption, cutsOption, powerDriver } from "../driver/driver.ts";
import { portRef } from "../driver/ports.ts";
import { energised, suppliedBy } from "../driver/switch.ts";
import { DEVANTECH_BAUD_RATE, DEVANTECH_MODULES, devantechCommand } from "./devantech-frames.ts";
import { RelayLine } from "./relay-line.ts";

/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 250;

/** Devantech USB-RLY modules; the bytes stand in devantech-frames.ts. Opening asks which module it is. */
export const devantech = powerDriver({
  name: "devantech",
  options: z.strictObject({
    port: portRef,
    module: z.enum(DEVANTECH_MODULES.map(({ name }) => name)),
    relay: z.int().min(1).max(8),
    contact: contactOption,
    cuts: cutsOption,
  }),
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "10 ms" }),
  async open({ port, module, relay, contact }, bench) {
    const row = DEVANTECH_MODULES.find(({ name }) => name === module);
    if (row === undefined || relay > row.relays) {
      throw new ConfigurationError(`relay ${relay} of a Devantech ${module}.`, `It has ${row?.relays} relays.`);
    }
    const line = await RelayLine.open(bench, port, { baudRate: DEVANTECH_BAUD_RATE });
    await line.introduced(async () => {
      const { answer } = await line.ask(devantechCommand("identify"), ANSWER_MS, (bytes) =>
        bytes.length >= 2 ? bytes[0] : undefined,
      );
      if (answer === undefined) throw line.silence(`the Devantech ${module}`, "Check that the port is the module's.");
      if (answer === row.id) return;
      const found = DEVANTECH_MODULES.find(({ id }) => id === answer)?.name ?? `no module known here`;
      throw new BenchError(
        `${line.name} is no Devantech ${module}: it gives its number as ${answer} (${found}), not ${row.id}.`,
        "Correct the port or the module in the profile.",
      );
    });
    return {
      async set(state, signal) {
        const command = devantechCommand(energised(state, contact) ? "on" : "off", relay);
        return { sentAtUs: await line.send(command, signal) };
      },
      async read() {
        const { answer } = await line.ask(devantechCommand("states"), ANSWER_MS, (bytes) =>
          bytes.length === 1 ? bytes[0] : undefined,
        );
        if (answer === undefined || answer >= 1 << row.relays) return "unknown";
        return suppliedBy((answer & (1 << (relay - 1))) !== 0, contact);
      },
      [Symbol.asyncDispose]: () => line[Symbol.asyncDispose](),
    };
  },
});
