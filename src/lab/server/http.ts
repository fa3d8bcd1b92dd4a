import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { BenchError, ConfigurationError, hasCode, messageOf, parseJson } from "../../core/index.ts";
import { BlobRefused } from "../files/blobs.ts";
import { PIECE_BYTES } from "../files/bundle.ts";
import { FILE_BYTES_MAX } from "../wire/messages.ts";
import { openApi } from "../wire/openapi.ts";
import { type AnswerOf, type QueryOf, type Received, ROUTE_ROWS, type RouteName, SENDERS } from "../wire/routes.ts";
import type { Access, Caller } from "./access.ts";
import type { LabPages } from "./pages.ts";
import { type LabParts, Refusal } from "./parts.ts";

/** Of a request that is JSON. A record of 20,000 files is the longest. */
const JSON_BYTES_MAX = 8 * 1024 * 1024;
const CONNECTIONS_MAX = 1_000;

/** What a handler gets. */
interface Call<N extends RouteName> {
  readonly caller: Caller;
  readonly path: Readonly<Record<string, string>>;
  readonly query: QueryOf<N>;
  readonly body: Received<N>;
  /** Aborts when who asked has gone, or the server ends. */
  readonly signal: AbortSignal;
}

export type Handlers = { readonly [N in RouteName]: (call: Call<N>) => Promise<AnswerOf<N>> };

interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly parts: LabParts;
  readonly access: Access;
  readonly handlers: Handlers;
  /** The lab in a browser. */
  readonly pages: LabPages | undefined;
  /** What `/metrics` says. */
  readonly metrics: () => Promise<string>;
  readonly hil: string;
}

/** The lab's API over HTTP: rows of `ROUTES`, and contents by their hash. */
export class LabHttp implements AsyncDisposable {
  readonly #options: HttpOptions;
  readonly #server: Server;
  readonly #stop = new AbortController();

  private constructor(options: HttpOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.headersTimeout = 10_000;
    this.#server.requestTimeout = 120_000;
  }

  /** @throws ConfigurationError when the port is taken or not ours to take. */
  static async open(options: HttpOptions): Promise<LabHttp> {
    const http = new LabHttp(options);
    const { host, port } = options;
    await new Promise<void>((resolve, reject) => {
      http.#server.once("error", (error) => reject(listenFault(error, host, port)));
      http.#server.listen({ host, port, exclusive: true }, resolve);
    });
    return http;
  }

  /** Where it listens, for this machine. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    const { host } = this.#options;
    const named = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    return `http://${named.includes(":") ? `[${named}]` : named}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away in the middle is no fault of ours.
    response.on("error", () => undefined);
    request.on("error", () => undefined);
    try {
      await this.#route(request, response);
    } catch (error) {
      this.#refuse(response, error);
      // What it sends still is thrown away: hung up on, it would not hear why.
      request.resume();
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { access, parts, hil, pages } = this.#options;
    const method = request.method ?? "GET";
    const url = new URL(request.url ?? "/", "http://lab");
    if (method === "GET" && url.pathname === "/healthz") {
      await parts.db.query("select 1 as ok");
      return send(response, 200, { ok: true, hil });
    }
    if (pages !== undefined && (await pages.answer(request, response, url.pathname, () => jsonOf(request)))) return;
    const caller =
      (request.headers.authorization === undefined ? await pages?.caller(request) : undefined) ??
      (await access.caller(request.headers.authorization, request.socket.remoteAddress ?? ""));
    if (method === "GET" && url.pathname === "/metrics") {
      access.require(caller, ["view"]);
      const text = await this.#options.metrics();
      response.writeHead(200, { ...HEADERS, "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(text);
      return;
    }
    if (method === "GET" && url.pathname === "/api/openapi.json") return send(response, 200, openApi(hil));
    const blob = /^\/api\/blobs\/([0-9a-f]{64})$/.exec(url.pathname)?.[1];
    if (blob !== undefined) return this.#blob({ request, response, caller, url }, blob);
    const fit = ROUTE_ROWS.flatMap(([name, row]) => {
      const path = row.method === method ? pathOf(row.path, url.pathname) : undefined;
      return path === undefined ? [] : [{ name, row, path }];
    });
    const [found] = fit;
    if (found === undefined) throw new Refusal(404, `there is no ${method} ${url.pathname.slice(0, 100)}.`);
    access.require(caller, found.row.roles);
    const query = found.row.query?.safeParse(Object.fromEntries(url.searchParams));
    if (query?.success === false) throw new Refusal(400, problems("the query", query.error.issues));
    const body = found.row.request?.safeParse(await jsonOf(request));
    if (body?.success === false) throw new Refusal(400, problems("the request", body.error.issues));
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const signal = AbortSignal.any([gone.signal, this.#stop.signal]);
    const handler = this.#options.handlers[found.name] as (call: unknown) => Promise<unknown>;
    const answer = await handler({ caller, path: found.path, query: query?.data, body: body?.data, signal });
    send(response, 200, answer);
  }

  /** `PUT /api/blobs/HASH?at=…&bytes=…` brings a piece, `GET` fetches all of it. */
  async #blob({ request, response, caller, url }: BlobCall, hash: string): Promise<void> {
    const { access, parts } = this.#options;
    if (request.method === "GET") {
      access.require(caller, ["agent", "admin"]);
      if (parts.blobs.have(hash) !== "whole") throw new Refusal(404, "the lab does not have that.");
      response.writeHead(200, { ...HEADERS, "content-type": "application/octet-stream" });
      return pipeline(createReadStream(parts.blobs.pathOf(hash)), response).catch(() => undefined);
    }
    if (request.method !== "PUT") throw new Refusal(405, "GET or PUT.");
    access.require(caller, SENDERS);
    const [at, bytes] = ["at", "bytes"].map((name) => Number(url.searchParams.get(name) ?? Number.NaN));
    const fits = (value: number | undefined): value is number =>
      Number.isSafeInteger(value) && (value ?? -1) >= 0 && (value ?? 0) <= FILE_BYTES_MAX;
    if (!fits(at) || !fits(bytes)) throw new Refusal(400, "PUT wants at=OFFSET and bytes=LENGTH.");
    if (Number(request.headers["content-length"] ?? 0) > PIECE_BYTES) {
      throw new Refusal(413, `a piece has ${PIECE_BYTES} bytes at most.`);
    }
    send(response, 200, { have: await parts.blobs.take(hash, at, bytes, piecesOf(request)) });
  }

  #refuse(response: ServerResponse, error: unknown): void {
    if (response.headersSent) return void response.destroy();
    if (error instanceof BlobRefused) return send(response, error.status, { error: error.message, have: error.have });
    if (error instanceof Refusal) return send(response, error.status, { error: error.message, hint: error.hint });
    const isDisk = hasCode(error, "ENOSPC");
    if (!isDisk) this.#options.parts.note(`a request failed: ${messageOf(error)}`);
    // What went wrong inside is not told: it may hold what is not the asker's.
    send(response, isDisk ? 507 : 500, {
      error: isDisk ? "the lab's disk is full." : "the lab failed; its log says why.",
    });
  }
}

interface BlobCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly url: URL;
}

const HEADERS = {
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
} as const;

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { ...HEADERS, "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify(value));
}

/** What stands in the places of `:name`; undefined where the path is another. */
function pathOf(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const fields: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const word = given[index] ?? "";
    if (part.startsWith(":")) fields[part.slice(1)] = decoded(word);
    else if (part !== word) return undefined;
  }
  return fields;
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    throw new Refusal(400, "the address is not encoded as addresses are.");
  }
}

/** What a request brings. To stop in the middle does not hang up: who sends it is to hear why. */
function piecesOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
    throw new Refusal(415, "the request must be application/json.");
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of piecesOf(request)) {
    bytes += piece.length;
    if (bytes > JSON_BYTES_MAX) throw new Refusal(413, `the request has more than ${JSON_BYTES_MAX} bytes.`);
    pieces.push(piece);
  }
  try {
    return parseJson(Buffer.concat(pieces).toString("utf8"));
  } catch {
    throw new Refusal(400, "the request is no JSON.");
  }
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function problems(what: string, issues: readonly Issue[]): string {
  const texts = issues.slice(0, 5).map(({ path, message }) => `${path.map(String).join(".")} ${message}`.trim());
  return `${what}: ${texts.join("; ")}.`;
}

function listenFault(error: Error, host: string, port: number): Error {
  const hint = "Name another with --listen ADDRESS:PORT.";
  if (hasCode(error, "EADDRINUSE"))
    return new ConfigurationError(`port ${port} of ${host} is taken.`, hint, { cause: error });
  if (hasCode(error, "EACCES") || hasCode(error, "EADDRNOTAVAIL")) {
    return new ConfigurationError(`${host}:${port} is not ours to take.`, hint, { cause: error });
  }
  return new BenchError(`the lab cannot listen: ${messageOf(error)}.`, "", { cause: error });
}
