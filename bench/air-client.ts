// Our client of bench/air.ts: uploads FILE to "board" over the adapter at PATH, and says how long it took and what it cost.
import { readFileSync } from "node:fs";
import { RealClock } from "../src/core/index.ts";
import { openSerialPort } from "../src/serial/index.ts";
import { openBleTransport, SmpClient, SmpSession } from "../src/smp/index.ts";

const [, , path = "", file = "", window = "1"] = process.argv;
const clock = new RealClock();
const link = await openSerialPort(path, { baudRate: 1_000_000, hardwareFlowControl: true, clock });
const transport = await openBleTransport(link, { clock, board: "board", limitMs: 20_000 });
await using client = new SmpClient(new SmpSession(transport, { clock }));
await client.params();
const bytes = new Uint8Array(readFileSync(file));
const before = process.cpuUsage();
const startedUs = clock.nowUs();
await client.upload(bytes, { window: Number(window) });
const { user, system } = process.cpuUsage(before);
const value = { bytes: bytes.length, seconds: (clock.nowUs() - startedUs) / 1e6, cpu: (user + system) / 1e6 };
process.stdout.write(`${JSON.stringify({ step: "upload", value })}\n`);
