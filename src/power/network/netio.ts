import { z } from "zod";
import { jsonIn } from "../../core/index.ts";
import { cutsOption, powerDriver, realTimeOnly } from "../driver/driver.ts";
import type { PowerState } from "../driver/switch.ts";
import { type HttpAnswer, httpOptions, loginOf, urlOption } from "./http-ask.ts";
import { httpSwitch, httpVerification, shown } from "./http-switch.ts";
import { fieldAt } from "./json-field.ts";

/** Actions of an output in `netio.json`; short ones (2, 3) and toggle (4) are not used. */
const ACTIONS = { off: 0, on: 1 } as const;

/**
 * NETIO 4x sockets by their JSON interface. A write that was rejected may be answered with an ordinary status: only the
 * state that is read afterwards counts. Source: pdudaemon drivers/netiojson.py; never run on hardware.
 */
export const netio = powerDriver({
  name: "netio",
  options: z.strictObject({
    url: urlOption.describe("http://NAME, no path"),
    output: z.int().min(1).max(32),
    ...httpOptions,
    cuts: cutsOption,
  }),
  verify: httpVerification,
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "100 ms" }),
  async open({ url, output, auth, timeout_ms, tls_insecure }, bench) {
    realTimeOnly("netio", bench.clock);
    const address = new URL("/netio.json", url).href;
    const plan = {
      device: `the NETIO at ${new URL(url).origin}`,
      set: (state: PowerState) => ({
        method: "POST" as const,
        url: address,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ Outputs: [{ ID: output, Action: ACTIONS[state] }] }),
      }),
      refusal: (answer: HttpAnswer) =>
        stateOfOutput(answer.text, output) === undefined ? `it answered ${shown(answer.text)}` : undefined,
      status: { method: "GET", url: address },
      stateOf: ({ text }: HttpAnswer) => {
        const state = stateOfOutput(text, output);
        if (state !== 0 && state !== 1) return "unknown";
        return state === 1 ? "on" : "off";
      },
    } as const;
    return httpSwitch(plan, bench, {
      timeoutMs: timeout_ms,
      login: loginOf(auth, bench),
      insecureTls: tls_insecure,
    });
  },
});

/** `State` of the output with that ID; undefined when the answer does not list it. */
function stateOfOutput(text: string, output: number): unknown {
  const outputs = fieldAt(jsonIn(text), "Outputs");
  if (!Array.isArray(outputs)) return undefined;
  return fieldAt(
    outputs.find((row) => fieldAt(row, "ID") === output),
    "State",
  );
}
