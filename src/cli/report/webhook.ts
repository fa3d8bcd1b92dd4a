import { createHmac } from "node:crypto";
import { type Clock, messageOf, sleep, within } from "../../core/index.ts";

/** Waits between the tries of one delivery, in seconds. */
const WAITS_S = [1, 4, 10] as const;
const TRY_MS = 8_000;

export interface Delivery {
  readonly url: URL;
  /** Key of the signature; undefined: the message goes unsigned. */
  readonly secret: Uint8Array | undefined;
  /** The same for all tries of one message: a receiver that has it already drops the second. */
  readonly id: string;
  readonly body: string;
  readonly hil: string;
}

/** One try, as `fetch` has it. */
export type Post = (
  url: URL,
  init: { headers: Record<string, string>; body: string; signal: AbortSignal },
) => Promise<number>;

/**
 * Sends a message, and sends it again where the receiver could not be reached, was busy or failed: at most four times
 * in under a minute.
 * @param timestampS seconds since 1970, asked for at each try: a receiver refuses an old one.
 * @param onWait hears what went wrong with a try, without the address, and the seconds until the next one.
 * @returns why it was not delivered, without the address (a part of it may be secret); undefined when it was.
 */
export async function deliver(
  { url, secret, id, body, hil }: Delivery,
  post: Post,
  {
    clock,
    timestampS,
    signal,
    onWait,
  }: {
    readonly clock: Clock;
    readonly timestampS: () => number;
    readonly signal: AbortSignal;
    readonly onWait?: (why: string, s: number) => void;
  },
): Promise<string | undefined> {
  let why = "";
  for (let tries = 0; tries <= WAITS_S.length; tries += 1) {
    const waitS = tries === 0 ? 0 : (WAITS_S[tries - 1] ?? 0);
    if (waitS > 0) {
      onWait?.(why, waitS);
      await sleep(clock, waitS * 1_000, signal);
    }
    const timestamp = String(timestampS());
    const headers = {
      "content-type": "application/json",
      "user-agent": `mcuboot-hil/${hil}`,
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      ...(secret && { "webhook-signature": signature(secret, id, timestamp, body) }),
    };
    try {
      const status = await within(clock, TRY_MS, "the answer", (stop) => post(url, { headers, body, signal: stop }), {
        signal,
      });
      if (status >= 200 && status < 300) return undefined;
      why = `it answered ${status}`;
      if (status < 500 && status !== 408 && status !== 429) return why;
    } catch (error) {
      signal.throwIfAborted();
      why = reasonOf(error, url);
      // Fetch Standard, 2.9 "port blocking": it will say so each time.
      if (why === "bad port") return `port ${url.port} is one that HTTP clients refuse: name another`;
    }
  }
  return `${why}, ${WAITS_S.length + 1} times`;
}

/**
 * "v1,<base64 of HMAC-SHA256 over id.timestamp.body>".
 * Source: Standard Webhooks 1.0 (standardwebhooks.com), verifying webhook authenticity.
 */
export function signature(secret: Uint8Array, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/** Bytes of a secret: "whsec_" and base64 as the standard has it (undefined when it is none), or the text itself. */
export function secretBytes(text: string): Uint8Array | undefined {
  if (!text.startsWith("whsec_")) return Buffer.from(text, "utf8");
  const base64 = text.slice("whsec_".length);
  return /^[A-Za-z0-9+/]{2,}={0,2}$/.test(base64) ? Buffer.from(base64, "base64") : undefined;
}

/** `fetch` says "fetch failed"; what failed is its cause. */
function reasonOf(error: unknown, url: URL): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(cause).replaceAll(url.href, url.host).replace(/\.$/, "").slice(0, 300);
}

/** The real one: follows no redirect, which could take a signed message elsewhere, and reads no body. */
export const fetchPost: Post = async (url, { headers, body, signal }) => {
  const answer = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" });
  await answer.body?.cancel();
  // A redirect that is not followed has no status of its own in some browsers; in Node it has.
  return answer.status;
};
