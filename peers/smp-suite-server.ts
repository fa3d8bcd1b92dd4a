// One of the SMP servers that smpclient's own tests start, for peers/smp-suite.test.ts: the twin. It runs until it is killed.
// usage: node smp-suite-server.mjs ROW_OF_THE_MANIFEST FACTORY_IMAGE [TCP_PORT]
import { createServer, type Socket } from "node:net";

const [row = "", image = "", port] = process.argv.slice(2);
// An emulator opens its socket at once, and reads from it once its firmware does: what comes before waits in the socket.
const early: Socket[] = [];
const keep = (socket: Socket) => void early.push(socket.on("error", () => undefined));
const listening = port === undefined ? undefined : createServer({ noDelay: true, pauseOnConnect: true }, keep);
if (listening) await new Promise<void>((resolve) => listening.listen(Number(port), "127.0.0.1", resolve));
const { serveTwin } = await import("./smp-suite-twin.ts");
const { ready, connect } = await serveTwin(JSON.parse(row), image, listening !== undefined);
for (const socket of early) connect(socket);
listening?.off("connection", keep).on("connection", connect);
console.log(ready);
