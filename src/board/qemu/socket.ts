import { connect, type Socket } from "node:net";
import { abortable, BenchError, type Clock, hasCode, messageOf, sleep } from "../../core/index.ts";

/** A program that has just started makes its sockets within this time; asked again every so often, in milliseconds. */
const RETRY_MS = 5;

/** A socket in the file system, or a port of a host. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * Connects to a socket, as soon as the program that makes it has come so far.
 * @throws BenchError when it refuses; the signal's reason, which is the deadline.
 */
export async function openSocket(address: SocketAddress, clock: Clock, signal: AbortSignal): Promise<Socket> {
  for (;;) {
    const socket = connect(address);
    try {
      const connected = new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("error", reject);
      });
      await abortable(connected, signal);
      socket.removeAllListeners("error");
      return socket;
    } catch (error) {
      socket.on("error", () => undefined);
      socket.destroy();
      signal.throwIfAborted();
      if (!hasCode(error, "ENOENT") && !hasCode(error, "ECONNREFUSED")) {
        throw new BenchError(`${JSON.stringify(address)} does not open: ${messageOf(error)}`, "", { cause: error });
      }
      await sleep(clock, RETRY_MS, signal);
    }
  }
}
