import { expect, test } from "@jest/globals";
import { Random, sleep, VirtualClock } from "../core/index.ts";
import { type FlashOperation, isOperation, type RecoveryWay, recoveryUploadSteps, runSteps } from "../mcuboot/index.ts";
import { smallBuild, smallImage } from "../mcuboot/testing/small-board.ts";
import { memoryLinks, Uart } from "../serial/index.ts";
import { consoleEcho, SmpClient } from "../smp/index.ts";
import { Twin } from "./twin.ts";

const SLOT_BYTES = 16 * 4096;
const TWO = { primary: { offset: 0, bytes: SLOT_BYTES }, secondary: { offset: SLOT_BYTES, bytes: SLOT_BYTES } };
const ONE = { ...TWO, secondary: { offset: SLOT_BYTES, bytes: 0 } };

const shown = (operation: FlashOperation) =>
  operation.kind === "erase"
    ? `erase ${operation.offset}+${operation.bytes}`
    : `write ${operation.offset}+${operation.data.length}`;

test.each([
  ["a single slot", "single", ONE, false],
  ["a single slot, of an encrypted image", "single", ONE, true],
  ["two slots", "move", TWO, false],
] as const)(
  "an upload into %s does to the flash what the model says, in its order",
  async (_, mode, areas, encrypted) => {
    const clock = new VirtualClock();
    const [host, app] = memoryLinks({ clock });
    const [, relay] = memoryLinks({ clock, baudRate: 9600 });
    const ways = new Set<RecoveryWay>(["no-application"]);
    const build = { ...smallBuild({ encrypted, mode, images: [areas] }), recovery: { ways, waitMs: 500 } };
    const { file } = smallImage("2.0.0", 21_000, encrypted);
    const twin = new Twin({
      clock,
      random: Random.fromSeed(1),
      links: { app, relay },
      build,
      factoryImage: smallImage("1.0.0", 20_000, false).plain.with(600, 0x55),
      wiring: { channel: 1, contact: "NC" },
      baudRate: 115_200,
      smp: { bufferBytes: 1024, bufferCount: 4 },
      faults: [],
    });
    const before = twin.flash.content.snapshot();
    const client = SmpClient.onUart(Uart.open(host, { clock }), { clock });
    await sleep(clock, 2000);
    const done: string[] = [];
    twin.flash.onOperation(({ operation }) => done.push(shown(operation)));
    const ends: number[] = [];
    await client.upload(file, { onProgress: ({ sentBytes }) => ends.push(sentBytes) });
    await client.session.request(consoleEcho, { echo: 0 }, { timeoutMs: 60_000, retries: 0 });
    const expected: string[] = [];
    runSteps(recoveryUploadSteps(before, build, file, ends), before, (step) => {
      if (isOperation(step)) expected.push(shown(step));
    });
    expect(done).toEqual(expected);
    expect(twin.flash.content.identity()).toBe(before.identity());
    await twin[Symbol.asyncDispose]();
  },
);
