import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Cleanup, InterruptedError, isHilError, RealClock, terminalText } from "../../core/index.ts";
import { openPty, Uart } from "../../serial/index.ts";
import { ConsoleTransport, imageHandlers, osHandlers, SmpServer } from "../../smp/index.ts";
import { ArrayImageStore, plainImage } from "../../smp/testing/array-store.ts";
import { M44_FACTS } from "../../smp/testing/bench.ts";
import { portsText } from "../board/ports.ts";
import type { CliIo } from "../terminal/io.ts";
import { smpCommand } from "./smp.ts";

const OLD = plainImage({ version: [1, 0, 0], payloadBytes: 300 });
const NEW = plainImage({ version: [2, 0, 0], payloadBytes: 20_000 });

const closing = new Cleanup();
let port = "";
let folder = "";
let store: ArrayImageStore;
let resets = 0;
let server: SmpServer | undefined;
let transport: ConsoleTransport;

beforeAll(async () => {
  const clock = new RealClock();
  const { link, path } = await openPty({ clock });
  port = path;
  transport = new ConsoleTransport(closing.use("uart", Uart.open(link, { clock })), { clock });
  folder = await mkdtemp(join(tmpdir(), "hil-smp-"));
  await writeFile(join(folder, "new.bin"), NEW.file);
});
beforeEach(async () => {
  await server?.[Symbol.asyncDispose]();
  store = new ArrayImageStore({ slotBytes: 65_536 });
  store.flash(0, OLD.file);
  resets = 0;
  const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => (resets += 1) };
  server = new SmpServer({ transport, handlers: { ...osHandlers(facts), ...imageHandlers(store) } });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await closing[Symbol.asyncDispose]();
});

/** Words that a line cannot hold. */
type Named = Readonly<Record<string, string>>;

async function hil(argv: string, { words: given = {}, ...options }: Partial<CliIo> & { words?: Named } = {}) {
  let out = "";
  let err = "";
  const io: CliIo = {
    out: (text, before) => {
      out += terminalText(text, before);
    },
    err: (text) => {
      err += text;
    },
    env: {},
    cwd: folder,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
    ...options,
  };
  const words = argv.split(" ").map((word) => word.replace(/\bPORT\b/, port));
  const code = await smpCommand(
    words.filter((word) => word !== "").map((word) => given[word] ?? word),
    io,
  );
  return { code, out, err };
}

describe("hil smp", () => {
  test("echo prints what comes back", async () => {
    expect(await hil("--port PORT echo hello")).toEqual({ code: 0, out: "hello\n", err: "" });
    expect((await hil("--port PORT echo 007")).out).toBe("007\n");
  });

  test("echo and shell take the rest of the line as their text", async () => {
    expect((await hil("--port PORT echo hello there board")).out).toBe("hello there board\n");
  });

  test.each([
    ["os echo hi", "hi\n"],
    ["image state-read --json", '{"images":[{"image":0,'],
  ])("answers to another tool's words: %s", async (argv, text) => {
    expect((await hil(`--port PORT ${argv}`)).out.startsWith(text)).toBe(true);
  });

  test.each([
    ["taskstat", "task statistics refused: ENOTSUP"],
    ["mpstat", "memory pools refused: ENOTSUP"],
    ["enum", "group list refused: ENOTSUP"],
    ["stat smp_svr_stats", "statistics refused: ENOTSUP"],
    ["shell exec kernel version", "shell refused: ENOTSUP"],
    ["image erase 9", "image erase refused: FLASH_OPEN_FAILED"],
  ])("asks the board for what other tools call %j", async (argv, text) => {
    await expect(hil(`--port PORT ${argv}`)).rejects.toThrow(text);
  });

  test("an empty hash confirms the running image, as mcumgr wants it written", async () => {
    const answer = await hil("--port PORT image confirm EMPTY", { words: { EMPTY: "" } });
    expect(answer.out).toContain("flags: active confirmed");
  });

  test("takes the port from HIL_PORT, and answers in JSON", async () => {
    expect((await hil("params --json", { env: { HIL_PORT: port } })).out).toBe(
      '{"buf_size":384,"buf_count":4,"known":true}\n',
    );
  });

  test("image list has the layout of the mcumgr tool", async () => {
    expect((await hil("--port PORT image list")).out).toBe(
      [
        "Images:",
        " image=0 slot=0",
        "    version: 1.0.0",
        "    bootable: true",
        "    flags: active confirmed",
        `    hash: ${OLD.name}`,
        "Split status: N/A (0)",
        "",
      ].join("\n"),
    );
  });

  test("upload, test, reset, confirm: a whole upgrade", async () => {
    const upload = await hil("--port PORT image upload new.bin --baud 1000000");
    expect(upload.out).toMatch(/^ {1,3}\d+ % {2}\d+ of 20072 B/);
    expect(upload.out.split("\n").filter((line) => line.includes(" % "))).toHaveLength(10);
    expect(upload.out).toMatch(/20072 bytes in \d+\.\d s, [\d.]+ KiB\/s\nDone\n$/);
    expect((await hil(`--port PORT image test ${NEW.name}`)).out).toContain("flags: pending");
    expect((await hil("--port PORT reset")).out).toBe("Done\n");
    expect(resets).toBe(1);
    store.reset();
    expect((await hil("--port PORT image confirm")).out).toContain(
      "version: 2.0.0\n    bootable: true\n    flags: active confirmed",
    );
    expect((await hil("--port PORT image erase")).out).toBe("Done\n");
    expect((await hil("--port PORT image list --json")).out).toContain(`"hash":"${NEW.name}"`);
  });

  test("takes mcumgr's connection string, and its mtu as the size of packets", async () => {
    expect((await hil("--conntype serial --connstring dev=PORT,baud=115200 echo hello")).out).toBe("hello\n");
    const { err } = await hil("--connstring dev=PORT,mtu=128 --trace image upload new.bin");
    expect(err).toMatch(/"data":"[0-9a-f]+… \((?:5\d|6\d) bytes\)/);
  });

  test("draws a bar on a terminal", async () => {
    const { out } = await hil("--port PORT image upload new.bin --window 2", { isTty: true });
    expect(out).toContain("\r\u001B[2K████████████████████████ 100 %  20072 of 20072 B");
  });

  test("traces every packet to standard error", async () => {
    const { err } = await hil("--port PORT --trace echo hi");
    expect(err).toMatch(
      /^ +\d\.\d{6}s > op 2 v2 group 0 id 0 seq \d+ {2}\{"d":"hi"\}\n +\d\.\d{6}s < op 3 v2 .* \{"r":"hi"\}\n$/,
    );
  });

  test("tells about bootloader and system", async () => {
    expect((await hil("--port PORT bootloader")).out).toBe("MCUboot, swap using move\n");
    expect((await hil("--port PORT info sv")).out).toBe("Zephyr 4.4.0\n");
  });
});

describe("hil smp fails", () => {
  test("with exit 1 when the board refuses", async () => {
    const refused = hil(`--port PORT image test ${OLD.name}`);
    await expect(refused).rejects.toMatchObject({
      exitCode: 1,
      refusal: { name: "IMAGE_SETTING_TEST_TO_ACTIVE_DENIED" },
    });
  });

  test.each([
    ["image upload nothing.bin --port PORT", "cannot upload nothing.bin: there is no such file."],
    ["image test 1234 --port PORT", '"1234" is no image hash. A hash has 64, 96 or 128 hex digits'],
    ["image lst --port PORT", 'no command "hil smp image lst". Did you mean "hil smp image list"?'],
    ["--port PORT", "hil smp wants a command."],
    ["--port PORT image upload", "hil smp image upload <file>: an argument is missing."],
    ["image list x --port PORT", 'takes other arguments than "x"'],
    ["echo hello --conntype ble --connstring x", "--conntype ble is not known here. It is serial or udp."],
    ["echo hello --connstring dev=PORT --port PORT", "--port and --connstring both name a port."],
    ["echo hello --connstring speed=1", '--connstring does not know "speed=1".'],
    ["echo hello", "which port? Name it with --port"],
    ["echo hello --port PORT --baud fast", '--baud wants a number, not "fast"'],
    ["echo hello --port PORT --timeout 0", "--timeout 0 leaves a board no time to answer. Write 500ms or 3s."],
    ["echo hello --port PORT --timeout -1", "--timeout wants a number (of ms), or one with its unit"],
    ["echo hello --prt PORT", "unknown option --prt. Did you mean --port?"],
  ])("with exit 2 for %j", async (argv, text) => {
    const error: unknown = await hil(argv).catch((thrown: unknown) => thrown);
    if (!isHilError(error)) throw error;
    expect([error.exitCode, error.paragraph()]).toEqual([2, expect.stringContaining(text)]);
  });

  test("with exit 3 when the port is absent, or nobody answers", async () => {
    await expect(hil("--port /dev/ttyNOPE echo x")).rejects.toMatchObject({
      exitCode: 3,
      message: "no port /dev/ttyNOPE.",
    });
    await server?.[Symbol.asyncDispose]();
    const silent = hil("--port PORT --timeout 50 reset");
    await expect(silent).rejects.toMatchObject({ exitCode: 3, awaited: `the answer to reset on ${port}` });
  });

  test("with exit 4 on Ctrl-C in the middle of an upload, and the port is free again", async () => {
    const stop = new AbortController();
    const out = () => stop.abort(new InterruptedError("interrupted"));
    const interrupted = hil("--port PORT image upload new.bin", { out, signal: stop.signal });
    await expect(interrupted).rejects.toMatchObject({ exitCode: 4 });
    expect((await hil("--port PORT echo again")).out).toBe("again\n");
  });
});

describe("hil ports", () => {
  test("prints a port a line, with the identity that --port takes", () => {
    const dk = {
      path: "/dev/ttyACM1",
      serial: "1050611489",
      interface: 2,
      product: "J-Link",
      stablePath: "/dev/serial/by-id/x",
    };
    expect(portsText([{ path: "/dev/ttyS10" }, dk], false)).toBe(
      "/dev/ttyS10\n/dev/ttyACM1  1050611489:2  J-Link  /dev/serial/by-id/x\n",
    );
    expect(portsText([dk], true)).toBe(`${JSON.stringify([dk])}\n`);
    expect(portsText([], false)).toContain("No serial port is there.");
  });
});
