import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { BenchError, type Clock, ConfigurationError, hasCode, messageOf, sleep } from "../../core/index.ts";
import {
  type LabPage,
  LastPages,
  LiveRun,
  LiveWatcher,
  livePageDocument,
  type PageCode,
  pageDocument,
  recordedRun,
} from "../../report/index.ts";

/** Only this machine. */
const HOST = "127.0.0.1";
/** Browsers that watch at one time, and runs on one page. */
const WATCHERS_MAX = 16;
const RUNS_MAX = 200;
/** How often the records are looked at while somebody watches, in milliseconds. */
const LOOK_MS = 400;
/** How long, at the end, all browsers together may take for their last pages, in milliseconds. */
const FAREWELL_MS = 3_000;

interface Browser {
  readonly response: ServerResponse;
  readonly watcher: LiveWatcher;
}

interface Options {
  /** 0: any that is free. */
  readonly port: number;
  readonly code: PageCode;
  readonly hil: string;
  readonly clock: Clock;
  /** The lab that is watched, as its records are when a page is asked for. */
  readonly lab?: () => LabPage | undefined;
  /** Reads the page of a run that has ended; default: out of its record. */
  readonly read?: typeof recordedRun;
}

/**
 * Shows runs that go on to browsers of this machine: a page, and a stream of what is new in the records. Whoever has no
 * token in the address learns nothing. A browser that is slow gets less, later; one that comes back begins anew.
 */
export class WatchServer implements AsyncDisposable {
  readonly #token = randomBytes(18).toString("base64url");
  readonly #server: Server;
  readonly #options: Options;
  readonly #runs: LiveRun[] = [];
  readonly #watchers = new Set<Browser>();
  readonly #stop = new AbortController();
  #isOver = false;
  #looking: Promise<void> | undefined;

  private constructor(options: Options) {
    this.#options = options;
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.maxConnections = 4 * WATCHERS_MAX;
    this.#server.headersTimeout = 10_000;
    this.#server.requestTimeout = 10_000;
  }

  /** @throws ConfigurationError when the port is taken or not ours to take. */
  static async open(options: Options): Promise<WatchServer> {
    const watch = new WatchServer(options);
    const { port } = options;
    await new Promise<void>((resolve, reject) => {
      watch.#server.once("error", (error) => reject(portFault(error, port)));
      watch.#server.listen({ host: HOST, port, exclusive: true }, resolve);
    });
    return watch;
  }

  /** The page's address, with its token. */
  get url(): string {
    return `http://${HOST}:${this.#port}/${this.#token}/`;
  }

  /** A run has begun. */
  add(folder: string, path: string): void {
    if (this.#runs.length < RUNS_MAX) this.#runs.push(new LiveRun(folder, path));
  }

  /** All runs have ended: every browser gets their last pages, as far as it takes them within some seconds. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#looking;
    const { clock } = this.#options;
    const untilUs = clock.nowUs() + FAREWELL_MS * 1000;
    while (this.#watchers.size > 0 && clock.nowUs() < untilUs) {
      this.#look();
      await sleep(clock, 50);
    }
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const { response } of this.#watchers) response.destroy();
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    // A client that goes away in the middle is no fault of ours.
    response.on("error", () => undefined);
    const [, token = "", rest = ""] = /^\/([^/?]*)\/?([^?]*)/.exec(request.url ?? "") ?? [];
    if (!this.#isOurHost(request) || !this.#isToken(token)) return refuse(response, 403);
    if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405);
    // Relative addresses of the page need its slash.
    if (rest === "" && !(request.url ?? "").startsWith(`/${token}/`)) {
      response.writeHead(301, { ...HEADERS, location: `/${token}/` }).end();
      return;
    }
    switch (rest) {
      case "":
        return this.#send(response, livePageDocument(this.#options.code, this.#options.hil, this.#options.lab?.()));
      case "events":
        return this.#watch(request, response);
      case "report.html":
        return this.#report(response);
      default:
        return refuse(response, 404);
    }
  }

  /** A page of another site may have a name of its own point here: then the browser says that name. */
  #isOurHost({ headers }: IncomingMessage): boolean {
    return ["127.0.0.1", "localhost"].some((name) => headers.host === `${name}:${this.#port}`);
  }

  /** In a time that tells nothing of how much of it was right. */
  #isToken(text: string): boolean {
    const digest = (value: string) => createHash("sha256").update(value).digest();
    return timingSafeEqual(digest(text), digest(this.#token));
  }

  #send(response: ServerResponse, html: string): void {
    // The page's own policy is in it; a frame can be forbidden in the head of the answer alone.
    response.writeHead(200, {
      ...HEADERS,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "frame-ancestors 'none'",
    });
    response.end(html);
  }

  #report(response: ServerResponse): void {
    try {
      const pages = this.#runs.map(({ folder, path }) => recordedRun(folder, path));
      this.#send(response, pageDocument(pages, this.#options.code, this.#options.hil));
    } catch {
      // The record has no event yet.
      refuse(response, 404);
    }
  }

  #watch(request: IncomingMessage, response: ServerResponse): void {
    if (this.#watchers.size >= WATCHERS_MAX) return refuse(response, 503);
    response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream; charset=utf-8" });
    // How long a browser waits before it comes back, in milliseconds.
    response.write("retry: 1000\n\n");
    const watcher = new LiveWatcher((text) => response.write(text));
    this.#watchers.add({ response, watcher });
    response.on("drain", () => watcher.drained());
    request.on("close", () => this.#forget(response));
    this.#looking ??= this.#lookOn();
  }

  /** While somebody watches. */
  async #lookOn(): Promise<void> {
    const { clock } = this.#options;
    while (this.#watchers.size > 0 && !this.#isOver && !this.#stop.signal.aborted) {
      this.#look();
      await sleep(clock, LOOK_MS);
    }
    this.#looking = undefined;
  }

  #look(): void {
    for (const run of this.#runs) {
      // A record that cannot be read at the moment can be read the next time, or never: the page stays as it is.
      try {
        while (run.read());
      } catch {}
    }
    const pages = new LastPages(this.#options.read ?? recordedRun);
    for (const watcher of this.#watchers) this.#tell(watcher, pages);
  }

  #tell({ response, watcher }: Browser, pages: LastPages): void {
    watcher.tell(this.#runs, (run) => (this.#isOver || run.ended ? pages.of(run) : "soon"));
    const hasAll = watcher.hasEnded(this.#runs.length);
    if (!this.#isOver || watcher.isFull || !hasAll || response.writableEnded) return;
    response.end("event: over\ndata: {}\n\n", () => this.#forget(response));
  }

  #forget(gone: ServerResponse): void {
    for (const browser of this.#watchers) if (browser.response === gone) this.#watchers.delete(browser);
  }
}

const HEADERS = {
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, HEADERS).end();
}

function portFault(error: Error, port: number): Error {
  const hint = "Name another with --watch=PORT, or none: --watch takes one that is free.";
  if (hasCode(error, "EADDRINUSE")) return new ConfigurationError(`port ${port} is taken.`, hint, { cause: error });
  if (hasCode(error, "EACCES"))
    return new ConfigurationError(`port ${port} is not ours to take.`, hint, { cause: error });
  return new BenchError(`no page can be shown: ${messageOf(error)}.`, "", { cause: error });
}
