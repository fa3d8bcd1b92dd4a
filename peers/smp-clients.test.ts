import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Cleanup, equalBytes, RealClock } from "../src/core/index.ts";
import { openPty, Uart } from "../src/serial/index.ts";
import { ConsoleTransport, imageHandlers, osHandlers, SmpServer } from "../src/smp/index.ts";
import { ArrayImageStore, plainImage } from "../src/smp/testing/array-store.ts";
import { M44_FACTS } from "../src/smp/testing/bench.ts";

const VENV = process.env["HIL_PEERS_VENV"] ?? ".cache/peers";
const PYTHON = join(VENV, "bin/python");
const SMPMGR = join(VENV, "bin/smpmgr");
const required = process.env["HIL_PEERS"] === "required" || process.env["CI"] === "true";
const run = promisify(execFile);

const OLD = plainImage({ version: [1, 0, 0], payloadBytes: 1_000 });
const NEW = plainImage({ version: [2, 0, 0, 7], payloadBytes: 30_000 });

let closing = new Cleanup();
let store: ArrayImageStore;
let uart: Uart;
let server: SmpServer;
let port = "";
let file = "";
let resets = 0;
beforeEach(async () => {
  const clock = new RealClock();
  const { link, path } = await openPty({ clock });
  port = path;
  uart = closing.use("uart", Uart.open(link, { clock }));
  store = new ArrayImageStore({ slotBytes: 65_536 });
  store.flash(0, OLD.file);
  resets = 0;
  const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => (resets += 1) };
  const transport = new ConsoleTransport(uart, { clock });
  const handlers = { ...osHandlers(facts), ...imageHandlers(store) };
  server = closing.use("server", new SmpServer({ transport, handlers }));
  const folder = await mkdtemp(join(tmpdir(), "hil-peers-"));
  file = join(folder, "new.bin");
  await writeFile(file, NEW.file);
});
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

/** A test that needs a peer: where it is missing, the skip says what to install, and in CI it fails. */
function peerTest(name: string, program: string, body: () => Promise<void>): void {
  if (existsSync(program) || required) test(name, body, 60_000);
  else test.skip(`${name}: needs ${program}; install .ci/peers.txt into a venv and set HIL_PEERS_VENV to it`, body);
}

describe("smpclient against our server", () => {
  peerTest("every step of an upgrade is answered as it expects", PYTHON, async () => {
    const { stdout } = await run(PYTHON, ["peers/smp_client.py", port, file], { timeout: 50_000 });
    const steps = Object.fromEntries(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { step: string; error?: boolean; body?: object; offsets?: number[] })
        .map(({ step, ...rest }) => [step, rest]),
    );
    const slot = (index: number, image: typeof OLD, version: string, flags: object) => ({
      slot: index,
      version,
      hash: image.name,
      bootable: true,
      pending: false,
      confirmed: false,
      active: false,
      permanent: false,
      ...flags,
    });
    const running = slot(0, OLD, "1.0.0", { active: true, confirmed: true });
    const ok = (body: object) => ({ error: false, body: expect.objectContaining(body) });
    const refused = (group: number, rc: number) => ({
      error: true,
      body: expect.objectContaining({ err: { group, rc } }),
    });
    expect(steps).toEqual({
      echo: ok({ r: "hello" }),
      "echo of 300": ok({ r: "x".repeat(300) }),
      params: ok({ buf_size: 384, buf_count: 4 }),
      info: ok({ output: "Zephyr 4.4.0" }),
      bootloader: ok({ bootloader: "MCUboot" }),
      list: ok({ images: [running], splitStatus: 0 }),
      "erase slot 0": refused(1, 9),
      erase: ok({}),
      upload: { offsets: expect.arrayContaining([NEW.file.length]) },
      "list after": ok({ images: [running, slot(1, NEW, "2.0.0.7", {})] }),
      test: ok({ images: [running, slot(1, NEW, "2.0.0.7", { pending: true })] }),
      "confirm while pending": refused(1, 28),
      "unknown group": { error: true, body: expect.objectContaining({ rc: 8 }) },
      reset: ok({}),
    });
    expect(equalBytes(store.bytes(1).subarray(0, NEW.file.length), NEW.file)).toBe(true);
    expect(resets).toBe(1);
    expect(server.counters.dropped).toBe(0);
  });
});

describe("smpmgr against our server", () => {
  const smpmgr = async (...args: string[]) => {
    const { stdout, stderr } = await run(SMPMGR, ["--port", port, ...args], { timeout: 50_000 });
    return `${stdout}${stderr}`;
  };

  peerTest("lists the running image", SMPMGR, async () => {
    const listed = (await smpmgr("image", "state-read")).replaceAll(/\s+/g, "");
    expect(listed).toContain("slot=0,version='1.0.0'");
    expect(listed).toContain("active=True");
  });

  peerTest("uploads an image, byte for byte", SMPMGR, async () => {
    await smpmgr("image", "upload", file);
    expect(equalBytes(store.bytes(1).subarray(0, NEW.file.length), NEW.file)).toBe(true);
  });

  peerTest("resets the board", SMPMGR, async () => {
    await smpmgr("os", "reset");
    expect(resets).toBe(1);
  });

  peerTest("finds its answers between log lines", SMPMGR, async () => {
    uart.onBytes(() => void uart.write(Buffer.from("[00:00:01.000] <inf> app: tick\r\nuart:~$ ")));
    expect(await smpmgr("os", "echo", "hello")).toContain("hello");
  });
});
