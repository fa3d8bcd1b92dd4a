import { z } from "zod";
import { jsonIn } from "../../core/index.ts";
import { cutsOption, powerDriver, realTimeOnly, secretOf, secretOption } from "../driver/driver.ts";
import { type HttpAnswer, urlOption } from "./http-ask.ts";
import { httpSwitch, httpVerification, shown } from "./http-switch.ts";
import { fieldAt } from "./json-field.ts";

/**
 * Plugs and relays with Tasmota firmware: `/cm?cmnd=Power1 On`. A wrong command or password may be answered with status
 * 200, so only an answer with the relay's state counts. Set `PowerOnState 1` on a bench's plug: it must not stay dark
 * after a blip of the mains. Source: Tasmota documents, pdudaemon tasmota.py; never run on hardware.
 */
export const tasmota = powerDriver({
  name: "tasmota",
  options: z.strictObject({
    url: urlOption.describe("http://NAME, no path"),
    relay: z.int().min(1).max(32).default(1),
    user: z.string().max(100).default("admin"),
    password_env: secretOption.optional(),
    timeout_ms: z.int().min(1).max(600_000).default(5_000),
    cuts: cutsOption,
  }),
  verify: httpVerification,
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "100 ms" }),
  async open({ url, relay, user, password_env, timeout_ms }, bench) {
    realTimeOnly("tasmota", bench.clock);
    const secret = password_env === undefined ? undefined : secretOf(bench, password_env);
    const command = (words: string) => {
      const query = new URLSearchParams({ cmnd: words });
      if (secret !== undefined)
        for (const [key, value] of [
          ["user", user],
          ["password", secret],
        ] as const)
          query.set(key, value);
      return { method: "GET", url: new URL(`/cm?${query.toString().replaceAll("+", "%20")}`, url).href } as const;
    };
    /** A device with one relay leaves its number out. */
    const stateOf = ({ text }: HttpAnswer) => {
      const answer = jsonIn(text);
      const said = fieldAt(answer, `POWER${relay}`) ?? (relay === 1 ? fieldAt(answer, "POWER") : undefined);
      if (said !== "ON" && said !== "OFF") return "unknown";
      return said === "ON" ? "on" : "off";
    };
    const plan = {
      device: `the Tasmota at ${new URL(url).origin}`,
      set: (state: "on" | "off") => command(`Power${relay} ${state === "on" ? "On" : "Off"}`),
      refusal: (answer: HttpAnswer, state: "on" | "off") =>
        stateOf(answer) === state ? undefined : `it answered ${shown(answer.text)}`,
      status: command(`Power${relay}`),
      stateOf,
    };
    return httpSwitch(plan, bench, { timeoutMs: timeout_ms });
  },
});
