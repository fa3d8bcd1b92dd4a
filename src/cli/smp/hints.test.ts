import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Cleanup, RealClock, sleep } from "../../core/index.ts";
import {
  imageHandlers,
  osHandlers,
  SmpFault,
  type SmpHandlers,
  SmpServer,
  UdpServerTransport,
} from "../../smp/index.ts";
import { ArrayImageStore, plainImage } from "../../smp/testing/array-store.ts";
import { M44_FACTS } from "../../smp/testing/bench.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { tcpBoard } from "../testing/tcp-board.ts";
import { smpCommand } from "./smp.ts";

const NEW = plainImage({ version: [2, 0, 0], payloadBytes: 9_000 });
const clock = new RealClock();
const closing = new Cleanup();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hil-hints-"));
  await writeFile(join(folder, "new.bin"), NEW.file);
});
afterAll(() => closing[Symbol.asyncDispose]());

const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined };
const refuses = (code: number, group?: number) => (): never => {
  throw new SmpFault({ code, ...(group === undefined ? {} : { group }) });
};

/** What a board with these answers makes of a command line. */
async function complaint(handlers: SmpHandlers, ...argv: string[]): Promise<unknown> {
  const serve = { ...osHandlers(facts), ...imageHandlers(new ArrayImageStore({ slotBytes: 65_536 })), ...handlers };
  const port = await tcpBoard((transport) => new SmpServer({ transport, handlers: serve }), { clock, closing });
  return complaintOf(smpCommand(argv, memoryIo({ cwd: folder, env: { HIL_PORT: port } })));
}

describe("a refusal that says little is told with what it means for this command", () => {
  test.each<[string, SmpHandlers, string[], RegExp]>([
    ["rc 5", { imageUpload: refuses(5) }, ["image", "upload", "new.bin"], /ENOENT \(rc 5\)\. No slot is free/],
    [
      "rc 1",
      { imageUpload: refuses(1) },
      ["image", "upload", "new.bin"],
      /EUNKNOWN \(rc 1\)\. Old servers say no more/,
    ],
    ["rc 1", { setImageState: refuses(1) }, ["image", "test", "52".repeat(32)], /the same image in both slots/],
    ["code 24", { setImageState: refuses(24, 1) }, ["image", "test", "52".repeat(48)], /wants a hash of the length/],
  ])("%s, %j, %j", async (_, handlers, argv, text) => {
    expect(await complaint(handlers, ...argv)).toEqual({ code: 1, text: expect.stringMatching(text) });
  });

  test("a deadline of 10 ms, which mcumgr would take for seconds", async () => {
    const late: SmpHandlers = {
      echo: async ({ d = "" }) => {
        await sleep(clock, 60);
        return { r: d };
      },
    };
    const text = expect.stringContaining("--timeout 10 is 10 milliseconds; mcumgr's are seconds: write 10s.");
    expect(await complaint(late, "-t", "10", "echo", "hi")).toEqual({ code: 3, text });
  });
});

test("over UDP no packet is larger than a datagram carries, whatever the server says that it takes", async () => {
  const store = new ArrayImageStore({ slotBytes: 65_536 });
  const transport = closing.use("socket", await UdpServerTransport.open({ port: 0, clock }));
  const large = { ...facts, bufferBytes: 2_048 };
  const handlers = { ...osHandlers(large), ...imageHandlers(store) };
  closing.use("server", new SmpServer({ transport, handlers, bufferBytes: 2_048 }));
  let largest = 0;
  transport.onPacket(({ bytes }) => {
    largest = Math.max(largest, bytes.length);
  });
  const io = memoryIo({ cwd: folder });
  await smpCommand(["--port", `udp:127.0.0.1:${transport.port}`, "image", "upload", "new.bin"], io);
  expect(io.printed()).toMatch(/\n9\d+ bytes in \d+\.\d s, [\d.]+ KiB\/s\nDone\n$/);
  expect([largest > 1_000, largest <= 1_472]).toEqual([true, true]);
});

describe("a board in the air", () => {
  test.each(["ble:lab-07", "ble:", "ble:@/dev/ttyACM3", "ble:lab-07@"])(
    "wants its adapter named beside it: %s",
    async (port) => {
      const { text, code } = await complaintOf(smpCommand(["echo", "x", "--port", port], memoryIo({ cwd: folder })));
      expect(text).toContain(`"${port}" names no board over an adapter. Write ble:NAME@ADAPTER`);
      expect(code).toBe(2);
    },
  );

  test("is not sought where the port that is named as adapter answers no HCI", async () => {
    const port = await tcpBoard(
      (transport) => new SmpServer({ transport, handlers: osHandlers(facts), bufferBytes: 384 }),
      { clock, closing },
    );
    const argv = ["echo", "x", "--port", `ble:lab-07@${port}`];
    const { text, code } = await complaintOf(smpCommand(argv, memoryIo({ cwd: folder })));
    expect(text).toMatch(/waited 2000 ms for the Bluetooth adapter .* to answer Reset\./);
    expect(code).toBe(3);
  });
});
