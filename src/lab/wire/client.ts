import type { z } from "zod";
import { BenchError, ConfigurationError, hasCode, messageOf, parseJson, UsageError } from "../../core/index.ts";
import { type AnswerOf, type Asked, ROUTES, type RouteName } from "./routes.ts";

/** The lab said no: the status of HTTP, and why. */
class LabRefused extends UsageError {
  readonly status: number;

  constructor(status: number, text: string, hint: string) {
    super(text, hint);
    this.status = status;
  }
}

/** The lab did not answer: it may have done what it was asked. */
class LabGone extends BenchError {
  readonly code = "lab-gone";
}

/** True where asking again may help: the lab was away, or in trouble of its own. */
export function isLabAway(error: unknown): boolean {
  return hasCode(error, "lab-gone");
}

/** True where the lab knows of no such thing: it was restored, or is another one. */
export function isUnknown(error: unknown): boolean {
  return error instanceof LabRefused && error.status === 404;
}

interface CallOptions<N extends RouteName> {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: Asked<N>;
  readonly signal?: AbortSignal | undefined;
}

/** Longer than any request waits at the lab, in milliseconds. */
const CALL_MS = 60_000;
const ANSWER_CHARS_MAX = 64 * 1024 * 1024;

/** A lab, as agents and the command line talk to it: over its API. */
export class LabClient {
  readonly #base: string;
  readonly #token: string;

  /**
   * @param url of the lab, with the path of a reverse proxy if there is one.
   * @throws ConfigurationError for what is no address of HTTP.
   */
  constructor(url: string, token: string) {
    if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url)) {
      throw new ConfigurationError(`"${url.slice(0, 100)}" is no address of a lab.`, "Like http://lab.example:7070");
    }
    this.#base = url.replace(/\/+$/, "");
    this.#token = token;
  }

  /**
   * @throws LabRefused (exit 2) for what the lab refuses; LabGone (exit 3) where it cannot be reached, or does not
   *   answer as a lab does; the signal's reason.
   */
  async call<N extends RouteName>(name: N, options: CallOptions<N> = {}): Promise<AnswerOf<N>> {
    const row = ROUTES[name];
    const path = row.path.replaceAll(/:(\w+)/g, (_, field: string) => encodeURIComponent(options.path?.[field] ?? ""));
    const query = new URLSearchParams(
      Object.entries(options.query ?? {}).map(([field, value]): [string, string] => [field, String(value)]),
    );
    const response = await this.raw(row.method, `${path}${query.size === 0 ? "" : `?${query.toString()}`}`, {
      signal: options.signal,
      ...(options.body !== undefined && { body: JSON.stringify(options.body), type: "application/json" }),
    });
    const text = await bodyOf(response);
    let value: unknown;
    try {
      value = parseJson(text);
    } catch (error) {
      throw new LabGone(`${this.#base} does not answer as a lab does (${response.status}).`, "", { cause: error });
    }
    if (!response.ok) throw refusal(response.status, value);
    const parsed = row.answer.safeParse(value);
    if (parsed.success) return parsed.data as AnswerOf<N>;
    const hint = "Are both of one version of mcuboot-hil?";
    throw new LabGone(`${this.#base} answers ${name} in a form that this hil does not know.`, hint);
  }

  /** A request with this client's token. @throws LabGone; the signal's reason. */
  async raw(
    method: string,
    path: string,
    options: {
      readonly body?: string | Uint8Array<ArrayBuffer>;
      readonly type?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<Response> {
    const { signal } = options;
    const limit = AbortSignal.timeout(CALL_MS);
    try {
      return await fetch(`${this.#base}${path}`, {
        method,
        redirect: "error",
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(options.type !== undefined && { "content-type": options.type }),
          ...options.headers,
        },
        ...(options.body !== undefined && { body: options.body }),
        signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      });
    } catch (error) {
      signal?.throwIfAborted();
      const cause = error instanceof TypeError ? causeOf(error) : messageOf(error);
      throw new LabGone(`the lab at ${this.#base} does not answer: ${cause}.`, "Is it running? hil lab starts one.", {
        cause: error,
      });
    }
  }
}

/** `fetch` says "fetch failed"; why stands in its cause. */
function causeOf(error: unknown): string {
  const cause = typeof error === "object" && error !== null && "cause" in error ? error.cause : undefined;
  return messageOf(cause ?? error);
}

/**
 * The answer of a request that was made by hand.
 * @param statuses besides success, that are an answer, too.
 * @param what was not done otherwise.
 * @throws LabGone where it breaks off, or is none; LabRefused for what the lab refuses.
 */
export async function answerOf<S extends z.ZodType>(
  response: Response,
  schema: S,
  what: string,
  statuses: readonly number[] = [],
): Promise<z.output<S>> {
  const value = valueOf(await bodyOf(response));
  const answer = response.ok || statuses.includes(response.status) ? schema.safeParse(value) : undefined;
  if (answer?.success === true) return answer.data;
  throw refusal(response.status, value, `${what}: `);
}

function valueOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** What a response brings. @throws LabGone where it breaks off; the signal's reason. */
export async function contentOf(response: Response, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    signal?.throwIfAborted();
    throw brokeOff(error);
  }
}

function brokeOff(error: unknown): Error {
  return new LabGone(`the lab's answer broke off: ${causeOf(error)}.`, "", { cause: error });
}

async function bodyOf(response: Response): Promise<string> {
  try {
    const text = await response.text();
    if (text.length <= ANSWER_CHARS_MAX) return text;
  } catch (error) {
    throw brokeOff(error);
  }
  throw new LabGone("the lab's answer is too long.");
}

/** A proxy in front of the lab answers 502 and the like while the lab is away. */
function refusal(status: number, value: unknown, before = ""): Error {
  const text =
    typeof value === "object" && value !== null && "error" in value ? String(value.error) : `status ${status}`;
  const said = `${before}${text}`;
  const hint = typeof value === "object" && value !== null && "hint" in value ? String(value.hint) : "";
  return status < 400 || status >= 500 || status === 429 ? new LabGone(said, hint) : new LabRefused(status, said, hint);
}
