import { z } from "zod";
import { ConfigurationError, sleep, textOf } from "../../core/index.ts";
import { cutsOption, powerDriver } from "../driver/driver.ts";
import { portRef } from "../driver/ports.ts";
import { RelayLine } from "../relays/relay-line.ts";
import { PPK2_BAUD_RATE, PPK2_MV, ppk2Command, ppk2Metadata, ppk2Voltage } from "./frames.ts";
import { Ppk2Meter } from "./meter.ts";
import { Ppk2Samples, ppk2Ranges } from "./samples.ts";

/** What is in flight after `stop`, and how long the metadata may take, in milliseconds. */
const DRAIN_MS = 100;
const METADATA_MS = 2_000;
/** The supply where neither profile nor kit says it, in millivolts: of a DK on USB. */
const FALLBACK_MV = 3000;

/**
 * A Power Profiler Kit II as a switch; the bytes stand in ppk2-frames.ts. Opening stops a stream that somebody left on
 * and reads the metadata; mode and voltage are set with the first `on`. Closing does not reset the kit: that would cut
 * the board's power. With `record` it measures from the first `on` until it is closed.
 */
export const ppk2 = powerDriver({
  name: "ppk2",
  options: z.strictObject({
    port: portRef.describe("the kit's first serial port"),
    mode: z.enum(["source", "ampere"]).describe("source: the kit feeds the board; ampere: it stands in the supply"),
    voltage_mv: z
      .int()
      .min(PPK2_MV.min)
      .max(PPK2_MV.max)
      .optional()
      .describe("only for source; a DK on USB runs its SoC at 3000"),
    cuts: cutsOption,
    record: z
      .boolean()
      .default(false)
      .describe("measure the current all the time: current.csv in the run folder, and cuts on its shape"),
  }),
  facts: ({ cuts }) => ({ cuts, readsBack: false, latency: "ms" }),
  async open({ port, mode, voltage_mv, record }, bench) {
    if ((mode === "source") !== (voltage_mv !== undefined)) {
      throw new ConfigurationError(
        `the power driver "ppk2" in mode "${mode}" ${voltage_mv === undefined ? "needs" : "has no"} voltage_mv.`,
        "A source needs a voltage; an ampere meter has none.",
      );
    }
    const meter = new Ppk2Meter();
    const links: typeof bench.links = { open: async (of, how) => meter.tapped(await bench.links.open(of, how)) };
    const line = await RelayLine.open({ ...bench, links }, port, { baudRate: PPK2_BAUD_RATE });
    let prepared = false;
    let metadata: ReadonlyMap<string, string> = new Map();
    await line.introduced(async () => {
      await line.send(ppk2Command("stop"));
      await sleep(bench.clock, DRAIN_MS);
      const { answer } = await line.ask(ppk2Command("metadata"), METADATA_MS, (bytes) => ppk2Metadata(textOf(bytes)));
      if (answer === undefined) {
        throw line.silence("the PPK2", "It has two serial ports: name the first. Unplug it if it is stuck.");
      }
      metadata = answer;
    });
    const startRecording = async () => {
      const volts = voltage_mv ?? (Number(metadata.get("vdd")) || FALLBACK_MV);
      meter.start(new Ppk2Samples(ppk2Ranges(metadata), volts));
      await line.send(ppk2Command("start"));
    };
    return {
      ...(record ? { current: meter } : {}),
      async set(state, signal) {
        const isFirst = !prepared;
        if (state === "on" && !prepared) {
          await line.send(ppk2Command(mode), signal);
          if (voltage_mv !== undefined) await line.send(ppk2Voltage(voltage_mv), signal);
          prepared = true;
        }
        const sentAtUs = await line.send(ppk2Command(state), signal);
        // Mode and voltage are set by now: the kit is not asked to change them while it streams.
        if (record && isFirst && prepared) await startRecording();
        return { sentAtUs };
      },
      async [Symbol.asyncDispose]() {
        // Else the next program finds a port full of samples.
        if (record && prepared) await line.send(ppk2Command("stop")).catch(() => undefined);
        await line[Symbol.asyncDispose]();
      },
    };
  },
});
