// One of the SMP servers that smpclient's own tests start, for peers/smp-suite.test.ts: the twin. It runs until it is killed.
// usage: node smp-suite-server.mjs ROW_OF_THE_MANIFEST FACTORY_IMAGE [TCP_PORT]
import { createServer, type Socket } from "node:net";

const [row = "", image = "", port] = process.argv.slice(2);
// An emulator opens its socket at once, and reads from it once its firmware does. On a busy machine that takes longer than
// a request is waited for: of what came before, only the last is still waited for.
const early = new Map<Socket, Uint8Array>();
const keep = (socket: Socket) => {
  early.set(socket, new Uint8Array());
  socket.on("data", (bytes) => early.set(socket, bytes)).on("error", () => undefined);
};
const listening = port === undefined ? undefined : createServer({ noDelay: true }, keep);
if (listening) await new Promise<void>((resolve) => listening.listen(Number(port), "127.0.0.1", resolve));
const { serveTwin } = await import("./smp-suite-twin.ts");
const { ready, connect } = await serveTwin(JSON.parse(row), image, listening !== undefined);
for (const [socket, last] of early) connect(socket.removeAllListeners("data"), last);
listening?.off("connection", keep).on("connection", (socket) => connect(socket));
console.log(ready);
