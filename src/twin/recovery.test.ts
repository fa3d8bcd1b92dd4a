import { expect, test } from "@jest/globals";
import { Random, sleep, VirtualClock } from "../core/index.ts";
import { smallBuild, smallImage } from "../mcuboot/testing/small-board.ts";
import { memoryLinks, Uart } from "../serial/index.ts";
import { groupList, imageUpload, SmpClient, shell, statistics } from "../smp/index.ts";
import type { TwinSmp } from "./app.ts";
import { Twin } from "./twin.ts";

const factory = smallImage("0.1.0", 20_000, false).plain;
const mended = smallImage("0.2.0", 21_001, false).plain;

async function bench(smp: Partial<TwinSmp> = {}) {
  const clock = new VirtualClock();
  const [host, app] = memoryLinks({ clock });
  const [, relay] = memoryLinks({ clock, baudRate: 9600 });
  const twin = new Twin({
    clock,
    random: Random.fromSeed(1),
    links: { app, relay },
    build: { ...smallBuild({ encrypted: false }), recovery: { ways: new Set(["boot-mode"]), waitMs: 500 } },
    factoryImage: factory,
    wiring: { channel: 1, contact: "NC" },
    baudRate: 115_200,
    smp: { bufferBytes: 1024, bufferCount: 4, ...smp },
    faults: [],
  });
  const uart = Uart.open(host, { clock });
  const lines: string[] = [];
  uart.onLine((line) => lines.push(line.text));
  const client = SmpClient.onUart(uart, { clock });
  await sleep(clock, 2_000);
  return { clock, twin, client, lines, [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose]() };
}

test("a reset with boot mode 1 enters serial recovery, which puts an upload into the primary slot", async () => {
  await using bed = await bench();
  expect(await bed.client.dialect()).toBe("application");
  await bed.client.reset({ bootMode: 1 });
  await sleep(bed.clock, 2_000);
  const start = bed.lines.slice(bed.lines.lastIndexOf("I: Starting bootloader"));
  expect([start.at(-1), start.some((line) => line.includes("Jumping"))]).toEqual([
    "I: Enter the serial recovery mode",
    false,
  ]);
  expect(await bed.client.dialect()).toBe("mcuboot recovery");
  await expect(bed.client.imageErase()).rejects.toMatchObject({ refusal: { name: "ENOTSUP" } });
  await bed.client.upload(mended);
  await bed.client.reset();
  await sleep(bed.clock, 3_000);
  const { images } = await bed.client.imageState();
  expect(images.map((entry) => [entry.slot, entry.version, entry.active])).toEqual([[0, "0.2.0", true]]);
  bed.twin.check();
});

test("recovery lists what passes the bootloader's whole check, with flags that are true, and takes its time", async () => {
  await using bed = await bench();
  await bed.client.upload(mended);
  await bed.client.reset({ bootMode: 1 });
  await sleep(bed.clock, 2_000);
  const shown = async () =>
    (await bed.client.imageState()).images.map((entry) => [entry.slot, entry.version, entry.confirmed, entry.active]);
  const beforeUs = bed.clock.nowUs();
  expect(await shown()).toEqual([
    [0, "0.1.0", true, true],
    [1, "0.2.0", false, false],
  ]);
  expect(bed.clock.nowUs() - beforeUs).toBeGreaterThan(300_000);
  // A byte of the body, cleared as flash allows: header, TLVs and hash TLV are as they were.
  const { flash } = bed.twin;
  flash.program(0x10000 + 1_000, Uint8Array.of(0));
  expect(await shown()).toEqual([[0, "0.1.0", true, true]]);
  bed.twin.check();
});

test("recovery marks the other slot for a test, and the primary is then confirmed and not active", async () => {
  await using bed = await bench();
  await bed.client.upload(mended);
  await bed.client.reset({ bootMode: 1 });
  await sleep(bed.clock, 2_000);
  const { images } = await bed.client.setImageState({ confirm: false });
  expect(images.map((entry) => [entry.slot, entry.confirmed, entry.active, entry.pending])).toEqual([
    [0, true, false, false],
    [1, false, false, true],
  ]);
});

test("an upload in recovery erases as it goes, the trailer's sector at the end", async () => {
  await using bed = await bench();
  await bed.client.reset({ bootMode: 1 });
  await sleep(bed.clock, 2_000);
  const { client, twin } = bed;
  await client.upload(mended);
  const first = await client.session.request(imageUpload, { off: 0, len: mended.length, data: mended.subarray(0, 64) });
  expect(first.off).toBe(64);
  // The first sector holds 64 bytes now, the second still what was uploaded before.
  expect([...twin.flash.read(64, 4)]).toEqual([0xff, 0xff, 0xff, 0xff]);
  expect([...twin.flash.read(4_096, 4)]).toEqual([...mended.subarray(4_096, 4_100)]);
});

test("any other reset boots the application again", async () => {
  await using bed = await bench();
  await bed.client.reset({ bootMode: 0 });
  await sleep(bed.clock, 2_000);
  expect(await bed.client.dialect()).toBe("application");
});

test("a twin of an older generation has no parameters, and says rc 0 in what it answers", async () => {
  await using bed = await bench({ generation: "zephyr 2.7" });
  expect((await bed.client.params()).known).toBe(false);
  expect(await bed.client.echo("hello")).toBe("hello");
});

test("the application tells its groups, its statistics and, in its shell, its version", async () => {
  await using bed = await bench();
  const { session } = bed.client;
  expect((await session.request(groupList, {})).groups).toEqual([10, 1, 0, 9, 2]);
  const before = (await session.request(statistics, { name: "smp_svr_stats" })).fields["ticks"] ?? 0;
  await sleep(bed.clock, 3_000);
  const after = (await session.request(statistics, { name: "smp_svr_stats" })).fields["ticks"] ?? 0;
  expect(Number(after) - Number(before)).toBe(3);
  expect(await session.request(shell, { argv: ["kernel", "version"] })).toMatchObject({ ret: 0 });
});

test.each([
  ["no image at all", () => new Uint8Array(20_001).fill(0x5a)],
  [
    "a header whose sizes lead out of the slot",
    () => Uint8Array.from([...mended.subarray(0, 12), ...new Uint8Array(300).fill(0xff)]),
  ],
  ["an image without its end", () => mended.slice(0, 15_000)],
])("an upload in recovery of %s leaves a board that lists nothing there, and boots nothing", async (_name, make) => {
  await using bed = await bench();
  await bed.client.reset({ bootMode: 1 });
  await sleep(bed.clock, 2_000);
  await bed.client.upload(make());
  expect((await bed.client.imageState()).images).toEqual([]);
  await bed.client.reset();
  await sleep(bed.clock, 5_000);
  expect(bed.lines.at(-1)).toContain("Unable to find bootable image");
  bed.twin.check();
});
