import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Cleanup, concat, fromHex, hex, RealClock, sleep } from "../src/core/index.ts";
import { parseImage, tlvsOf } from "../src/image/index.ts";
import { memoryLinks, openTcp, Uart } from "../src/serial/index.ts";
import {
  type CborMap,
  ConsoleTransport,
  RawTransport,
  RecoveryServer,
  SmpClient,
  SmpSession,
  type StoredSlot,
} from "../src/smp/index.ts";
import { ArrayRecovery } from "../src/smp/testing/array-recovery.ts";
import { ArrayImageStore } from "../src/smp/testing/array-store.ts";
import { compare, type NamedPacket, ODD_VALUES, request } from "./smp-compare.ts";
import { emulatedServer, missingFor } from "./smp-servers.ts";

const LIMIT_MS = 300_000;
const required = process.env["HIL_PEERS_SERVERS"] === "required";
const clock = new RealClock();
let closing = new Cleanup();
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

function serverTest(name: string, body: () => Promise<void>): void {
  const missing = missingFor("qemu");
  if (missing === undefined || required) test(name, body, LIMIT_MS);
  else test.skip(`${name}: ${missing}`, body);
}

/**
 * The emulated board loads images into RAM: what it lists it checks there, so only the header's magic in the slot
 * matters, and the hash is read where it would lie in the slot. Its memory is zero when erased.
 */
class RamLoaded extends ArrayRecovery {
  readonly #slots: ArrayImageStore;
  readonly #hashOffset: number;

  constructor(slots: ArrayImageStore, hashOffset: number) {
    super(slots, { erased: 0, writeBytes: 4 });
    this.#slots = slots;
    this.#hashOffset = hashOffset;
  }

  override async slots(): Promise<readonly StoredSlot[]> {
    return (await super.slots()).map((slot) => {
      const bytes = this.#slots.bytes(slot.slot);
      if (hex(bytes.subarray(0, 4)) !== "3db8f396") return { ...slot, image: undefined };
      const hash = bytes.slice(this.#hashOffset, this.#hashOffset + 32);
      return { ...slot, image: { version: "0.0.0", hash, bootable: true } };
    });
  }
}

/** MCUboot's serial recovery on an emulated board, and ours with the same image in its first slot. */
async function recoveries(board: "mps2 recovery" | "mps2 raw recovery" = "mps2 recovery") {
  const raw = board === "mps2 raw recovery";
  const { path, port } = closing.use("server", await emulatedServer(board, clock));
  await sleep(clock, 3_000);
  const uart = closing.use("uart", Uart.open(await openTcp({ host: "127.0.0.1", port, clock }), { clock }));
  const carry = (line: Uart) => (raw ? new RawTransport(line, { clock }) : new ConsoleTransport(line, { clock }));
  const theirs = carry(uart);
  const image = Uint8Array.from(readFileSync(path));
  await new SmpClient(new SmpSession(theirs, { clock })).reset({ bootMode: 1 });
  await sleep(clock, 3_000);
  const store = new ArrayImageStore({ slotBytes: SLOT_BYTES });
  store.flash(0, image);
  const [hostLink, boardLink] = memoryLinks({ clock, baudRate: 1_000_000 });
  const own = Uart.open(hostLink, { clock });
  const server = new RecoveryServer({
    transport: carry(Uart.open(boardLink, { clock })),
    store: new RamLoaded(store, (hashOf(image)?.offset ?? 0) + 4),
    params: true,
    progressiveErase: false,
    reset: () => undefined,
  });
  closing.use("ours", server);
  return { theirs, ours: carry(own), uart, own, image };
}

const SLOT_BYTES = 0x80000;

/** Requests of every kind, odd ones too, in an order that matters. */
function battery(image: Uint8Array): readonly NamedPacket[] {
  const bytes = (from: number, count: number) => image.subarray(from, from + count);
  const named = (name: string, fields: object, body: CborMap | string): NamedPacket => [name, request(fields, body)];
  const versions = (name: string, fields: object, body: CborMap | string): NamedPacket[] =>
    [0, 1, 2, 3].map((version) => named(`${name}, version bits ${version}`, { ...fields, version }, body));
  const upload = (name: string, body: CborMap | string, fields = {}) =>
    named(`upload: ${name}`, { group: 1, id: 1, ...fields }, body);
  const begin = { off: 0, len: image.length, data: bytes(0, 64) };
  const list = named("list", { op: 0, group: 1 }, {});
  const hash = hashOf(image)?.data ?? new Uint8Array();
  return [
    list,
    named("list with a body of nonsense", { op: 0, group: 1 }, "ff"),
    named("list without a body", { op: 0, group: 1 }, ""),
    ...versions("list", { op: 0, group: 1 }, {}),
    ...[2, 3, 4, 5, 7, 64].map((id) => named(`image command ${id}`, { op: 0, group: 1, id }, {})),
    named("slot info", { op: 0, group: 1, id: 6 }, {}),
    named("slot info as a write", { group: 1, id: 6 }, {}),
    named("erase", { group: 1, id: 5 }, { slot: 1 }),
    ...versions("state write", { group: 1 }, { hash, confirm: false }),
    named("state write of nothing", { group: 1 }, ""),
    ...versions("echo", {}, { d: "hello" }),
    named("echo as a read", { op: 0 }, { d: "hello" }),
    named("echo with more keys after it", {}, { d: "x", e: 1 }),
    named("echo with more keys before it", {}, { e: 1, d: "x" }),
    named("echo of bytes", {}, { d: Uint8Array.of(1) }),
    named("echo without text", {}, {}),
    named("echo of nothing", {}, ""),
    named("echo of an indefinite map", {}, "bf61646178ff"),
    named("echo with bytes after the map", {}, "a161646178ffff"),
    named("echo of a map cut off", {}, "a1616463"),
    ...[100, 140, 150, 155, 156, 157, 158, 159, 160, 161, 162, 170, 200].map((count) =>
      named(`echo of ${count}`, {}, { d: "x".repeat(count) }),
    ),
    ...versions("console echo", { id: 1 }, { echo: 0 }),
    named("console echo as a read of nonsense", { op: 0, id: 1 }, "ff"),
    ...versions("parameters", { op: 0, id: 6 }, {}),
    named("parameters as a write of nonsense", { id: 6 }, "ff"),
    ...[2, 3, 4, 7, 8, 99].map((id) => named(`OS command ${id}`, { op: 0, id }, {})),
    ...[2, 3, 8, 9, 10, 63, 64, 77, 65_535].map((group) => named(`group ${group}`, { op: 0, group }, {})),
    ...[1, 3, 4, 5, 6, 7].map((op) => named(`operation ${op}`, { op, id: 1 }, {})),
    named("a header that promises more", { length: 60 }, { d: "x" }),
    named("a header that promises less", { length: 2 }, { d: "x" }),
    ["reserved bits and flags", concat(fromHex("eaff"), request({}, { d: "x" }).slice(2))],
    ["seven bytes", request({}, "").subarray(0, 7)],
    ["two messages in one packet", concat(request({}, { d: "a" }), request({}, { d: "b" }))],
    upload("nothing", {}),
    upload("no body", ""),
    upload("in the middle of nothing", { off: 64, data: bytes(64, 64) }),
    upload("no offset", { data: bytes(0, 64), len: 100 }),
    upload("no data", { off: 0, len: 100 }),
    upload("no length", { off: 0, data: bytes(0, 64) }),
    upload("larger than the slot", { ...begin, len: SLOT_BYTES + 1 }),
    upload("image 1", { ...begin, image: 1 }),
    upload("image 2", { ...begin, image: 2 }),
    upload("image 9", { ...begin, image: 9 }),
    upload("an offset beyond 32 bits", { ...begin, off: 2 ** 33 }),
    upload("a negative offset", { ...begin, off: -1 }),
    upload("text as data", { ...begin, data: "text" }),
    upload("a key twice", "a3636f666600636f66660063666f6f00"),
    upload("an unknown key twice", hex(concat(fromHex("a5"), body({ x: 1 }), body({ x: 2 }), body(begin)))),
    ...ODD_VALUES.map(([name, value]) =>
      upload(`an unknown key with ${name}`, hex(concat(fromHex(`a46178${value}`), body(begin)))),
    ),
    upload("sha and upgrade of other kinds", { ...begin, sha: "text", upgrade: 5 }),
    upload("the beginning", begin),
    upload("the next as a read", { off: 64, data: bytes(64, 32) }, { op: 0 }),
    upload("three bytes", { off: 96, data: bytes(96, 3) }),
    upload("one byte", { off: 96, data: bytes(96, 1) }),
    upload("no bytes", { off: 96, data: new Uint8Array() }),
    upload("37 bytes", { off: 96, data: bytes(96, 37) }),
    upload("again", { off: 96, data: bytes(96, 37) }),
    upload("too early", { off: 500, data: bytes(0, 16) }),
    list,
    upload("too short to hold an image", { off: 0, len: 20, data: bytes(0, 20) }),
    upload("beyond its end", { off: 20, data: bytes(0, 4) }),
    upload("nothing at its end", { off: 20, data: new Uint8Array() }),
    upload("its last chunk again", { off: 16, data: bytes(16, 4) }),
    upload("of 22 bytes, in pieces", { off: 0, len: 22, data: bytes(0, 8) }),
    upload("of 22 bytes, unaligned end", { off: 8, data: bytes(8, 14) }),
    upload("more at the beginning than announced", { off: 0, len: 40, data: bytes(0, 64) }),
    upload("after that", { off: 64, data: bytes(64, 16) }),
    upload("zeros, no magic", { off: 0, len: 64, data: new Uint8Array(64) }),
    upload("a length of 0", { off: 0, len: 0, data: new Uint8Array() }),
    upload("no length after that", { off: 0, data: bytes(0, 64) }),
    upload("what is left", { off: 64, data: bytes(64, 64) }),
    upload("a new beginning without bytes", { off: 0, len: 100, data: new Uint8Array() }),
    list,
    ...versions("a list of nothing", { op: 0, group: 1 }, {}),
  ];
}

function hashOf(image: Uint8Array) {
  return tlvsOf(parseImage(image)).find(({ type }) => type === 0x10);
}

/** A map's pairs without its head: of at most 23 pairs. */
function body(map: CborMap): Uint8Array {
  return request({}, map).subarray(9);
}

/** A whole image in chunks of 512 bytes. */
function wholeUpload(image: Uint8Array): readonly NamedPacket[] {
  const chunks: NamedPacket[] = [];
  for (let off = 0; off < image.length; off += 512) {
    const data = image.subarray(off, off + 512);
    const first = off === 0 ? { len: image.length, sha: sha(image) } : {};
    chunks.push([`chunk at ${off}`, request({ group: 1, id: 1 }, { off, data, ...first })]);
  }
  return [...chunks, ["list of the new image", request({ op: 0, group: 1 }, {})]];
}

function sha(image: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(image).digest());
}

/** Requests that only a frame holds together. */
const UNFRAMED = /operation|header that|seven bytes|reserved bits|two messages/;

describe("our serial recovery against MCUboot itself", () => {
  serverTest("answers every kind of request byte for byte, and takes a whole image", async () => {
    const { theirs, ours, image } = await recoveries();
    expect(await compare(battery(image), theirs, ours, 2_500)).toEqual([]);
    expect(await compare(wholeUpload(image), theirs, ours, 2_500)).toEqual([]);
  });

  serverTest("answers the same without frames, on a line of its own", async () => {
    const { theirs, ours, image } = await recoveries("mps2 raw recovery");
    // Without frames a wrong length or operation loses the beginning of what follows: three seconds each.
    const whole = battery(image).filter(([name]) => !UNFRAMED.test(name));
    expect(whole.length).toBeGreaterThan(100);
    expect(await compare(whole, theirs, ours, 2_500)).toEqual([]);
  });
});
