import { createServer } from "node:net";
import { type Cleanup, type Clock, Queue } from "../../core/index.ts";
import { type Chunk, type Link, Uart } from "../../serial/index.ts";
import { ConsoleTransport } from "../../smp/index.ts";

/** A board behind a TCP port: what `tcp:` opens. */
class SocketLink implements Link {
  readonly name = "board";
  readonly chunks = new Queue<Chunk>();
  readonly #write: (bytes: Uint8Array) => void;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#write(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.chunks.end();
  }
}

/** A board on a port of this machine, until `closing` is closed. @returns what --port takes. */
export async function tcpBoard(
  serve: (transport: ConsoleTransport, uart: Uart) => AsyncDisposable,
  { clock, closing }: { readonly clock: Clock; readonly closing: Cleanup },
): Promise<string> {
  const server = createServer((socket) => {
    const link = new SocketLink((bytes) => socket.write(bytes));
    socket.on("data", (bytes) => link.chunks.push({ atUs: clock.nowUs(), bytes: Uint8Array.from(bytes) }));
    const uart = Uart.open(link, { clock });
    const smp = serve(new ConsoleTransport(uart, { clock }), uart);
    socket.on("close", () => void smp[Symbol.asyncDispose]().then(() => uart[Symbol.asyncDispose]()));
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.add("server", () => server.close());
  const address = server.address();
  return `tcp:127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}
