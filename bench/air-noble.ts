// @stoprocent/noble beneath our client, for bench/air.ts: uploads FILE over the adapter at PATH. Its folder is in HIL_NOBLE.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type GattLink } from "../src/ble/index.ts";
import { Listeners, RealClock } from "../src/core/index.ts";
import { BleTransport, SMP_GATT, SmpClient, SmpSession } from "../src/smp/index.ts";

/** What is used of noble. */
interface Characteristic {
  subscribeAsync(): Promise<void>;
  unsubscribeAsync(): Promise<void>;
  writeAsync(data: Buffer, withoutResponse: boolean): Promise<void>;
  on(event: "data", listener: (data: Buffer) => void): void;
}
interface Peripheral {
  readonly mtu: number | null;
  readonly advertisement: { readonly localName?: string };
  connectAsync(options: { readonly mtu: number }): Promise<void>;
  disconnectAsync(): Promise<void>;
  discoverSomeServicesAndCharacteristicsAsync(
    services: readonly string[],
    characteristics: readonly string[],
  ): Promise<{ readonly characteristics: readonly Characteristic[] }>;
}
interface Noble {
  waitForPoweredOnAsync(timeoutMs: number): Promise<void>;
  startScanningAsync(): Promise<void>;
  stopScanningAsync(): Promise<void>;
  on(event: "discover", listener: (peripheral: Peripheral) => void): void;
}

const [, , path = "", file = "", window = "1"] = process.argv;
const clock = new RealClock();
const load = createRequire(`${process.env["HIL_NOBLE"] ?? "."}/package.json`);
const { withBindings } = load("@stoprocent/noble") as {
  readonly withBindings: (name: "hci", options: object) => Noble;
};
const uart = { port: path, baudRate: 1_000_000 };
const noble = withBindings("hci", { hciDriver: "uart", bindParams: { uart } });
const plain = (uuid: string) => uuid.replaceAll("-", "");

async function open(): Promise<GattLink> {
  await noble.waitForPoweredOnAsync(10_000);
  const found = new Promise<Peripheral>((resolve) => {
    noble.on("discover", (peripheral) => {
      if (peripheral.advertisement.localName === "board") resolve(peripheral);
    });
  });
  await noble.startScanningAsync();
  const board = await found;
  await noble.stopScanningAsync();
  await board.connectAsync({ mtu: 498 });
  const wanted = [[plain(SMP_GATT.service)], [plain(SMP_GATT.characteristic)]] as const;
  const [smp] = (await board.discoverSomeServicesAndCharacteristicsAsync(...wanted)).characteristics;
  if (smp === undefined) throw new RangeError("no SMP");
  const values = new Listeners<{ readonly atUs: number; readonly bytes: Uint8Array }>();
  smp.on("data", (data) => values.emit({ atUs: clock.nowUs(), bytes: Uint8Array.from(data) }));
  await smp.subscribeAsync();
  return {
    name: "board",
    mtu: Math.min(498, board.mtu ?? 23),
    write: (value) => smp.writeAsync(Buffer.from(value), true),
    onValue: (listener) => values.add(listener),
    onEnd: () => () => undefined,
    resubscribe: async () => {
      await smp.unsubscribeAsync();
      await smp.subscribeAsync();
    },
    [Symbol.asyncDispose]: () => board.disconnectAsync(),
  };
}

const client = new SmpClient(new SmpSession(new BleTransport({ clock, name: "noble", open }), { clock }));
await client.params();
const bytes = new Uint8Array(readFileSync(file));
const before = process.cpuUsage();
const startedUs = clock.nowUs();
await client.upload(bytes, { window: Number(window) });
const { user, system } = process.cpuUsage(before);
const value = { bytes: bytes.length, seconds: (clock.nowUs() - startedUs) / 1e6, cpu: (user + system) / 1e6 };
process.stdout.write(`${JSON.stringify({ step: "upload", value })}\n`, () => process.exit(0));
