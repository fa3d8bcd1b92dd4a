import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { equalBytes, RealClock } from "../../core/index.ts";
import { openPty, Uart } from "../../serial/index.ts";
import { ConsoleTransport, imageHandlers, osHandlers, SmpServer } from "../../smp/index.ts";
import { ArrayImageStore, plainImage } from "../../smp/testing/array-store.ts";
import { M44_FACTS } from "../../smp/testing/bench.ts";
import type { CliIo } from "../terminal/io.ts";
import { smpCommand } from "./smp.ts";

const NEW = plainImage({ version: [2, 0, 0], payloadBytes: 20_000 });
const LIMIT_MS = 60_000;

/** A board behind a link in a folder, which can be pulled out and put back as another terminal. */
async function bench() {
  const clock = new RealClock();
  const folder = mkdtempSync(join(tmpdir(), "hil-reopen-"));
  const port = join(folder, "uart");
  writeFileSync(join(folder, "new.bin"), NEW.file);
  const store = new ArrayImageStore({ slotBytes: 65_536 });
  const os = osHandlers({ ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined });
  let images = imageHandlers(store);
  let plugged: { readonly path: string; unplug(): Promise<void> } | undefined;
  const plug = async () => {
    const { link, path } = await openPty({ clock });
    const uart = Uart.open(link, { clock });
    const server = new SmpServer({
      transport: new ConsoleTransport(uart, { clock }),
      handlers: {
        ...os,
        ...images,
        imageUpload: async (request, context) => {
          const answer = (await images.imageUpload?.(request, context)) ?? {};
          if ((answer.off ?? 0) > 8_000) onReached?.();
          return answer;
        },
      },
    });
    symlinkSync(path, port);
    plugged = {
      path,
      unplug: async () => {
        rmSync(port);
        plugged = undefined;
        await server[Symbol.asyncDispose]();
        await uart[Symbol.asyncDispose]();
      },
    };
  };
  let onReached: (() => void) | undefined;
  await plug();
  return {
    port,
    folder,
    store,
    /** Pulls the plug once, in the middle of an upload, and puts it back. */
    replugInUpload: (options: { readonly resets: boolean; readonly stays?: "out" }) => {
      onReached = () => {
        onReached = undefined;
        void (async () => {
          await plugged?.unplug();
          if (options.resets) images = imageHandlers(store);
          if (options.stays !== "out") await plug();
        })();
      };
    },
    [Symbol.asyncDispose]: async () => plugged?.unplug(),
  };
}

async function hil(folder: string, ...argv: string[]) {
  let out = "";
  const io: CliIo = {
    out: (text) => {
      out += text;
    },
    err: () => undefined,
    env: {},
    cwd: folder,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  };
  const code = await smpCommand(argv, io);
  return { code, result: JSON.parse(out) as { restarts: number; resumedAtBytes: number; retries: number } };
}

test(
  "--reopen: an upload goes on where the board has it when only the cable was out",
  async () => {
    await using board = await bench();
    board.replugInUpload({ resets: false });
    const { code, result } = await hil(
      board.folder,
      "-p",
      board.port,
      "--reopen",
      "--json",
      "image",
      "upload",
      "new.bin",
    );
    expect([code, result.restarts]).toEqual([0, 0]);
    expect(result.retries).toBeGreaterThan(0);
    expect(equalBytes(board.store.bytes(1).subarray(0, NEW.file.length), NEW.file)).toBe(true);
    expect(board.store.log.filter((line) => line.startsWith("write 1 0+"))).toHaveLength(1);
  },
  LIMIT_MS,
);

test(
  "--reopen: an upload starts over when the board has lost it with its power",
  async () => {
    await using board = await bench();
    board.replugInUpload({ resets: true });
    const { code, result } = await hil(
      board.folder,
      "-p",
      board.port,
      "--reopen",
      "--json",
      "image",
      "upload",
      "new.bin",
    );
    expect([code, result.restarts]).toEqual([0, 1]);
    expect(equalBytes(board.store.bytes(1).subarray(0, NEW.file.length), NEW.file)).toBe(true);
  },
  LIMIT_MS,
);

test(
  "without it, a port that vanishes in mid-upload ends the command",
  async () => {
    await using board = await bench();
    board.replugInUpload({ resets: false, stays: "out" });
    const upload = hil(board.folder, "-p", board.port, "--json", "image", "upload", "new.bin");
    await expect(upload).rejects.toMatchObject({ kind: "bench", message: expect.stringContaining("vanished") });
  },
  LIMIT_MS,
);
