import { connect, createServer, type Server, type Socket } from "node:net";

/** A cable between hosts and a lab, which can be cut: nothing is forwarded then, and nobody is told. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(port: number): Promise<TcpProxy> {
    const server = createServer();
    const proxy = new TcpProxy(server);
    server.on("connection", (near) => proxy.#join(near, connect(port, "127.0.0.1")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  #join(near: Socket, far: Socket): void {
    const pairs = [
      [near, far],
      [far, near],
    ] as const;
    for (const [from, to] of pairs) {
      this.#sockets.add(from);
      from.on("error", () => undefined);
      // What comes while it is cut is lost: whoever waits for it hears nothing.
      from.on("data", (data) => void (this.#isCut || to.destroyed || to.write(data)));
      from.on("close", () => {
        this.#sockets.delete(from);
        if (!this.#isCut) to.destroy();
      });
    }
  }

  cut(): void {
    this.#isCut = true;
  }

  /** As a cable that is put in again: what hung on it before is dead. */
  mend(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
