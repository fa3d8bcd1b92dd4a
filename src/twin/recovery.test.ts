import { expect, test } from "@jest/globals";
import { Random, sleep, VirtualClock } from "../core/index.ts";
import { smallBuild, smallImage } from "../mcuboot/testing/small-board.ts";
import { memoryLinks, Uart } from "../serial/index.ts";
import { SmpClient } from "../smp/index.ts";
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
    build: smallBuild({ encrypted: false }),
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
  expect(bed.lines.at(-1)).toContain("Enter the serial recovery mode");
  expect(await bed.client.dialect()).toBe("mcuboot recovery");
  await expect(bed.client.imageErase()).rejects.toMatchObject({ refusal: { name: "ENOTSUP" } });
  await bed.client.upload(mended);
  await bed.client.reset();
  await sleep(bed.clock, 3_000);
  const { images } = await bed.client.imageState();
  expect(images.map((entry) => [entry.slot, entry.version, entry.active])).toEqual([[0, "0.2.0", true]]);
  bed.twin.check();
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
