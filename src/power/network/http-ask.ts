import { randomBytes } from "node:crypto";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { z } from "zod";
import { BenchError, type Clock, isKind, messageOf, within } from "../../core/index.ts";
import { type PowerBench, secretOf, secretOption } from "../driver/driver.ts";
import { type DigestChallenge, digestAuthorization, digestChallenge } from "./http-digest.ts";

/** Largest answer that is read, in bytes. */
const ANSWER_BYTES_MAX = 65_536;

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** When the request had been handed on, in microseconds on the bench's clock. */
  readonly sentAtUs: number;
}

/** An address without user and password: those go into `auth`. */
export const urlOption = z
  .url({ protocol: /^https?$/, error: "expected an address that begins with http:// or https://" })
  .max(2_000)
  .refine((text) => !/^https?:\/\/[^/?#]*@/.test(text), { error: "write user and password under auth, not here" });

/** Options of every switch that is reached by HTTP. */
export const httpOptions = {
  auth: z
    .strictObject({
      type: z.enum(["basic", "digest"]),
      user: z.string().max(200),
      password_env: secretOption,
    })
    .optional(),
  tls_insecure: z.boolean().default(false).describe("accept a certificate that no authority vouches for"),
  timeout_ms: z.int().min(1).max(600_000).default(5_000),
};

export interface HttpLogin {
  readonly type: "basic" | "digest";
  readonly user: string;
  readonly password: string;
}

/** @throws ConfigurationError when the variable with the password is not set. */
export function loginOf(
  auth: { readonly type: "basic" | "digest"; readonly user: string; readonly password_env: string } | undefined,
  bench: PowerBench,
): HttpLogin | undefined {
  return auth && { type: auth.type, user: auth.user, password: secretOf(bench, auth.password_env) };
}

/** Asks one device, a connection a request: small web servers take few at once, and keep none in good order. */
export class HttpAsker {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #insecureTls: boolean;
  readonly #login: HttpLogin | undefined;
  #challenge: { readonly given: DigestChallenge; uses: number } | undefined;

  constructor(options: {
    readonly clock: Clock;
    readonly timeoutMs: number;
    readonly login?: HttpLogin | undefined;
    readonly insecureTls?: boolean;
  }) {
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
    this.#login = options.login;
    this.#insecureTls = options.insecureTls ?? false;
  }

  /**
   * One request and its answer, whatever its status. A digest challenge is answered once; its nonce is used again.
   * @throws BenchError when nothing answers in time, or too much comes.
   */
  async ask(request: HttpRequest): Promise<HttpAnswer> {
    const first = await this.#once(request);
    if (first.status !== 401 || this.#login?.type !== "digest") return first;
    const given = digestChallenge(first.challenge);
    if (given === undefined) return first;
    this.#challenge = { given, uses: 0 };
    return this.#once(request);
  }

  async #once(request: HttpRequest): Promise<HttpAnswer & { readonly challenge: string }> {
    const what = `${request.method} ${addressText(request.url)}`;
    try {
      return await within(this.#clock, this.#timeoutMs, `an answer to ${what}`, (stop) => this.#send(request, stop));
    } catch (error) {
      const hint = "Check address, network and power of the switch.";
      const text = isKind(error, "timeout") ? messageOf(error) : `${what} failed: ${messageOf(error)}.`;
      throw new BenchError(text, hint, { cause: error });
    }
  }

  #send(request: HttpRequest, stop: AbortSignal): Promise<HttpAnswer & { readonly challenge: string }> {
    const { method, url, headers, body } = request;
    const ask = url.startsWith("https:") ? requestHttps : requestHttp;
    let sentAtUs = this.#clock.nowUs();
    return new Promise((resolve, reject) => {
      const sent = ask(url, {
        method,
        agent: false,
        signal: stop,
        headers: { ...headers, ...this.#authorization(method, url) },
        ...(this.#insecureTls ? { rejectUnauthorized: false } : {}),
      });
      sent.once("finish", () => {
        sentAtUs = this.#clock.nowUs();
      });
      sent.once("error", reject);
      sent.once("response", (response) => {
        const challenge = response.headers["www-authenticate"] ?? "";
        textOfResponse(response).then(
          (text) => resolve({ status: response.statusCode ?? 0, text, sentAtUs, challenge }),
          reject,
        );
      });
      sent.end(body);
    });
  }

  #authorization(method: string, url: string): Record<string, string> {
    const login = this.#login;
    if (!login) return {};
    if (login.type === "basic") {
      return { authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}` };
    }
    if (!this.#challenge) return {};
    this.#challenge.uses += 1;
    const { pathname, search } = new URL(url);
    const clientNonce = randomBytes(16).toString("hex");
    const use = { method, uri: pathname + search, count: this.#challenge.uses, clientNonce };
    return { authorization: digestAuthorization(this.#challenge.given, login, use) };
  }
}

/** An address as an error may show it: without its query, which may hold a password. */
export function addressText(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

async function textOfResponse(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new BenchError(`the answer is longer than ${ANSWER_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
