import { z } from "zod";
import { BenchError, type Clock, ConfigurationError, sleep } from "../../core/index.ts";
import { cutsOption, type OpenedSwitch, powerDriver } from "../driver/driver.ts";
import { portName, portRef } from "../driver/ports.ts";
import type { ArmedCut, CutOrder, OwnCut, PowerState } from "../driver/switch.ts";
import { type CutterEvent, CutterLine } from "./line.ts";
import { CUTTER_MAGIC, CUTTER_VERSION, DELAY_US_MAX, PATTERN_BYTES_MAX } from "./messages.ts";

/** A USB port has no baud rate; the library wants one. */
const BAUD_RATE = 115_200;
/** Questions that tell the clocks' distance, before a cut is armed and after it was made. */
const CLOCK_QUESTIONS = 5;
/** Lists of moments of a cutter may be an hour long; orders are not. */
const LIMIT_MS_MAX = 3_600_000;
/** The TX pin that MicroPython's rp2 port gives each UART when none is named; by UART. */
const UART_TX_PINS = { 0: 0, 1: 4 } as const;
const RESTORED_BECAUSE = ["it was told to", "the off time was over", "the host was silent"] as const;

/**
 * A Raspberry Pi Pico with the program of firmware-fixtures/cutter between the board and its supply: switches at once
 * as any other, and cuts by itself when it has seen a pattern on the board's TX line. Power that is off stays off only
 * while this driver lives: it speaks up several times within `watchdog_ms`.
 */
export const cutter = powerDriver({
  name: "cutter",
  options: z.strictObject({
    port: portRef.describe("the Pico's USB serial port"),
    pin: z.int().min(0).max(29).describe("GPIO that drives the MOSFET or relay"),
    on_level: z.literal([0, 1]).describe("level of that pin while the board has power"),
    uart: z.literal([0, 1]).default(0).describe("the Pico's UART that listens to the board"),
    rx_pin: z.int().min(0).max(29).default(1).describe("GPIO where the board's TX line comes in"),
    uart_baud_rate: z.int().min(1200).max(1_000_000).default(115_200).describe("of the board's TX line"),
    watchdog_ms: z
      .int()
      .min(500)
      .max(60_000)
      .default(3000)
      .describe("power comes back when the host was silent for this long"),
    cuts: cutsOption,
  }),
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "ms" }),
  async open(options, { links, clock }) {
    const taken = [options.rx_pin, UART_TX_PINS[options.uart]];
    if (taken.includes(options.pin)) {
      throw new ConfigurationError(
        `the power driver "cutter": pin ${options.pin} belongs to the Pico's UART ${options.uart}.`,
        `Drive the switch from another pin than ${taken.join(" and ")}.`,
      );
    }
    const link = await links.open(options.port, { baudRate: BAUD_RATE });
    const line = new CutterLine(link, portName(options.port), clock);
    try {
      await greet(line);
      await line.ask("setup", {
        pin: options.pin,
        onLevel: options.on_level,
        uart: options.uart,
        rxPin: options.rx_pin,
        baudRate: options.uart_baud_rate,
        watchdogMs: options.watchdog_ms,
      });
    } catch (error) {
      await line[Symbol.asyncDispose]();
      throw error;
    }
    return new OpenedCutter(line, clock, options.watchdog_ms);
  },
});

async function greet(line: CutterLine): Promise<void> {
  const answer = await line.ask("hello", { magic: CUTTER_MAGIC, version: CUTTER_VERSION });
  if (answer.name === "iam" && answer.fields.version === CUTTER_VERSION) return;
  const version = answer.name === "iam" ? answer.fields.version : "none";
  throw new BenchError(
    `the cutter on ${line.name} speaks version ${version} of its messages, hil ${CUTTER_VERSION}.`,
    "Copy the program of firmware-fixtures/cutter to the Pico again (docs/cutter.md).",
  );
}

class OpenedCutter implements OpenedSwitch {
  readonly #line: CutterLine;
  readonly #clock: Clock;
  readonly #watchdogMs: number;
  #cut = 0;
  #keeping: AbortController | undefined;

  constructor(line: CutterLine, clock: Clock, watchdogMs: number) {
    this.#line = line;
    this.#clock = clock;
    this.#watchdogMs = watchdogMs;
  }

  async set(state: PowerState, signal: AbortSignal | undefined): Promise<{ readonly sentAtUs: number }> {
    const fromUs = this.#clock.nowUs();
    const answer = await this.#line.ask("set", { on: state === "on" ? 1 : 0 }, signal);
    if (state === "on") this.#rest();
    else this.#keepAwake();
    const saidUs = answer.name === "done" ? this.#line.clocks.toBench(answer.fields.atUs).atUs : fromUs;
    return { sentAtUs: Math.min(Math.max(saidUs, fromUs), this.#clock.nowUs()) };
  }

  async read(): Promise<PowerState | "unknown"> {
    const answer = await this.#line.ask("ask", {});
    if (answer.name !== "state") return "unknown";
    return answer.fields.on === 1 ? "on" : "off";
  }

  async arm(order: CutOrder, signal: AbortSignal | undefined): Promise<ArmedCut> {
    const { when, delayUs, offMsMax, limitMs } = order;
    const pattern = "pattern" in when ? when.pattern : new Uint8Array();
    if (pattern.length > PATTERN_BYTES_MAX || delayUs > DELAY_US_MAX) {
      throw new ConfigurationError(
        `the cutter takes patterns of up to ${PATTERN_BYTES_MAX} bytes and delays of up to ${DELAY_US_MAX} µs.`,
        "Shorten the pattern or the delay.",
      );
    }
    if ("atUs" in when) await this.#compareClocks();
    this.#cut = (this.#cut % 0xffff) + 1;
    const cut = this.#cut;
    const made = this.#report(cut, order);
    made.catch(() => undefined);
    await this.#line.ask(
      "arm",
      {
        cut,
        pattern,
        toLineEnd: "pattern" in when && when.toLineEnd ? 1 : 0,
        fromUs: "atUs" in when ? Math.max(1, this.#line.clocks.toCutter(when.atUs)) : 0,
        delayUs: Math.max(0, Math.round(delayUs)),
        offMs: Math.ceil(offMsMax),
        limitMs: Math.min(Math.ceil(limitMs), LIMIT_MS_MAX),
      },
      signal,
    );
    this.#keepAwake();
    return { made, disarm: async () => void (await this.#line.ask("disarm", {})) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#rest();
    try {
      if (!this.#line.gone.aborted) await this.#line.ask("bye", {});
    } catch {
      // A cutter that does not say goodbye gives power back by its watchdog.
    }
    await this.#line[Symbol.asyncDispose]();
  }

  /** What the cutter says about its cut number `cut`. */
  async #report(cut: number, { when, delayUs }: CutOrder): Promise<OwnCut> {
    const event = await this.#line.about(cut);
    if (event.name !== "fired") throw this.#notCut(event);
    await this.#compareClocks();
    const { clocks } = this.#line;
    const { matchUs, cutUs, gapUs } = event.fields;
    const made = clocks.toBench(cutUs);
    const waited = "pattern" in when;
    const lateUs = waited ? cutUs - matchUs - delayUs : made.atUs - when.atUs - delayUs;
    return {
      matchUs: waited ? made.atUs - (cutUs - matchUs) : undefined,
      cutUs: made.atUs,
      uncertaintyUs: made.uncertaintyUs + (waited ? gapUs : 0),
      lateUs: Math.round(lateUs),
    };
  }

  #notCut(event: CutterEvent): BenchError {
    const why =
      event.name === "restored"
        ? `it gave up because ${RESTORED_BECAUSE[event.fields.why as 0 | 1 | 2] ?? "of something new"}`
        : `what it waits for did not come (${"heard" in event.fields ? event.fields.heard : 0} bytes heard)`;
    return new BenchError(
      `the cutter made no cut: ${why}.`,
      "Check that the board's TX line reaches the Pico's RX pin, the baud rate, and the pattern.",
    );
  }

  async #compareClocks(): Promise<void> {
    for (let question = 0; question < CLOCK_QUESTIONS; question += 1) await this.#line.ask("ping", {});
  }

  /** Says "I am here" until `#rest`: only then does the cutter keep power away. */
  #keepAwake(): void {
    if (this.#keeping) return;
    const keeping = new AbortController();
    this.#keeping = keeping;
    void this.#speakUp(AbortSignal.any([keeping.signal, this.#line.gone]));
  }

  async #speakUp(over: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await sleep(this.#clock, this.#watchdogMs / 5, over);
        await this.#line.ask("ping", {});
      }
    } catch {
      // It is over, or the cutter is silent: then whoever uses it next is told.
    }
  }

  #rest(): void {
    this.#keeping?.abort();
    this.#keeping = undefined;
  }
}
