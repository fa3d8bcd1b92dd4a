import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Cleanup, RealClock } from "../../core/index.ts";
import { openPty, Uart } from "../../serial/index.ts";
import { ConsoleTransport, imageHandlers, osHandlers, type SmpHandlers, SmpServer } from "../../smp/index.ts";
import { ArrayImageStore, plainImage } from "../../smp/testing/array-store.ts";
import { M44_FACTS } from "../../smp/testing/bench.ts";
import { complaintOf, memoryIo } from "../testing/memory-io.ts";
import { smpCommand } from "./smp.ts";

const OLD = plainImage({ version: [1, 0, 0], payloadBytes: 300 });
const NEW = plainImage({ version: [2, 0, 0], payloadBytes: 2_000 });
const closing = new Cleanup();
let port = "";
let transport: ConsoleTransport;
let store: ArrayImageStore;
let server: SmpServer | undefined;
const folder = mkdtempSync(join(tmpdir(), "hil-upgrade-"));
writeFileSync(join(folder, "new.bin"), NEW.file);

beforeAll(async () => {
  const clock = new RealClock();
  const { link, path } = await openPty({ clock });
  port = path;
  transport = new ConsoleTransport(closing.use("uart", Uart.open(link, { clock })), { clock });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await closing[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await server?.[Symbol.asyncDispose]();
  store = new ArrayImageStore({ slotBytes: 65_536 });
  store.flash(0, OLD.file);
});

/** A board that does `boot` when it is reset. */
function serve(boot: () => void, changed: (handlers: SmpHandlers) => SmpHandlers = () => ({})): void {
  const handlers = {
    ...osHandlers({ ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: boot }),
    ...imageHandlers(store),
  };
  server = new SmpServer({ transport, handlers: { ...handlers, ...changed(handlers) } });
}

async function hil(...argv: string[]) {
  const io = memoryIo({ cwd: folder, env: { HIL_PORT: port } });
  const code = await smpCommand(argv, io);
  return { code, out: io.printed(), err: io.complained() };
}

describe("hil smp upgrade", () => {
  test("uploads, asks for a test, resets, and says that the image runs for a test", async () => {
    serve(() => store.reset());
    const { code, out } = await hil("upgrade", "new.bin");
    expect(code).toBe(0);
    expect(out).toContain("2.0.0+0: runs, for a test: `hil smp image confirm` keeps it");
    expect(out).toContain("    version: 2.0.0\n    bootable: true\n    flags: active\n");
  });

  test("with --confirm the image runs for good, and a second time there is nothing to do", async () => {
    serve(() => store.reset());
    expect((await hil("upgrade", "new.bin", "--confirm")).out).toContain("2.0.0+0: runs, confirmed.");
    const again = await hil("upgrade", "new.bin", "--json");
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('"pass":true,"verdict":"runs, confirmed."')]);
    expect(again.out).not.toContain('"upload"');
  });

  test("an image that the bootloader refuses and erases ends in exit 1", async () => {
    serve(
      () => store.flash(1, new Uint8Array()),
      (handlers) => ({
        imageState: async (request, context) => {
          const answer = await handlers.imageState?.(request, context);
          const images = (answer?.images ?? []).filter(({ slot }) => slot === 0 || store.bytes(1)[0] !== 0xff);
          return { images };
        },
      }),
    );
    const { code, out } = await hil("upgrade", "new.bin");
    expect(code).toBe(1);
    expect(out).toContain("2.0.0+0: does not run; 1.0.0 does: the bootloader refused and erased it.");
  });

  test("a board that never does what was asked for ends in exit 3, and says so", async () => {
    serve(() => undefined);
    const complaint = await complaintOf(hil("upgrade", "new.bin", "--wait", "1500ms"));
    expect(complaint).toEqual({ code: 3, text: expect.stringMatching(/^waited 1500 ms for the board on .* to boot/) });
  });

  test("a wait without a unit is refused before the port is opened", async () => {
    expect(await complaintOf(hil("upgrade", "new.bin", "--wait", "5", "--port", "/dev/none"))).toMatchObject({
      code: 2,
    });
  });
});

describe("after an upload the list is asked", () => {
  /** A server that took up an upload in a slot that was erased since: it says that it has bytes which it has not. */
  const stale = (): SmpHandlers => ({
    imageUpload: ({ off = 0, data = new Uint8Array() }) => ({ off: off === 0 ? 1_000 : off + data.length }),
  });

  test("an upload that was taken up half-way and lists no image is an error", async () => {
    serve(() => undefined, stale);
    expect(await complaintOf(hil("image", "upload", "new.bin"))).toEqual({
      code: 1,
      text: expect.stringContaining("the board says that it has the whole image, and lists none with its hash"),
    });
  });

  test("one that is listed is done", async () => {
    serve(() => undefined);
    expect(await hil("image", "upload", "new.bin")).toMatchObject({
      code: 0,
      out: expect.stringContaining("Done\n"),
      err: "",
    });
  });

  test("one that is listed in another pair than it was sent for is done, with a warning that names both", async () => {
    const onePair = (handlers: SmpHandlers): SmpHandlers => ({
      imageUpload: (request, context) => handlers.imageUpload?.({ ...request, image: undefined }, context) ?? {},
    });
    serve(() => undefined, onePair);
    const { code, err } = await hil("image", "upload", "new.bin", "--image", "1");
    expect([code, err]).toEqual([0, expect.stringMatching(/^warning: .*as image 0, slot 1, .*sent as --image 1/)]);
  });
});
