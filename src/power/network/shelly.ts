import { z } from "zod";
import { jsonIn } from "../../core/index.ts";
import { cutsOption, powerDriver, realTimeOnly, secretOf, secretOption } from "../driver/driver.ts";
import type { PowerState } from "../driver/switch.ts";
import { type HttpAnswer, type HttpRequest, urlOption } from "./http-ask.ts";
import { httpSwitch, httpVerification, shown } from "./http-switch.ts";
import { fieldAt } from "./json-field.ts";

interface ShellyGeneration {
  readonly generation: 1 | 2;
  readonly auth: "basic" | "digest";
  readonly set: (relay: number, state: PowerState) => Omit<HttpRequest, "url"> & { readonly path: string };
  readonly status: (relay: number) => string;
  /** The field that says whether the relay is closed, in the answer to `status`. */
  readonly field: string;
  /** A field that the answer to a command has when it was taken. */
  readonly taken: string;
  readonly source: string;
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const JSON_TYPE = { "content-type": "application/json" };

/** Relays count from 0. Source: Shelly's API documents, labgrid's shelly drivers; never run on hardware. */
const GENERATIONS: readonly ShellyGeneration[] = [
  {
    generation: 1,
    auth: "basic",
    set: (relay, state) => ({ method: "POST", path: `/relay/${relay}`, headers: FORM, body: `turn=${state}` }),
    status: (relay) => `/relay/${relay}`,
    field: "ison",
    taken: "ison",
    source: "Gen1 HTTP API; labgrid shelly_gen1",
  },
  {
    generation: 2,
    auth: "digest",
    set: (relay, state) => ({
      method: "POST",
      path: "/rpc",
      headers: JSON_TYPE,
      body: JSON.stringify({ id: 1, method: "Switch.Set", params: { id: relay, on: state === "on" } }),
    }),
    status: (relay) => `/rpc/Switch.GetStatus?id=${relay}`,
    field: "output",
    // `was_on` is the state before: it only proves that the command was taken.
    taken: "result.was_on",
    source: "Gen2+ RPC over HTTP; labgrid shelly_gen2",
  },
];

/** Shelly plugs and relays, generation 1, and 2 and later. */
export const shelly = powerDriver({
  name: "shelly",
  options: z.strictObject({
    url: urlOption.describe("http://NAME, no path"),
    generation: z.literal([1, 2]).describe("2 also stands for later ones"),
    relay: z.int().min(0).max(15).default(0).describe("counts from 0"),
    user: z.string().max(100).default("admin"),
    password_env: secretOption.optional(),
    timeout_ms: z.int().min(1).max(600_000).default(5_000),
    cuts: cutsOption,
  }),
  verify: httpVerification,
  facts: ({ cuts }) => ({ cuts, readsBack: true, latency: "100 ms" }),
  async open({ url, generation, relay, user, password_env, timeout_ms }, bench) {
    realTimeOnly("shelly", bench.clock);
    const row = GENERATIONS.find((known) => known.generation === generation) as ShellyGeneration;
    const login =
      password_env === undefined ? undefined : { type: row.auth, user, password: secretOf(bench, password_env) };
    const plan = {
      device: `the Shelly at ${new URL(url).origin}`,
      set: (state: PowerState) => {
        const { path, ...request } = row.set(relay, state);
        return { ...request, url: new URL(path, url).href };
      },
      refusal: ({ text }: HttpAnswer) =>
        typeof fieldAt(jsonIn(text), row.taken) === "boolean" ? undefined : `it answered ${shown(text)}`,
      status: { method: "GET", url: new URL(row.status(relay), url).href },
      stateOf: ({ text }: HttpAnswer) => {
        const on = fieldAt(jsonIn(text), row.field);
        if (typeof on !== "boolean") return "unknown";
        return on ? "on" : "off";
      },
    } as const;
    return httpSwitch(plan, bench, { timeoutMs: timeout_ms, login });
  },
});
