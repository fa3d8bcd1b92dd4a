import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Cleanup, RealClock } from "../../core/index.ts";
import { openPty, Uart } from "../../serial/index.ts";
import {
  ConsoleTransport,
  imageHandlers,
  osHandlers,
  SmpClient,
  SmpServer,
  type UploadOptions,
} from "../../smp/index.ts";
import { ArrayImageStore, plainImage } from "../../smp/testing/array-store.ts";
import { M44_FACTS, smpBench } from "../../smp/testing/bench.ts";
import { parseArguments } from "../terminal/arguments.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { boardSaid } from "./board-said.ts";
import { SUBCOMMANDS, smpCommand } from "./smp.ts";
import { COMMAND_OPTIONS } from "./subcommand.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-board-said-"));
writeFileSync(join(folder, "new.bin"), plainImage({ version: [2, 0, 0], payloadBytes: 2_000 }).file);

/** A profile of a board on a port, with a secondary slot of 6 MiB in external flash. */
function profile(name: string, path: string, more = ""): string {
  const text = `schema: 1
name: on-a-desk
provider: hardware
ports: { app: { path: "${path}", baud_rate: 1000000 } }
power: { driver: lcus, port: { path: "/dev/no-relay" }, channel: 1, contact: NC, cuts: board, off_ms: 500 }
bootloader: { generation: 2.3.0, mode: overwrite-only, max_image_sectors: 2048 }
slots:
  primary: { offset: 0x10000, bytes: 0xe0000 }
  secondary: { offset: 0x0, bytes: 0x600000, device: qspi }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
${more}`;
  writeFileSync(join(folder, name), text);
  return name;
}

/** A client that tells how it was asked to upload, and does not. */
class AskedClient extends SmpClient {
  asked: UploadOptions | undefined;
  override upload(_: Uint8Array, options: UploadOptions = {}): Promise<never> {
    this.asked = options;
    return Promise.reject(new Error("asked"));
  }
}

const EVERY = {
  board: { type: "string" },
  json: { type: "boolean" },
  port: { type: "string" },
  ...COMMAND_OPTIONS,
} as const;

/** How long the first chunk may take by these words, in milliseconds; undefined: the client's own default. */
async function firstChunkMs(
  command: "image upload" | "upgrade",
  words: readonly string[],
): Promise<number | undefined> {
  const io = memoryIo({ cwd: folder, env: { HIL_PORT: "/dev/none" } });
  const options = parseArguments(io, ["--json", ...words], "", EVERY, 9);
  const row = SUBCOMMANDS.find(({ usage }) => usage === `${command} <file>`);
  if (options === undefined || row === undefined) throw new RangeError("no such command");
  const { session, store } = smpBench();
  store.flash(0, plainImage({ version: [1, 0, 0], payloadBytes: 300 }).file);
  const client = new AskedClient(session);
  const board = await boardSaid(options, io);
  await expect(row.run({ client, args: ["new.bin"], options, io, board })).rejects.toThrow("asked");
  return client.asked?.firstChunkMs;
}

describe.each(["image upload", "upgrade"] as const)("the first chunk of hil smp %s may take", (command) => {
  test("twice the erase of a slot of 6 MiB in external flash where the board's profile is named", async () => {
    const named = profile("qspi.yaml", "/dev/none");
    expect(await firstChunkMs(command, ["--board", named])).toBe(20_000 + 2 * 1536 * 48);
  });

  test("what the profile says, and before that what --first-chunk says", async () => {
    const named = profile("said.yaml", "/dev/none", "timeouts_ms: { upload_first_chunk: 90000 }\n");
    expect(await firstChunkMs(command, ["--board", named])).toBe(90_000);
    expect(await firstChunkMs(command, ["--board", named, "--first-chunk", "4m"])).toBe(240_000);
    expect(await firstChunkMs(command, ["--first-chunk", "5m"])).toBe(300_000);
  });

  test("what every upload may, where nothing is named", async () => {
    expect(await firstChunkMs(command, [])).toBeUndefined();
  });

  test.each(["0s", "soon", "90"])(
    "no time at all is refused before a port is opened: --first-chunk %s",
    async (text) => {
      const io = memoryIo({ cwd: folder, env: { HIL_PORT: "/dev/there-is-none" } });
      const found = await complaintOf(smpCommand([...command.split(" "), "new.bin", "--first-chunk", text], io));
      expect(found).toEqual({ code: 2, text: expect.stringContaining("--first-chunk") });
    },
  );
});

describe("a board that --board names", () => {
  const closing = new Cleanup();
  let port = "";
  beforeAll(async () => {
    const clock = new RealClock();
    const { link, path } = await openPty({ clock });
    port = path;
    const transport = new ConsoleTransport(closing.use("uart", Uart.open(link, { clock })), { clock });
    const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined };
    const handlers = { ...osHandlers(facts), ...imageHandlers(new ArrayImageStore({ slotBytes: 65_536 })) };
    closing.use("server", new SmpServer({ transport, handlers }));
  });
  afterAll(() => closing[Symbol.asyncDispose]());

  test("is reached by the port of its profile, whatever HIL_PORT says", async () => {
    const io = memoryIo({ cwd: folder, env: { HIL_PORT: "/dev/there-is-none" } });
    expect(await smpCommand(["--board", profile("pty.yaml", port), "echo", "hi"], io)).toBe(0);
    expect(io.printed()).toBe("hi\n");
  });

  test("is reached by another port that --port names", async () => {
    const io = memoryIo({ cwd: folder });
    expect(await smpCommand(["--board", profile("away.yaml", "/dev/none"), "--port", port, "echo", "hi"], io)).toBe(0);
    expect(io.printed()).toBe("hi\n");
  });

  test("has no port of its own where it is simulated, and the error says where one is", async () => {
    const found = await complaintOf(smpCommand(["--board", "twin-qspi", "echo", "hi"], memoryIo({ cwd: folder })));
    expect(found).toEqual({ code: 2, text: expect.stringMatching(/which port\?[\s\S]*hil twin/) });
  });
});
