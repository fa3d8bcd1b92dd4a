import { z } from "zod";
import { compilePattern, defined, jsonIn } from "../../core/index.ts";
import { cutsOption, powerDriver, realTimeOnly, secretOf, secretOption } from "../driver/driver.ts";
import { isPattern, patternOption } from "../driver/pattern.ts";
import { type HttpRequest, httpOptions, loginOf, urlOption } from "./http-ask.ts";
import { httpSwitch, httpVerification, shown } from "./http-switch.ts";
import { fieldAt } from "./json-field.ts";

const scalar = z.union([z.string().max(200), z.number(), z.boolean()]);

const ask = {
  method: z.enum(["GET", "POST", "PUT"]).default("GET"),
  url: urlOption,
  headers: z.record(z.string().max(100), z.string().max(1000)).optional(),
  headers_env: z.record(z.string().max(100), secretOption).optional().describe("headers whose values are secrets"),
  body: z.string().max(10_000).optional(),
};
const asked = z.strictObject(ask);
type Asked = z.output<typeof asked>;

const field = z.string().min(1).max(200).describe("a JSON field: names and places with dots between");

/**
 * Any switch behind a web server. A command is checked by `expect`, and by `status` when there is one.
 * Modelled on labgrid's HttpDigitalOutput.
 */
export const http = powerDriver({
  name: "http",
  options: z.strictObject({
    on: asked,
    off: asked,
    status: z
      .strictObject({
        ...ask,
        field: field.optional().describe("without it, on and off are patterns for the whole text"),
        on: scalar,
        off: scalar,
      })
      .refine(({ field, on, off }) => field !== undefined || [on, off].every((wanted) => isPattern(String(wanted))), {
        error: "without a field, on and off must be regular expressions",
      })
      .optional(),
    expect: z.strictObject({ field, value: scalar }).optional().describe("what an answer to on and off must hold"),
    fail_text: patternOption.optional().describe("text in an answer that means failure whatever its status"),
    ok_status: z.array(z.int().min(200).max(599)).min(1).max(20).default([200]),
    ...httpOptions,
    cuts: cutsOption,
  }),
  verify: httpVerification,
  facts: ({ cuts, status }) => ({ cuts, readsBack: status !== undefined, latency: "unknown" }),
  async open(options, bench) {
    realTimeOnly("http", bench.clock);
    const { status, expect } = options;
    const requestOf = ({ method, url, headers, headers_env, body }: Asked): HttpRequest => {
      const secrets = Object.entries(headers_env ?? {}).map(([name, from]) => [name, secretOf(bench, from)] as const);
      const all = { ...headers, ...Object.fromEntries(secrets) };
      return { method, url, headers: all, ...defined({ body }) };
    };
    const failText = options.fail_text === undefined ? undefined : compilePattern(options.fail_text);
    const requests = { on: requestOf(options.on), off: requestOf(options.off) };
    const plan = {
      device: `the switch at ${new URL(options.on.url).origin}`,
      okStatus: options.ok_status,
      set: (state: "on" | "off") => requests[state],
      status: status && requestOf(status),
      refusal: ({ text }: { readonly text: string }) => {
        const met = expect === undefined || fieldAt(jsonIn(text), expect.field) === expect.value;
        return met && !failText?.test(text) ? undefined : `it answered ${shown(text)}`;
      },
      stateOf: ({ text }: { readonly text: string }) => {
        if (!status) return "unknown";
        const is = (wanted: string | number | boolean) =>
          status.field === undefined
            ? compilePattern(String(wanted)).test(text)
            : fieldAt(jsonIn(text), status.field) === wanted;
        const [on, off] = [is(status.on), is(status.off)];
        if (on === off) return "unknown";
        return on ? "on" : "off";
      },
    } as const;
    return httpSwitch(plan, bench, {
      timeoutMs: options.timeout_ms,
      login: loginOf(options.auth, bench),
      insecureTls: options.tls_insecure,
    });
  },
});
