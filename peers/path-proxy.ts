import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A reverse proxy that gives a server a path below its own address, as nginx and Caddy do. */
export class PathProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly url: string;
  #isDown = false;

  private constructor(server: Server, path: string, target: () => string) {
    this.#server = server;
    server.on("request", (from: IncomingMessage, to: ServerResponse) => {
      if (this.#isDown) to.writeHead(502).end();
      else pass(from, to, path, target());
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  }

  /** @param path with a slash at both ends. @param target asked for at each request: a server that begins anew. */
  static async open(path: string, target: () => string): Promise<PathProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    return new PathProxy(server, path, target);
  }

  /** What is behind it cannot be reached: connections end, and what is asked is answered with 502. */
  set isDown(isDown: boolean) {
    this.#isDown = isDown;
    if (isDown) this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

function pass(from: IncomingMessage, to: ServerResponse, path: string, target: string): void {
  if (!(from.url ?? "").startsWith(path)) return void to.writeHead(404).end();
  const { hostname, port } = new URL(target);
  const { method, headers } = from;
  const onward = request(
    { hostname, port, method, headers, path: `/${(from.url ?? "").slice(path.length)}` },
    (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    },
  );
  onward.on("error", () => (to.headersSent ? to.destroy() : to.writeHead(502).end()));
  to.on("close", () => onward.destroy());
  from.pipe(onward);
}
