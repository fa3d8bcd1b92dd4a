import { expect, test } from "@jest/globals";
import { equalBytes, hex, VirtualClock } from "../core/index.ts";
import { memoryLinks, Uart } from "../serial/index.ts";
import { SmpClient } from "./client.ts";
import { ConsoleTransport } from "./console-transport.ts";
import { encodeHeader, OP } from "./header.ts";
import { type RecoveryOptions, RecoveryServer } from "./recovery-server.ts";
import { ArrayRecovery } from "./testing/array-recovery.ts";
import { ArrayImageStore, plainImage } from "./testing/array-store.ts";
import { smpBench } from "./testing/bench.ts";
import { dumped } from "./testing/dumps.ts";

const OLD = plainImage({ version: [0, 0, 0], payloadBytes: 400 });
const NEW = plainImage({ version: [2, 0, 0], payloadBytes: 5_001 });

/** A client and MCUboot's server at the two ends of a line. */
function bench(options: Partial<RecoveryOptions> = {}) {
  const clock = new VirtualClock();
  const store = new ArrayImageStore({ slotBytes: 64 * 1024 });
  store.flash(0, OLD.file);
  const [hostLink, boardLink] = memoryLinks({ clock, baudRate: 115_200 });
  const transport = new ConsoleTransport(Uart.open(boardLink, { clock }), { clock });
  let resets = 0;
  const recovery = new ArrayRecovery(store);
  const server = new RecoveryServer({ transport, store: recovery, reset: () => (resets += 1), ...options });
  const client = SmpClient.onUart(Uart.open(hostLink, { clock }), { clock, timeoutMs: 100 });
  return { clock, store, recovery, server, client, resets: () => resets };
}

/** The answer to one packet, as hex digits; undefined when none came. */
async function asked(packet: Uint8Array, options: Partial<RecoveryOptions> = {}): Promise<string | undefined> {
  const clock = new VirtualClock();
  const [hostLink, boardLink] = memoryLinks({ clock, baudRate: 115_200 });
  const store = new ArrayImageStore({ slotBytes: 64 * 1024 });
  store.flash(0, OLD.file);
  const board = new ConsoleTransport(Uart.open(boardLink, { clock }), { clock });
  const recovery = new ArrayRecovery(store);
  await using _server = new RecoveryServer({ transport: board, store: recovery, reset: () => {}, ...options });
  const host = new ConsoleTransport(Uart.open(hostLink, { clock }), { clock });
  return await new Promise((resolve) => {
    host.onPacket(({ bytes }) => resolve(hex(bytes)));
    clock.at(1_000_000, () => resolve(undefined));
    void host.send(packet);
  });
}

test("console echo and reset are answered as MCUboot was measured to", async () => {
  expect(await asked(dumped(18, ">"))).toBe(hex(dumped(18, "<", 3)));
  expect(await asked(dumped(17, ">"))).toBe(hex(dumped(18, "<", 4)));
});

test("an echo is Zephyr's where it is built in, and refused where not", async () => {
  expect(await asked(dumped(1, ">"), { echo: true })).toBe(hex(dumped(1, "<")));
  expect(await asked(dumped(1, ">"))).toMatch(/bf62726308ff$/);
});

test("what is no request, or has more bytes than its header says, gets no answer", async () => {
  const header = { op: OP.read, version: 1, reserved: 0, flags: 0, length: 0, group: 0, sequence: 1, id: 1 };
  expect(await asked(encodeHeader({ ...header, op: OP.readResponse }))).toBeUndefined();
  expect(await asked(encodeHeader({ ...header, op: 5 }))).toBeUndefined();
  expect(await asked(Uint8Array.from([...dumped(18, ">"), 0]))).toBeUndefined();
  expect(await asked(encodeHeader({ ...header, op: OP.write, version: 2 }))).toMatch(/^13/);
});

test("lists slot, hash and version, in this order, and no flags", async () => {
  const { client } = bench();
  const { images, splitStatus } = await client.imageState();
  expect(images).toEqual([expect.objectContaining({ slot: 0, version: "0.0.0", active: false, confirmed: false })]);
  expect(splitStatus).toBeUndefined();
  const answer = await asked(dumped(8, ">"));
  expect(answer).toMatch(/^090000[0-9a-f]{2}00010900bf66696d616765739fbf64736c6f7400646861736858 ?20/);
});

test("an upload goes to the primary slot, whatever chunks do not fit the flash's words", async () => {
  const { client, store } = bench({ params: true });
  const result = await client.upload(NEW.file, { chunkBytesMax: 333, window: 3 });
  expect(equalBytes(store.bytes(0).subarray(0, NEW.file.length), NEW.file)).toBe(true);
  expect(result.restarts).toBe(0);
});

test("a state write is refused unless it is built in; then the hash only picks the pair", async () => {
  const { client } = bench();
  const refused = client.setImageState({ confirm: true });
  await expect(refused).rejects.toMatchObject({ refusal: { name: "ENOTSUP" } });
  const built = bench({ imageState: true });
  built.store.flash(1, NEW.file);
  const { images } = await built.client.setImageState({
    hash: new Uint8Array(Buffer.from(OLD.name, "hex")),
    confirm: false,
  });
  expect(images.map(({ slot, pending }) => [slot, pending])).toEqual([
    [0, false],
    [1, true],
  ]);
});

test("the client tells recovery from an application", async () => {
  expect(await bench().client.dialect()).toBe("mcuboot recovery");
  expect(await smpBench().client.dialect()).toBe("application");
});

test("a reset is told once its answer is out", async () => {
  const { client, resets } = bench();
  await client.reset();
  expect(resets()).toBe(1);
});
