import { describe, expect, test } from "@jest/globals";
import { equalBytes, fromHex, hex, VirtualClock } from "../../core/index.ts";
import { memoryLinks, Uart } from "../../serial/index.ts";
import { SmpClient } from "../client/client.ts";
import { SmpSession } from "../client/session.ts";
import { imageHandlers } from "../server/image-server.ts";
import { osHandlers } from "../server/os-server.ts";
import { SmpServer } from "../server/server.ts";
import { ArrayImageStore, plainImage } from "../testing/array-store.ts";
import { M44_FACTS } from "../testing/bench.ts";
import { ConsoleTransport } from "../transport/console-transport.ts";
import { decodeMap, encodeMap } from "./cbor.ts";
import { SERVER_GENERATIONS, type ServerGenerationName } from "./generations.ts";
import { decodeSmpHeader, encodeSmpHeader, SMP_HEADER_BYTES } from "./header.ts";
import { isRefusal } from "./refusal.ts";

const OLD = plainImage({ version: [1, 0, 0], payloadBytes: 400 });
const NEW = plainImage({ version: [2, 0, 0], payloadBytes: 3_001 });
const NET_OLD = plainImage({ version: [3, 0, 0], payloadBytes: 300 });
const NET_NEW = plainImage({ version: [4, 0, 0], payloadBytes: 500 });
const IMAGES = [OLD, NEW, NET_OLD, NET_NEW];

/** A board of some age with images in its slots. */
function board(generation: ServerGenerationName, options: { images?: number; version?: 1 | 2; bare?: boolean } = {}) {
  const { images = 1, version = 2, bare = false } = options;
  const clock = new VirtualClock();
  const [hostLink, boardLink] = memoryLinks({ clock, baudRate: 1_000_000 });
  const store = new ArrayImageStore({ slotBytes: 8_192, images });
  for (let slot = 0; slot < (bare ? 1 : 2 * images); slot += 1) store.flash(slot, IMAGES[slot]?.file ?? OLD.file);
  const resets: { force: boolean; bootMode: number }[] = [];
  const buffers = { bufferBytes: 1_024, bufferCount: 4 };
  const os = osHandlers({ ...M44_FACTS, ...buffers, reset: (request) => resets.push(request) });
  const server = new SmpServer({
    transport: new ConsoleTransport(Uart.open(boardLink, { clock }), { clock }),
    handlers: { ...os, ...imageHandlers(store, { generation, slotInfo: true }) },
    generation,
    ...buffers,
  });
  const transport = new ConsoleTransport(Uart.open(hostLink, { clock }), { clock });
  const client = new SmpClient(new SmpSession(transport, { clock, version, timeoutMs: 200 }));
  /** The body of the answer to a packet. */
  const ask = (fields: { op: number; group: number; id: number; version?: number; length?: number }, body: object) =>
    new Promise<object>((resolve) => {
      const payload = encodeMap(body as never);
      const stop = transport.onPacket(({ bytes }) => {
        stop();
        resolve({ op: decodeSmpHeader(bytes)?.op, ...decodeMap(bytes.subarray(SMP_HEADER_BYTES)) });
      });
      const header = { version: 0, reserved: 0, flags: 0, sequence: 1, length: payload.length, ...fields };
      void transport.send(Uint8Array.from([...encodeSmpHeader(header), ...payload]));
    });
  return { clock, store, server, client, ask, resets };
}

/** "done", or how the board said no: its code, and the group whose code it is. */
async function outcome(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return "done";
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { group, code } = error.refusal;
    return group === undefined ? `rc ${code}` : `group ${group}, code ${code}`;
  }
}

const PLANS = {
  none: () => {},
  test: (store: ArrayImageStore) => store.setPending(1, false),
  permanent: (store: ArrayImageStore) => store.setPending(1, true),
  revert: async (store: ArrayImageStore) => {
    await store.setPending(1, false);
    store.reset();
  },
} as const;

/**
 * plan, request, slot, and the outcome by generation: up to 3.3 as `rc`, NCS 2.4 by name, 3.4.0 confirms what runs, from
 * 3.5 on by what boots next.
 */
const TRANSITIONS = [
  ["none", "test", 0, "rc 1", "group 1, code 14", "done", "group 1, code 33"],
  ["none", "test", 1, "done", "done", "done", "done"],
  ["none", "confirm", 0, "done", "done", "done", "done"],
  ["none", "confirm", 1, "done", "done", "done", "done"],
  ["test", "test", 0, "rc 1", "group 1, code 14", "group 1, code 28", "group 1, code 33"],
  ["test", "test", 1, "done", "done", "done", "done"],
  ["test", "confirm", 0, "rc 6", "group 1, code 28", "group 1, code 28", "group 1, code 28"],
  ["test", "confirm", 1, "done", "done", "done", "group 1, code 28"],
  ["permanent", "test", 0, "rc 1", "group 1, code 14", "group 1, code 28", "group 1, code 33"],
  ["permanent", "test", 1, "done", "done", "done", "group 1, code 28"],
  ["permanent", "confirm", 0, "rc 6", "group 1, code 28", "group 1, code 28", "group 1, code 28"],
  ["permanent", "confirm", 1, "done", "done", "done", "done"],
  ["revert", "test", 0, "rc 1", "group 1, code 14", "done", "group 1, code 33"],
  ["revert", "test", 1, "rc 6", "group 1, code 28", "done", "group 1, code 28"],
  ["revert", "confirm", 0, "done", "done", "done", "done"],
  ["revert", "confirm", 1, "rc 6", "group 1, code 28", "done", "done"],
] as const;

const COLUMN = {
  "zephyr 2.7": 0,
  "zephyr 3.2": 0,
  "zephyr 3.3": 0,
  "ncs 2.4": 1,
  "zephyr 3.4": 2,
  "zephyr 3.5": 3,
  "zephyr 4.4": 3,
} as const;

describe.each(SERVER_GENERATIONS.map(({ name }) => name))("states on %s", (generation) => {
  test.each(TRANSITIONS)("plan %s, %s of slot %i", async (plan, asked, slot, ...outcomes) => {
    const { store, client } = board(generation);
    await PLANS[plan](store);
    const hash = (await store.slots())[slot]?.image?.hash ?? new Uint8Array();
    const written = client.setImageState({ hash, confirm: asked === "confirm" });
    expect(await outcome(written)).toBe(outcomes[COLUMN[generation]]);
  });

  test("an unknown hash, none, and a short one", async () => {
    const { client } = board(generation);
    const refusals = await Promise.all(
      [
        { hash: new Uint8Array(32), confirm: false },
        { confirm: false },
        { hash: new Uint8Array(16), confirm: true },
      ].map((request) => outcome(client.setImageState(request))),
    );
    const current = ["group 1, code 8", "group 1, code 24", "group 1, code 24"];
    expect(refusals).toEqual(COLUMN[generation] === 0 ? ["rc 3", "rc 3", "rc 3"] : current);
  });
});

describe("the network core's image", () => {
  const flags = async (generation: ServerGenerationName, plan: "none" | "test" | "revert") => {
    const { store, client } = board(generation, { images: 2 });
    if (plan !== "none") await store.setPending(3, false);
    if (plan === "revert") store.reset();
    const { images } = await client.imageState();
    return images
      .filter(({ image }) => image === 1)
      .map((entry) => (["active", "confirmed", "pending"] as const).filter((flag) => entry[flag]).join(" "));
  };

  test.each([
    ["zephyr 2.7", "none", ["", ""]],
    ["zephyr 2.7", "test", ["pending", "pending"]],
    ["zephyr 2.7", "revert", ["confirmed", "confirmed"]],
    ["zephyr 3.3", "none", ["confirmed", ""]],
    ["zephyr 3.3", "test", ["confirmed", "pending"]],
    ["zephyr 4.4", "none", ["active confirmed", ""]],
    ["zephyr 4.4", "test", ["active confirmed", "pending"]],
    ["zephyr 4.4", "revert", ["active", "confirmed"]],
  ] as const)("has, on %s, planned %s, the flags %j", async (generation, plan, expected) => {
    expect(await flags(generation, plan)).toEqual(expected);
  });

  test("is not looked at when the library confirms the application", async () => {
    const { store, client } = board("zephyr 2.7", { images: 2 });
    await store.setPending(3, false);
    expect(await outcome(client.setImageState({ confirm: true }))).toBe("done");
    expect(await outcome(client.setImageState({ hash: NET_OLD.hash, confirm: false }))).toBe("rc 1");
    expect(await outcome(client.setImageState({ hash: NET_NEW.hash, confirm: true }))).toBe("done");
  });
});

describe("the library's uploads and erases", () => {
  const first = { off: 0, len: NEW.file.length, data: NEW.file.subarray(0, 64) };
  const upload = (fields: object) => [{ op: 2, group: 1, id: 1 }, fields] as const;

  test("say rc 0 and the offset, also again after the last byte, and after an error", async () => {
    const { client, store, ask } = board("zephyr 2.7", { bare: true });
    const { restarts } = await client.upload(NEW.file, { packetBytesMax: 300 });
    expect([restarts, equalBytes(store.bytes(1).subarray(0, NEW.file.length), NEW.file)]).toEqual([0, true]);
    const last = { off: NEW.file.length - 1, data: NEW.file.subarray(-1) };
    expect(await ask(...upload(last))).toEqual({ op: 3, rc: 0, off: NEW.file.length });
    expect(await ask(...upload(first))).toEqual({ op: 3, rc: 0, off: 64 });
    expect(await ask(...upload({ data: NEW.file.subarray(0, 8) }))).toEqual({ op: 3, rc: 3 });
    expect(await ask(...upload({ off: 64, data: NEW.file.subarray(64, 96) }))).toEqual({ op: 3, rc: 0, off: 96 });
    expect(await ask({ op: 2, group: 1, id: 5 }, {})).toEqual({ op: 3, rc: 0 });
    expect(await ask(...upload({ off: 96, data: NEW.file.subarray(96, 128) }))).toEqual({ op: 3, rc: 0, off: 128 });
  });

  test.each([
    ["no length", { off: 0, data: NEW.file.subarray(0, 64) }, 3],
    ["31 bytes", { ...first, data: NEW.file.subarray(0, 31) }, 3],
    ["no magic", { ...first, data: new Uint8Array(64) }, 3],
    ["a hash of 33 bytes", { ...first, sha: new Uint8Array(33) }, 3],
    ["513 bytes", { ...first, data: NEW.file.subarray(0, 513) }, 3],
    ["more than the slot", { ...first, len: 100_000 }, 1],
    ["no newer version", { ...first, upgrade: true, data: OLD.file.subarray(0, 64) }, 6],
    ["off a finished end", { off: 0, len: 0 }, 3],
  ])("refuse %s", async (_, request, rc) => {
    const { ask } = board("zephyr 2.7", { bare: true });
    expect(await ask(...upload(request))).toEqual({ op: 3, rc });
  });

  test("find no slot while one is asked for or to be reverted, and then erase nothing either", async () => {
    for (const plan of ["test", "revert"] as const) {
      const { ask, store } = board("zephyr 2.7");
      await PLANS[plan](store);
      expect(await ask(...upload(first))).toEqual({ op: 3, rc: 5 });
      expect(await ask({ op: 2, group: 1, id: 5 }, {})).toEqual({ op: 3, rc: 6 });
    }
  });

  test("put image 1 into slot 3 without a look, and no other number anywhere", async () => {
    const { ask, store } = board("zephyr 2.7", { images: 2 });
    await store.setPending(3, false);
    expect(await ask(...upload({ ...first, image: 1 }))).toEqual({ op: 3, rc: 0, off: 64 });
    expect(hex(store.bytes(3).subarray(0, 4))).toBe("3db8f396");
    expect(await ask(...upload({ ...first, image: 2 }))).toEqual({ op: 3, rc: 5 });
  });
});

describe("the library's headers", () => {
  test.each([
    ["an answer's operation to a known command", { op: 3, group: 0, id: 0 }, { op: 3, rc: 3 }],
    ["an answer's operation to an unknown one", { op: 3, group: 77, id: 0 }, { op: 3, rc: 8 }],
    ["a read of a command that is only written", { op: 0, group: 0, id: 5 }, { op: 1, rc: 8 }],
    ["a length that promises more", { op: 2, group: 0, id: 0, length: 60 }, { op: 3, r: "x" }],
    ["version bits", { op: 2, group: 0, id: 0, version: 3 }, { op: 3, r: "x" }],
  ])("%s", async (_, header, expected) => {
    expect(await board("zephyr 2.7").ask(header, { d: "x" })).toEqual(expected);
  });

  test("an echo has at most 127 bytes", async () => {
    const { client } = board("zephyr 2.7");
    expect(await client.echo("x".repeat(127))).toHaveLength(127);
    expect(await outcome(client.echo("x".repeat(128)))).toBe("rc 3");
  });
});

describe("what came later", () => {
  test.each([
    ["parameters", { op: 0, group: 0, id: 6 }, "zephyr 3.2"],
    ["OS info", { op: 0, group: 0, id: 7 }, "zephyr 3.3"],
    ["bootloader info", { op: 0, group: 0, id: 8 }, "ncs 2.4"],
    ["slot info", { op: 0, group: 1, id: 6 }, "zephyr 4.4"],
  ] as const)("%s", async (_, command, since) => {
    const names = SERVER_GENERATIONS.map(({ name }) => name);
    for (const name of names) {
      const answer = await board(name).ask(command, {});
      const known = names.indexOf(name) >= names.indexOf(since);
      expect({ name, known: !("rc" in answer) || (answer as { rc: number }).rc === 0 }).toEqual({ name, known });
    }
  });

  test("the boot mode of a reset: left alone before it was known", async () => {
    for (const [name, bootMode] of [
      ["zephyr 3.5", 0],
      ["zephyr 4.4", 1],
    ] as const) {
      const { client, resets } = board(name);
      await client.reset({ bootMode: 1 });
      expect([name, resets.map((reset) => reset.bootMode)]).toEqual([name, [bootMode]]);
    }
  });
});

test("a refusal's shape: rc up to 3.3, ret in 3.4, err since", async () => {
  const shapes: Record<string, string[]> = {};
  for (const { name } of SERVER_GENERATIONS) {
    const answer = await board(name).ask({ op: 2, group: 1, id: 0, version: 1 }, { hash: fromHex("00".repeat(32)) });
    shapes[name] = Object.keys(answer).filter((key) => key !== "op");
  }
  expect(shapes).toEqual({
    "zephyr 2.7": ["rc"],
    "zephyr 3.2": ["rc"],
    "zephyr 3.3": ["rc"],
    "ncs 2.4": ["ret"],
    "zephyr 3.4": ["ret"],
    "zephyr 3.5": ["err"],
    "zephyr 4.4": ["err"],
  });
});
