// The board's side of bench/air.ts: SMP with the buffers of Nordic's sample, on the HCI controller at PATH. Ends by a signal.
import { BlePeripheral } from "../src/ble/index.ts";
import { RealClock } from "../src/core/index.ts";
import { openSerialPort } from "../src/serial/index.ts";
import { BleServerTransport, imageHandlers, osHandlers, SMP_GATT, SmpServer } from "../src/smp/index.ts";
import { ArrayImageStore } from "../src/smp/testing/array-store.ts";
import { M44_FACTS } from "../src/smp/testing/bench.ts";

const clock = new RealClock();
const buffers = { bufferBytes: 2_475, bufferCount: 4 };
const link = await openSerialPort(process.argv[2] ?? "", { baudRate: 1_000_000, hardwareFlowControl: true, clock });
const board = await BlePeripheral.open(link, { clock, name: "board", ...SMP_GATT, mtu: 498 });
const handlers = {
  ...osHandlers({ ...M44_FACTS, ...buffers, reset: () => undefined }),
  ...imageHandlers(new ArrayImageStore({ slotBytes: 4 << 20 })),
};
const server = new SmpServer({ transport: new BleServerTransport(board), handlers, ...buffers });
await board.power(true);
process.stdout.write(`${JSON.stringify({ ready: server.bufferBytes })}\n`);
