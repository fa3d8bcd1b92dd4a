import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type HilProcess, hil } from "../src/cli/testing/process.ts";
import { Cleanup, hex, Random, RealClock, sleep } from "../src/core/index.ts";
import { buildImage, generatePayload, loadPrivateKey, parseImage, parseVersion, tlvsOf } from "../src/image/index.ts";
import { openSerialPort, Uart } from "../src/serial/index.ts";
import { SmpClient } from "../src/smp/index.ts";
import { MCUMGR, missingClient, output, pythonSteps, SMPMGR } from "./smp-tools.ts";

/** Clients that others wrote do whole upgrades of the simulated board, as a process of its own behind its terminal. */
const LIMIT_MS = 300_000;
const required = process.env["HIL_PEERS"] === "required" || process.env["CI"] === "true";
const clock = new RealClock();

const NEW = newImage();
const NAME = hex(tlvsOf(parseImage(NEW)).find(({ type }) => type === 0x10)?.data ?? new Uint8Array());

/** What a bootloader with the twin's keys takes: version 2.0.0, 40 KiB. */
function newImage(): Uint8Array {
  const random = Random.fromSeed(5);
  const payload = generatePayload({ random, name: "new", version: "2.0.0", bodyAddress: 0x10200, bytes: 40_000 });
  const pem = readFileSync(new URL("../boards/keys/twin-sign-p256.pem", import.meta.url), "utf8");
  return buildImage(payload, {
    version: parseVersion("2.0.0"),
    headerBytes: 512,
    padHeader: true,
    slotBytes: 0x74000,
    writeBytes: 4,
    signer: { kind: "key", key: loadPrivateKey(pem) },
  }).image;
}

let closing = new Cleanup();
let twin: HilProcess;
let port = "";
let file = "";
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), "hil-upgrade-"));
  file = join(folder, "new.bin");
  writeFileSync(file, NEW);
  twin = hil(folder, "twin", "--link", "dev", "--baud", "1000000");
  closing.add("twin", async () => {
    twin.child.kill("SIGTERM");
    await twin.done;
  });
  await twin.printed(/"pid"/);
  port = join(folder, "dev/uart");
  await untilAnswered(() => ours((client) => client.echo("up")));
}, 60_000);
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

/** Our own client for one call, to see what the peer left behind. */
async function ours<T>(call: (client: SmpClient) => Promise<T>): Promise<T> {
  await using uart = Uart.open(await openSerialPort(port, { baudRate: 1_000_000, clock }), { clock });
  await using client = SmpClient.onUart(uart, { clock, timeoutMs: 500 });
  return await call(client);
}

/** A board that boots or swaps does not answer: asks again, so many times. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === 40) throw error;
      await sleep(clock, 250);
    }
  }
}

function peerTest(peer: Parameters<typeof missingClient>[0], name: string, body: () => Promise<void>): void {
  const missing = missingClient(peer);
  if (missing === undefined) test(name, body, LIMIT_MS);
  else if (required && peer !== "mcumgr") test(`${name}: ${missing}`, () => expect(missing).toBeUndefined());
  else test.skip(`${name}: ${missing}`, body);
}

/** The last word on every upgrade: the new image runs and stays, the old one is beside it. */
async function expectUpgraded(): Promise<void> {
  const { images } = await untilAnswered(() => ours((client) => client.imageState()));
  expect(images.map((entry) => [entry.slot, entry.version, entry.active, entry.confirmed])).toEqual([
    [0, "2.0.0", true, true],
    [1, "0.1.0", false, false],
  ]);
  expect(hex(images[0]?.hash ?? new Uint8Array())).toBe(NAME);
}

describe("a whole upgrade of the twin", () => {
  for (const name of ["smpclient", "mcumgr-toolkit"] as const) {
    peerTest(name, `by ${name}: echo, params, list, upload, test, reset, list, confirm`, async () => {
      const steps = await pythonSteps([name, port, file, NAME]);
      const slot = (index: number, version: string, flags: string) =>
        expect.objectContaining({ slot: index, version, flags });
      expect(Object.fromEntries(steps)).toEqual({
        version: expect.any(String),
        echo: "hello",
        params: [1024, 4],
        list: [slot(0, "0.1.0", "active confirmed")],
        upload: expect.objectContaining({ bytes: NEW.length }),
        test: [slot(0, "0.1.0", "active confirmed"), slot(1, "2.0.0", "pending")],
        "list after reset": [slot(0, "2.0.0", "active"), slot(1, "0.1.0", "confirmed")],
        confirm: [slot(0, "2.0.0", "active confirmed"), slot(1, "0.1.0", "")],
      });
      await expectUpgraded();
    });
  }

  peerTest("smpmgr", "by smpmgr, one program a step", async () => {
    const smpmgr = async (...args: string[]) =>
      (await output(SMPMGR, ["--port", port, "--timeout", "5", ...args])).replaceAll(/\s+/g, "");
    const running = (version: string) => new RegExp(`slot=0,version='${version}'.*?active=True`);
    expect(await smpmgr("os", "echo", "hello")).toContain("hello");
    expect(await smpmgr("image", "state-read")).toMatch(running("0.1.0"));
    await smpmgr("image", "upload", file);
    await smpmgr("image", "state-write", NAME);
    expect(await smpmgr("image", "state-read")).toMatch(/slot=1,version='2\.0\.0'.*pending=True/);
    await smpmgr("os", "reset");
    await sleep(clock, 1_000);
    expect(await untilAnswered(() => smpmgr("image", "state-read"))).toMatch(running("2.0.0"));
    await smpmgr("image", "state-write", "--confirm");
    await expectUpgraded();
  });

  peerTest("mcumgr", "by the classic mcumgr, one program a step", async () => {
    const connection = ["--conntype", "serial", "--connstring", `dev=${port},baud=1000000,mtu=128`, "-t", "5"];
    const mcumgr = (...args: string[]) => output(MCUMGR ?? "", [...connection, ...args]);
    expect(await mcumgr("echo", "hello")).toBe("hello\n");
    const before = await mcumgr("image", "list");
    expect(before).toContain("version: 0.1.0\n    bootable: true\n    flags: active confirmed");
    expect(await mcumgr("image", "upload", file)).toContain("Done");
    expect(await mcumgr("image", "test", NAME)).toContain("flags: pending");
    await mcumgr("reset");
    await sleep(clock, 1_000);
    const after = await untilAnswered(() => mcumgr("image", "list"));
    expect(after).toContain(`version: 2.0.0\n    bootable: true\n    flags: active\n    hash: ${NAME}`);
    // Without the empty argument it sends a null, which Zephyr refuses, and so do we (smp.md dump 11).
    expect(await mcumgr("image", "confirm")).toContain("Error: 3");
    expect(await mcumgr("image", "confirm", "")).toContain("flags: active confirmed");
    await expectUpgraded();
  });
});
