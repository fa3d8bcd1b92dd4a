// One of the SMP servers that smpclient's own tests start, for peers/smp-suite.test.ts: the twin. It runs until it is killed.
// usage: node smp-suite-server.mjs ROW_OF_THE_MANIFEST FACTORY_IMAGE [TCP_PORT]
import { createServer, type Socket } from "node:net";

const [row = "", image = "", port] = process.argv.slice(2);
// An emulator opens its socket at once: who cannot connect while the twin is loaded gives up. What comes is lost then, as
// on a board that is not up yet.
const listening = port === undefined ? undefined : createServer({ noDelay: true });
const early = new Set<Socket>();
const lose = () => undefined;
const keep = (socket: Socket) => void early.add(socket.on("data", lose).on("error", lose));
listening?.on("connection", keep);
if (listening) await new Promise<void>((resolve) => listening.listen(Number(port), "127.0.0.1", resolve));
const { serveTwin } = await import("./smp-suite-twin.ts");
const ready = await serveTwin(JSON.parse(row), image, listening);
listening?.off("connection", keep);
for (const socket of early) listening?.emit("connection", socket.off("data", lose));
console.log(ready);
