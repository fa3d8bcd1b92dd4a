import { describe, expect, test } from "@jest/globals";
import { concat, fromHex, hex, sleep } from "../../core/index.ts";
import { type CborMap, decodeMap, encodeMap } from "../packet/cbor.ts";
import { encodeSmpHeader } from "../packet/header.ts";
import { type BenchOptions, smpBench } from "../testing/bench.ts";
import { dumped } from "../testing/dumps.ts";
import { encodeConsoleLines } from "../transport/console-framing.ts";
import { SmpFault } from "./faults.ts";
import { imageHandlers } from "./image-server.ts";
import type { ImageStore, StoredSlot } from "./image-store.ts";

/** A server that is fed packets as they are; `ask` gives what it answers within half a second. */
function rawServer(options: BenchOptions = {}) {
  const bench = smpBench({ baudRate: 1_000_000, ...options });
  const answers: string[] = [];
  bench.session.transport.onPacket((packet) => answers.push(hex(packet.bytes)));
  const ask = async (...packets: (Uint8Array | string)[]) => {
    const before = answers.length;
    for (const packet of packets) {
      await bench.hostLink.write(concat(...encodeConsoleLines(typeof packet === "string" ? fromHex(packet) : packet)));
    }
    await sleep(bench.clock, 500);
    return answers.slice(before);
  };
  return { ...bench, ask };
}

function request(
  fields: { op?: number; version?: number; group?: number; id?: number; length?: number },
  body: CborMap | string,
) {
  const payload = typeof body === "string" ? fromHex(body) : encodeMap(body);
  const { op = 2, version = 1, group = 0, id = 0, length = payload.length } = fields;
  return concat(encodeSmpHeader({ op, version, reserved: 0, flags: 0, length, group, sequence: 7, id }), payload);
}

const bodyOf = (packet = "") => decodeMap(fromHex(packet).subarray(8));

const OLD_HASH = fromHex("1baa222074cc805faf4e09846d2377886b1e5ef7cfccd9eac1554d82d9aa9d5a");
const NEW_HASH = fromHex("e4aa222074cc805faf4e09846d2377886b1e5ef7cfccd9eac1554d82d9aa9d5a");

/** The slots of the server that was measured: flags change, bytes go nowhere. */
function m44Store(): ImageStore & { pending: boolean; second: boolean } {
  const slot = (index: number, image: StoredSlot["image"], pending = false): StoredSlot => {
    const primary = index === 0;
    return { slot: index, slotBytes: 0x80000, image, active: primary, confirmed: primary, pending, permanent: false };
  };
  const nothing = async () => undefined;
  const store = {
    images: 1,
    pending: false,
    second: true,
    slots: async () => [
      slot(0, { version: "0.0.0", hash: OLD_HASH, bootable: true }),
      slot(1, store.second ? { version: "9.1.2.4", hash: NEW_HASH, bootable: true } : undefined, store.pending),
    ],
    setPending: async () => {
      store.pending = true;
    },
    isBlank: async () => false,
    prepare: nothing,
    write: nothing,
    erase: nothing,
    confirm: nothing,
  };
  return store;
}

describe("byte for byte what the real server answered", () => {
  test.each([
    ["echo in version 2", 1, 0],
    ["echo in version 1", 2, 0],
    ["parameters", 3, 0],
    ["a bad OS info letter, version 2", 4, 0],
    ["a bad OS info letter, version 1", 4, 1],
    ["an unknown group", 6, 0],
    ["version bits 2", 7, 0],
    ["reset with a boot mode", 17, 0],
  ])("%s (dump %i)", async (_name, dump, index) => {
    const { ask } = rawServer();
    expect(await ask(dumped(dump, ">", index))).toEqual([hex(dumped(dump, "<", index))]);
  });

  test("OS info of everything (dump 5)", async () => {
    const { ask } = rawServer();
    expect(await ask(request({ op: 0, id: 7 }, { format: "a" }))).toEqual([
      hex(dumped(5, "<")).replace(/^(.{12})../, "$107"),
    ]);
  });

  test("list, test, test again, refusals in both versions (dumps 8, 9, 10)", async () => {
    const store = m44Store();
    const { ask } = rawServer({ server: { handlers: imageHandlers(store) } });
    store.second = false;
    expect(await ask(dumped(8, ">"))).toEqual([hex(dumped(8, "<"))]);
    store.second = true;
    expect(await ask(dumped(9, ">"))).toEqual([hex(dumped(9, "<"))]);
    expect(await ask(dumped(9, ">"))).toEqual([hex(dumped(9, "<"))]);
    expect(await ask(dumped(10, ">"))).toEqual([hex(dumped(10, "<", 0))]);
    expect(await ask("0200000a00010000a167636f6e6669726df5")).toEqual([hex(dumped(10, "<", 1))]);
    const testRunning = request({ group: 1 }, { hash: OLD_HASH, confirm: false });
    store.pending = false;
    expect((await ask(testRunning)).map((answer) => answer.slice(16))).toEqual([hex(dumped(10, "<", 2)).slice(16)]);
  });

  test("confirm with a null hash is not understood, with an empty one it is (dump 11)", async () => {
    const { ask } = rawServer({ server: { handlers: imageHandlers(m44Store()) } });
    const [nullHash, emptyHash] = [await ask(dumped(11, ">", 0)), await ask(dumped(11, ">", 1))];
    expect(nullHash).toEqual(["0300000600014200bf62726303ff"]);
    expect(Object.keys(bodyOf(emptyHash[0]))).toEqual(["images", "splitStatus"]);
  });

  test("an upload: chunk, chunk, repeated, gap, first chunk again (dump 12)", async () => {
    const { ask } = rawServer({ server: { handlers: imageHandlers(m44Store()) } });
    for (let index = 0; index < 5; index += 1) {
      expect(await ask(dumped(12, ">", index))).toEqual([hex(dumped(12, "<", index))]);
    }
  });

  test("uploads refused: bad magic, no offset, and their reasons in version 1 (dump 13)", async () => {
    const handlers = imageHandlers(m44Store());
    const { ask } = rawServer({ server: { handlers, verboseErrors: true } });
    expect(await ask(dumped(13, ">"))).toEqual([hex(dumped(13, "<", 0))]);
    const without = (version: number) => request({ group: 1, id: 1, version }, { data: new Uint8Array(32) });
    expect((await ask(without(1)))[0]?.slice(16)).toBe(hex(dumped(13, "<", 1)).slice(16));
    expect((await ask(without(0)))[0]?.slice(16)).toBe(hex(dumped(13, "<", 2)).slice(16));
    const header = fromHex(`3db8f396${"00".repeat(28)}`);
    const older = request({ group: 1, id: 1, version: 0 }, { off: 0, len: 100, upgrade: true, data: header });
    expect((await ask(older))[0]?.slice(16)).toBe(hex(dumped(13, "<", 3)).slice(16));
  });

  test("erase, and erase of the running slot in both versions (dump 15)", async () => {
    const { ask } = rawServer({ server: { handlers: imageHandlers(m44Store()) } });
    expect(await ask(dumped(15, ">"))).toEqual([hex(dumped(15, "<", 0))]);
    const slot0 = (version: number) => request({ group: 1, id: 5, version }, { slot: 0 });
    expect((await ask(slot0(1)))[0]?.slice(16)).toBe(hex(dumped(15, "<", 1)).slice(16));
    expect((await ask(slot0(0)))[0]?.slice(16)).toBe(hex(dumped(15, "<", 2)).slice(16));
  });

  test("slot info (dump 16)", async () => {
    const { ask } = rawServer({ server: { handlers: imageHandlers(m44Store(), { slotInfo: true }) } });
    expect((await ask(request({ op: 0, group: 1, id: 6 }, {})))[0]?.slice(16)).toBe(hex(dumped(16, "<")).slice(16));
  });
});

describe("headers", () => {
  test.each([
    ["op 1 is answered ENOTSUP as a write", request({ op: 1 }, { d: "x" }), ["0b00000600000700bf62726308ff"]],
    ["op 5 too", request({ op: 5 }, { d: "x" }), ["0b00000600000700bf62726308ff"]],
    ["op 5 of a version to come too", request({ op: 5, version: 3 }, { d: "x" }), ["0b00000600000700bf62726308ff"]],
    ["a read of a write-only command is ENOTSUP", request({ op: 0, id: 5 }, {}), ["0900000600000705bf62726308ff"]],
    [
      "reserved bits and flags are passed over",
      fromHex("eaff000900000700a161646568656c6c6f"),
      ["0b00000a00000700bf61726568656c6c6fff"],
    ],
    ["a length beyond the packet is ECORRUPT", request({ length: 99 }, { d: "x" }), ["0b00000600000700bf62726309ff"]],
    ["no payload where a map is due is EINVAL", request({}, ""), ["0b00000600000700bf62726303ff"]],
    [
      "no payload where none is due is fine",
      request({ op: 0, id: 6 }, ""),
      ["0900001900000706bf686275665f73697a65190180696275665f636f756e7404ff"],
    ],
    ["seven bytes are not answered", fromHex("0a000009000042"), []],
  ])("%s", async (_name, packet, answers) => {
    const { ask } = rawServer();
    expect(await ask(packet)).toEqual(answers);
  });

  test("two messages in one packet are both answered, in order", async () => {
    const { ask } = rawServer();
    expect(await ask(concat(dumped(1, ">"), dumped(3, ">")))).toEqual([hex(dumped(1, "<")), hex(dumped(3, "<"))]);
  });

  test("a server without the original protocol sends version 1 away", async () => {
    const { ask } = rawServer({ server: { originalProtocol: false } });
    expect(await ask(dumped(2, ">"))).toEqual(["0300000600004300bf6272630cff"]);
  });
});

describe("bodies", () => {
  test.each([
    ["bytes where text is due", "a16164426869", { rc: 3 }],
    ["null", "a16164f6", { rc: 3 }],
    ["a key twice", "a26164616161646162", { rc: 3 }],
    ["no map", "01", { rc: 3 }],
    ["a map cut off", "a1616465", { rc: 3 }],
    ["no text at all", "a0", { r: "" }],
    ["an indefinite map with unknown keys and bytes after it", "bf617882016261616164626869ff00", { r: "hi" }],
  ])("an echo with %s", async (_name, payload, body) => {
    const { ask } = rawServer();
    expect(bodyOf((await ask(request({}, payload)))[0])).toEqual(body);
  });

  test("a reset whose body makes no sense resets all the same, after its answer", async () => {
    const { ask, resets } = rawServer();
    expect(await ask(request({ id: 5 }, "ff"))).toEqual(["0b00000200000705bfff"]);
    expect(resets).toEqual([{ force: false, bootMode: 0 }]);
  });

  test("a refused reset does not reset", async () => {
    const reset = () => {
      throw new SmpFault({ code: 10 });
    };
    const { ask, resets } = rawServer({ server: { handlers: { osReset: reset } } });
    expect(bodyOf((await ask(request({ id: 5 }, {})))[0])).toEqual({ rc: 10 });
    expect(resets).toEqual([]);
  });
});

describe("buffers", () => {
  const echoOf = (packetBytes: number) => request({}, { d: "x".repeat(packetBytes - 8 - 3 - 3) });

  test("380 bytes of packet are the most that 384 bytes of buffer take; 381 are lost in silence", async () => {
    const { ask, server } = rawServer();
    expect(echoOf(380)).toHaveLength(380);
    expect((await ask(echoOf(380)))[0]?.length).toBe(2 * 381);
    expect(await ask(echoOf(381))).toEqual([]);
    expect(server.counters.dropped).toBe(1);
  });

  test("an answer over the buffer is EMSGSIZE", async () => {
    const handlers = { echo: () => ({ r: "x".repeat(400) }) };
    const { ask } = rawServer({ server: { handlers } });
    expect(await ask(dumped(1, ">"))).toEqual(["0b00000600004200bf62726307ff"]);
  });

  test("requests beyond the buffers are lost in silence, the others answered in order", async () => {
    const handlers = {
      echo: async ({ d = "" }: { readonly d?: string | undefined }) => {
        await sleep(bench.clock, 50);
        return { r: d };
      },
    };
    const bench = rawServer({ server: { handlers } });
    const packets = ["a", "b", "c", "d", "e"].map((d) => request({}, { d }));
    const answers = await bench.ask(...packets);
    expect(answers.map((answer) => bodyOf(answer))).toEqual([{ r: "a" }, { r: "b" }, { r: "c" }]);
    expect(bench.server.counters).toEqual({ requests: 3, answers: 3, refused: 0, dropped: 2 });
  });
});

describe("handlers", () => {
  test("a handler that throws what is no fault answers EUNKNOWN, and is reported", async () => {
    const echo = () => {
      throw new Error("out of paper");
    };
    const { ask, handlerErrors } = rawServer({ server: { handlers: { echo } } });
    expect(await ask(dumped(1, ">"))).toEqual(["0b00000600004200bf62726301ff"]);
    expect(handlerErrors.map(String)).toEqual(["Error: out of paper"]);
  });

  test("data beside a group error goes to version 2 only", async () => {
    const echo = () => {
      throw new SmpFault({ group: 8, code: 11, data: { len: 42 } });
    };
    const { ask } = rawServer({ server: { handlers: { echo } } });
    expect(bodyOf((await ask(dumped(1, ">")))[0])).toEqual({ err: { group: 8, rc: 11 }, len: 42 });
    expect(bodyOf((await ask(dumped(2, ">")))[0])).toEqual({ rc: 1 });
  });

  test("a closed server answers nothing, and leaves the UART open", async () => {
    const { ask, server, board } = rawServer();
    await server[Symbol.asyncDispose]();
    expect(await ask(dumped(1, ">"))).toEqual([]);
    await board.write(Uint8Array.of(0x0a));
  });
});

describe("generations", () => {
  const refused = (generation: "zephyr 2.7" | "zephyr 3.3" | "zephyr 3.4" | "zephyr 3.5") =>
    rawServer({
      server: { generation, handlers: { echo: () => Promise.reject(new SmpFault({ group: 1, code: 28 })) } },
    });

  test("Zephyr 3.4 calls a group's error `ret`", async () => {
    expect(bodyOf((await refused("zephyr 3.4").ask(dumped(1, ">")))[0])).toEqual({ ret: { group: 1, rc: 28 } });
    expect(bodyOf((await refused("zephyr 3.5").ask(dumped(1, ">")))[0])).toEqual({ err: { group: 1, rc: 28 } });
  });

  test("Zephyr 3.3 knows version 1 only, whatever it is asked in", async () => {
    expect((await refused("zephyr 3.3").ask(dumped(1, ">")))[0]).toBe("0300000600004200bf62726306ff");
  });

  test.each([
    ["zephyr 2.7", "rc"],
    ["zephyr 3.2", "rc"],
    ["zephyr 3.3", "ret"],
    ["zephyr 3.4", "ret"],
    ["zephyr 4.4", "ret"],
  ] as const)("the shell of %s answers what its command returned as %s", async (generation, key) => {
    const { ask } = rawServer({ server: { generation, handlers: { shell: () => ({ o: "hi", ret: 7 }) } } });
    const packet = request({ group: 9, version: 0 }, { argv: ["x"] });
    expect(bodyOf((await ask(packet))[0])).toEqual({ o: "hi", [key]: 7 });
  });

  test("Zephyr 3.2 says rc 0 first when it has erased, and not in echo, parameters and image list", async () => {
    const { ask } = rawServer({ server: { generation: "zephyr 3.2" } });
    expect((await ask(dumped(2, ">")))[0]).toBe("0300000a00004300bf61726568656c6c6fff");
    expect(Object.keys(bodyOf((await ask(request({ op: 0, id: 6 }, {})))[0]))).toEqual(["buf_size", "buf_count"]);
    expect(Object.keys(bodyOf((await ask(request({ op: 0, group: 1 }, {})))[0]))).toEqual(["images", "splitStatus"]);
    expect(bodyOf((await ask(request({ group: 1, id: 5 }, {})))[0])).toEqual({ rc: 0 });
  });
});
