import { z } from "zod";
import { cutsOption, powerDriver } from "../driver/driver.ts";
import { programSwitch } from "./program-switch.ts";

/** The words of libgpiod's `gpioset` that set a line and end at once. Source: its manual pages, 1.6 and 2.x. */
const GPIOSET_WORDS = {
  1: (chip: string, line: string) => ["--mode=exit", chip, line],
  2: (chip: string, line: string) => ["-t", "0", "-c", chip, line],
} as const;

/**
 * A line of a GPIO chip, by libgpiod's `gpioset`, which ends at once: many chips keep a line that nobody holds as it
 * was, but none promises it. Try yours before you trust it. Not read back: asking would turn the line into an input.
 */
export const gpio = powerDriver({
  name: "gpio",
  options: z.strictObject({
    chip: z.string().regex(/^(\/dev\/)?gpiochip[0-9]+$/, { error: "expected a chip like gpiochip0" }),
    line: z.int().min(0).max(1023),
    on_level: z.literal([0, 1]).describe("the level at which the board has power"),
    libgpiod: z.literal([1, 2]).describe("which generation of the tools: gpioset --version"),
    program: z.string().min(1).max(4096).default("gpioset"),
    timeout_ms: z.int().min(1).max(600_000).default(5_000),
    cuts: cutsOption,
  }),
  facts: ({ cuts }) => ({ cuts, readsBack: false, latency: "10 ms" }),
  async open({ chip, line, on_level, libgpiod, program, timeout_ms }, bench) {
    const to = (level: number) => [program, ...GPIOSET_WORDS[libgpiod](chip, `${line}=${level}`)];
    return programSwitch({ driver: "gpio", on: to(on_level), off: to(1 - on_level), timeoutMs: timeout_ms }, bench);
  },
});
