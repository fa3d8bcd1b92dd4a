import { BenchError } from "../../core/index.ts";
import type { OpenedSwitch, PowerBench, Verification } from "../driver/driver.ts";
import type { PowerState } from "../driver/switch.ts";
import { addressText, type HttpAnswer, HttpAsker, type HttpLogin, type HttpRequest } from "./http-ask.ts";

/** How one kind of device is switched and asked. */
interface HttpPlan {
  /** For people: "the Shelly at http://plug-7". */
  readonly device: string;
  readonly set: (state: PowerState) => HttpRequest;
  /** What is wrong with the answer to a command; undefined when it was taken. */
  readonly refusal: (answer: HttpAnswer, state: PowerState) => string | undefined;
  readonly status?: HttpRequest | undefined;
  readonly stateOf: (answer: HttpAnswer) => PowerState | "unknown";
  readonly okStatus?: readonly number[];
}

const LAG_MS_MAX = 5_000;

/** Relays behind a web server lag; they are asked until they agree, or until the profile's patience ends. */
export function httpVerification({ timeout_ms }: { readonly timeout_ms: number }): Verification {
  return { limitMs: Math.min(timeout_ms, LAG_MS_MAX), everyMs: 200 };
}

const TEXT_SHOWN_MAX = 200;

/** A switch by a plan. What counts as the moment of a command is that its request had left. */
export function httpSwitch(
  plan: HttpPlan,
  bench: PowerBench,
  line: { readonly timeoutMs: number; readonly login?: HttpLogin | undefined; readonly insecureTls?: boolean },
): OpenedSwitch {
  const asker = new HttpAsker({ clock: bench.clock, ...line });

  async function ask(request: HttpRequest): Promise<HttpAnswer> {
    const answer = await asker.ask(request);
    if ((plan.okStatus ?? [200]).includes(answer.status)) return answer;
    const hint =
      answer.status === 401 || answer.status === 403
        ? "Check auth in the profile, and the variable with the password."
        : "Check the address and the number of the outlet.";
    throw new BenchError(`${plan.device} answered ${addressText(request.url)} with status ${answer.status}.`, hint);
  }

  return {
    async set(state, signal) {
      signal?.throwIfAborted();
      const answer = await ask(plan.set(state));
      const refusal = plan.refusal(answer, state);
      if (refusal === undefined) return { sentAtUs: answer.sentAtUs };
      throw new BenchError(
        `${plan.device} refused "${state}": ${refusal}.`,
        "Check the outlet's number and its settings.",
      );
    },
    async read() {
      return plan.status ? plan.stateOf(await ask(plan.status)) : "unknown";
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** The beginning of an answer, for an error. */
export function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line === "" ? "an empty answer" : `"${line.slice(0, TEXT_SHOWN_MAX)}"`;
}
