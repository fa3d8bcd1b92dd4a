import { mkdtempSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cleanup } from "../../../core/index.ts";

/** A peer on a socket in the file system that answers what it is told to. */
export interface SocketPeer {
  readonly path: string;
  /** What it got so far. */
  readonly got: () => string;
  readonly hangUp: () => void;
}

/** @param answer what to send back for all that came in one go; undefined: nothing. */
export async function socketPeer(
  closing: Cleanup,
  answer: (text: string) => string | undefined,
  greeting = "",
): Promise<SocketPeer> {
  const path = join(mkdtempSync(join(tmpdir(), "hil-peer-")), "socket");
  const sockets = new Set<Socket>();
  let got = "";
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    if (greeting !== "") socket.write(greeting);
    socket.on("data", (bytes) => {
      got += bytes.toString("latin1");
      const reply = answer(bytes.toString("latin1"));
      if (reply !== undefined) socket.write(reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  closing.add("peer", async () => {
    hangUp();
    await new Promise((resolve) => server.close(resolve));
  });
  return { path, got: () => got, hangUp };
}
