import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { HCI } from "../src/ble/hci/commands.ts";
import { BlePeripheral } from "../src/ble/index.ts";
import { hil } from "../src/cli/testing/process.ts";
import { Cleanup, equalBytes, fromHex, hex, messageOf, Random, RealClock, sleep } from "../src/core/index.ts";
import { buildImage, generatePayload, loadPrivateKey, parseImage, parseVersion, tlvsOf } from "../src/image/index.ts";
import { openSerialPort } from "../src/serial/index.ts";
import {
  BleServerTransport,
  imageHandlers,
  openBleTransport,
  osHandlers,
  SMP_GATT,
  SmpClient,
  SmpServer,
  SmpSession,
} from "../src/smp/index.ts";
import { ArrayImageStore } from "../src/smp/testing/array-store.ts";
import { M44_FACTS } from "../src/smp/testing/bench.ts";
import { missingBumbleClient, pythonSteps } from "./smp-tools.ts";
import { missingAir, virtualAir } from "./virtual-air.ts";

/** Virtual controllers of others between our central, our peripheral and smpclient's: real stacks at both ends. */
const LIMIT_MS = 200_000;
const required = process.env["HIL_PEERS"] === "required" || process.env["CI"] === "true";
const missing = missingAir();
const suite = missing === undefined ? describe : describe.skip;
const clock = new RealClock();
const LINE = { baudRate: 1_000_000, hardwareFlowControl: true, clock };
const NEW = newImage();
const NAME = hex(tlvsOf(parseImage(NEW)).find(({ type }) => type === 0x10)?.data ?? new Uint8Array());

/** What a bootloader with the twin's keys takes: version 2.0.0, 40 KiB. */
function newImage(): Uint8Array {
  const random = Random.fromSeed(5);
  const payload = generatePayload({ random, name: "new", version: "2.0.0", bodyAddress: 0x10200, bytes: 40_000 });
  const key = loadPrivateKey(readFileSync(new URL("../boards/keys/twin-sign-p256.pem", import.meta.url), "utf8"));
  const shape = {
    version: parseVersion("2.0.0"),
    headerBytes: 512,
    padHeader: true,
    slotBytes: 0x74000,
    writeBytes: 4,
  };
  return buildImage(payload, { ...shape, signer: { kind: "key", key } }).image;
}

if (missing !== undefined)
  (required ? test : test.skip)(`SMP over a virtual air: ${missing}`, () => expect(missing).toBeUndefined());

let closing = new Cleanup();
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hil-air-"));
  closing.add("folder", async () => rmSync(folder, { recursive: true }));
});
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

const air = async (count: number) => closing.use("air", await virtualAir(count));

/** Our client over the adapter at `path`. */
async function clientOver(path: string, board = "hil-twin", limitMs = 20_000): Promise<SmpClient> {
  const transport = await openBleTransport(await openSerialPort(path, LINE), { clock, board, limitMs });
  return closing.use("client", new SmpClient(new SmpSession(transport, { clock, timeoutMs: 1_500 })));
}

/** The simulated board as a process, on the controller at `path`. */
async function twinOn(path: string, ...more: string[]): Promise<void> {
  const twin = hil(folder, "twin", "--air", path, ...more);
  closing.add("twin", async () => {
    twin.child.kill("SIGTERM");
    await twin.done;
  });
  await twin.printed(/"pid"/);
}

/** A server of SMP in this process, on the controller at `path`. */
async function serverOn(path: string, options: { readonly mtu?: number; readonly halfOf?: number } = {}) {
  const place = { clock, name: "board", ...SMP_GATT, mtu: options.mtu };
  const board = closing.use("board", await BlePeripheral.open(await openSerialPort(path, LINE), place));
  const store = new ArrayImageStore({ slotBytes: 1 << 20 });
  const buffers = { bufferBytes: 2_475, bufferCount: 4 };
  const handlers = { ...osHandlers({ ...M44_FACTS, ...buffers, reset: () => undefined }), ...imageHandlers(store) };
  let answers = 0;
  const halved = new BleServerTransport({
    onLink: (listener) =>
      board.onLink((link) => {
        const write = (value: Uint8Array, signal?: AbortSignal) => {
          answers += 1;
          return link.write(answers === options.halfOf ? value.subarray(0, value.length / 2) : value, signal);
        };
        const bound = { mtu: { get: () => link.mtu }, write: { value: write } };
        listener(Object.create(link, { ...bound, ...methodsOf(link) }) as typeof link);
      }),
  });
  closing.use("server", new SmpServer({ transport: halved, handlers, ...buffers }));
  await board.power(true);
  return { board, store };
}

/** Methods of a class with private fields, for an object that stands before it. */
function methodsOf(link: Parameters<Parameters<BlePeripheral["onLink"]>[0]>[0]): PropertyDescriptorMap {
  const names = ["onValue", "onQuiet", "onEnd", "resubscribe"] as const;
  return Object.fromEntries(names.map((name) => [name, { value: (link[name] as () => void).bind(link) }]));
}

const runs = (images: readonly { slot: number; version: string; active: boolean; confirmed: boolean }[]) =>
  images.map(({ slot, version, active, confirmed }) => [slot, version, active, confirmed]);

suite("the simulated board on a virtual controller", () => {
  test(
    "is upgraded by our central: echo, upload, test, reset, a link made anew, confirm",
    async () => {
      const [adapter = "", radio = ""] = (await air(2)).paths;
      await twinOn(radio);
      const client = await clientOver(adapter);
      expect(await client.echo("hello")).toBe("hello");
      await client.upload(NEW);
      await client.setImageState({ hash: fromHex(NAME), confirm: false });
      await client.reset();
      await sleep(clock, 500);
      const list = async () => {
        for (let attempt = 1; ; attempt += 1) {
          try {
            return await client.imageState();
          } catch (error) {
            if (attempt === 10) throw error;
          }
        }
      };
      expect(runs((await list()).images)).toEqual([
        [0, "2.0.0", true, false],
        [1, "0.1.0", false, true],
      ]);
      await client.setImageState({ confirm: true });
      expect(runs((await client.imageState()).images)[0]).toEqual([0, "2.0.0", true, true]);
    },
    LIMIT_MS,
  );

  const client = missingBumbleClient();
  (client === undefined ? test : test.skip)(
    `is upgraded by smpclient[bumble]${client === undefined ? "" : `: ${client}`}`,
    async () => {
      const [adapter = "", radio = ""] = (await air(2)).paths;
      await twinOn(radio);
      const file = join(folder, "new.bin");
      writeFileSync(file, NEW);
      const steps = await pythonSteps(["smpclient-bumble", `hil-twin@${adapter}`, file, NAME]);
      expect(Object.fromEntries(steps)).toMatchObject({
        echo: "hello",
        upload: { bytes: NEW.length },
        "list after reset": [
          { slot: 0, version: "2.0.0", flags: "active" },
          { slot: 1, version: "0.1.0", flags: "confirmed" },
        ],
        confirm: [{ slot: 0, version: "2.0.0", flags: "active confirmed" }, { slot: 1 }],
      });
    },
    LIMIT_MS,
  );
});

suite("faults of the air end in success or in one clear error", () => {
  const isWhole = (store: ArrayImageStore) => equalBytes(store.bytes(1).subarray(0, NEW.length), NEW);

  test(
    "a link that is lost in an upload is made anew, and the image is whole",
    async () => {
      const bench = await air(2);
      const [adapter = "", radio = ""] = bench.paths;
      const { store } = await serverOn(radio);
      const client = await clientOver(adapter, "board");
      let requests = 0;
      client.session.onExchange(({ kind }) => {
        if (kind === "request") requests += 1;
        if (kind === "request" && (requests === 4 || requests === 9)) void bench.tell("lose");
      });
      await client.upload(NEW);
      expect(isWhole(store)).toBe(true);
    },
    LIMIT_MS,
  );

  test.each([23, 247])(
    "a board with an MTU of %i takes an image whole",
    async (mtu) => {
      const [adapter = "", radio = ""] = (await air(2)).paths;
      const { store } = await serverOn(radio, { mtu });
      await (await clientOver(adapter, "board")).upload(NEW);
      expect(isWhole(store)).toBe(true);
    },
    LIMIT_MS,
  );

  test(
    "half an answer costs one timeout, and the next one is whole",
    async () => {
      const [adapter = "", radio = ""] = (await air(2)).paths;
      await serverOn(radio, { halfOf: 1 });
      const client = await clientOver(adapter, "board");
      expect(await client.echo("hello")).toBe("hello");
      expect(client.session.counters).toMatchObject({ stray: 0, late: 0 });
    },
    LIMIT_MS,
  );

  test(
    "an adapter that is unplugged in an upload, two boards of one name, a silent adapter: one sentence each",
    async () => {
      const bench = await air(4);
      const [adapter = "", radio = "", other = "", silent = ""] = bench.paths;
      const { board } = await serverOn(radio);
      const client = await clientOver(adapter, "board");
      const second = await serverOn(other);
      await expect(client.echo("x")).rejects.toThrow(
        'two boards are named "board": C0:00:00:00:00:02 and C0:00:00:00:00:03.',
      );
      // The one goes, as a board that came back under another address.
      await board.power(false);
      expect(await client.echo("other")).toBe("other");
      await second.board.power(true);
      client.session.onExchange(({ kind }) => kind === "answer" && void bench.tell("unplug 0").catch(() => undefined));
      const lost = await client.upload(NEW).catch((error: unknown) => error);
      expect(messageOf(lost)).toMatch(/^port \/dev\/pts\/\d+ vanished while it was in use\./);
      await bench.tell(`mute 3 ${HCI.leCreateConnection.opcode}`);
      const muted = await clientOver(silent, "board", 3_000);
      await expect(muted.echo("x")).rejects.toThrow(/to answer LE Create Connection\./);
    },
    LIMIT_MS,
  );
});

suite("the failure from the field, over the air", () => {
  test(
    "is named on the simulated board of NCS 1.7.1: its UART the witness, its radio on a virtual controller",
    async () => {
      const [adapter = "", radio = ""] = (await air(2)).paths;
      await twinOn(radio, "--board", "twin-ncs171", "--baud", "1000000", "--link", "dev");
      const ports = `ports:
  app: { path: dev/uart, baud_rate: 1000000 }
  net: { path: dev/net, baud_rate: 1000000 }
  smp: { ble: hil-twin, path: ${adapter} }
`;
      const profile = readFileSync(new URL("../boards/twin-ncs171.yaml", import.meta.url), "utf8")
        .replace("provider: twin", "provider: hardware")
        .replace(/^ports:\n(?: .*\n)+/m, ports)
        .replace("twin:relay", "dev/relay")
        .replace(/^twin:\n(?: .*\n)+/m, "");
      writeFileSync(join(folder, "board.yaml"), profile);
      const packages = ["factory.zip", "update.zip"].map((name) =>
        fileURLToPath(new URL(`../cases/field-failure/${name}`, import.meta.url)),
      );
      const { code, out } = await hil(folder, "run", ...packages, "--board", "board.yaml", "--cuts", "0").done;
      expect(out).toContain("the bootloader took the encrypted application image for a network-core image");
      expect(out).toContain("known defect R35, DevZone 78628");
      expect(code).toBe(1);
    },
    LIMIT_MS,
  );
});
