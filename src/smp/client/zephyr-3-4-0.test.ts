import { describe, expect, test } from "@jest/globals";
import { concat, fromHex, hex, sleep } from "../../core/index.ts";
import { imageHandlers } from "../server/image-server.ts";
import { osHandlers } from "../server/os-server.ts";
import { statisticsHandlers } from "../server/statistics-server.ts";
import { ArrayImageStore, plainImage } from "../testing/array-store.ts";
import { M44_FACTS, smpBench } from "../testing/bench.ts";
import { encodeConsoleLines } from "../transport/console-framing.ts";

const OLD = plainImage({ version: [1, 0, 0], payloadBytes: 400 });
const NEW = plainImage({ version: [2, 0, 0], payloadBytes: 500 });
const SLOT_BYTES = 8_192;

/** What is in slot 1 when the first request comes. */
type Second = "blank" | "idle" | "pending" | "fallback";

/** A board with the SMP server of Zephyr 3.4.0; `ask` gives the answers to packets in hex, in hex. */
async function board(second: Second) {
  const store = new ArrayImageStore({ slotBytes: SLOT_BYTES });
  store.flash(0, OLD.file);
  if (second !== "blank") store.flash(1, NEW.file);
  if (second === "pending" || second === "fallback") await store.setPending(1, false);
  if (second === "fallback") store.reset();
  const generation = "zephyr 3.4";
  const handlers = {
    ...osHandlers({ ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined }),
    ...imageHandlers(store, { generation }),
    ...statisticsHandlers(() => ({ smp_svr_stats: { ticks: 2 } }), generation),
  };
  const bench = smpBench({ baudRate: 1_000_000, server: { handlers, generation } });
  const answers: string[] = [];
  bench.session.transport.onPacket((packet) => answers.push(hex(packet.bytes)));
  const ask = async (packet: string) => {
    answers.length = 0;
    await bench.hostLink.write(concat(...encodeConsoleLines(fromHex(packet))));
    await sleep(bench.clock, 500);
    return answers.join();
  };
  return { store, ask };
}

const hashOf = (image: typeof OLD) => hex(image.hash);
/** An entry of the image list: slot and version as they are encoded, then the flags. */
const entry = (slot: string, image: typeof OLD, version: string, flags: string) =>
  `bf64736c6f74${slot}6776657273696f6e65${version}64686173685820${hashOf(image)}68626f6f7461626c65f5${flags}ff`;
const RUNNING = "6770656e64696e67f469636f6e6669726d6564f566616374697665f5697065726d616e656e74f4";
const OTHER = "6770656e64696e67f469636f6e6669726d6564f466616374697665f4697065726d616e656e74f4";
const list = (...entries: string[]) => `bf66696d616765739f${entries.join("")}ff6b73706c697453746174757300ff`;
const [V1, V2] = ["312e302e30", "322e302e30"];

/** The first chunk of an upload of 16,384 bytes: `off` 0, `len`, and a header. */
const chunk = (lenHex: string) => `a3636f666600636c656e${lenHex}64646174615820${hex(NEW.file.subarray(0, 32))}`;
const packet = (head: string, body: string, rest: string) =>
  `${head}00${(body.length / 2).toString(16).padStart(4, "0")}${rest}${body}`;

/** Header of a request and its answer's: op and version, group, sequence 7, command. */
const v1 = { read: "00", write: "02", didRead: "01", wrote: "03" } as const;
const v2 = { read: "08", write: "0a", didRead: "09", wrote: "0b" } as const;
const IMAGE_STATE = "00010700";
const IMAGE_UPLOAD = "00010701";
const IMAGE_ERASE = "00010705";
const ECHO = "00000700";
const STATISTICS = "00020700";
const STATISTICS_LIST = "00020701";

const rc = (code: string) => `bf627263${code}ff`;
const ret = (group: string, code: string) => `bf63726574bf6567726f7570${group}627263${code}ffff`;
const testOf = (image: typeof OLD) => `a264686173685820${hashOf(image)}67636f6e6669726df4`;
const named = (name: string) => `a1646e616d65${(0x60 + name.length).toString(16)}${hex(Buffer.from(name))}`;
const STATS = "9f6d736d705f7376725f7374617473ff";

/** Difference of `../shared` facts, slot 1, request, answer. Measured on Zephyr 3.4.0 for the nRF5340-DK. */
const ROWS: readonly (readonly [string, Second, string, string])[] = [
  [
    "S1 an erase of a pending image, version 1",
    "pending",
    packet(v1.write, "a0", IMAGE_ERASE),
    packet(v1.wrote, rc("06"), IMAGE_ERASE),
  ],
  [
    "S1 an erase of a pending image, version 2",
    "pending",
    packet(v2.write, "a0", IMAGE_ERASE),
    packet(v2.wrote, ret("01", "09"), IMAGE_ERASE),
  ],
  [
    "S1 an upload over a pending image, version 1",
    "pending",
    packet(v1.write, chunk("191000"), IMAGE_UPLOAD),
    packet(v1.wrote, rc("06"), IMAGE_UPLOAD),
  ],
  [
    "S1 an upload over a pending image, version 2",
    "pending",
    packet(v2.write, chunk("191000"), IMAGE_UPLOAD),
    packet(v2.wrote, ret("01", "09"), IMAGE_UPLOAD),
  ],
  [
    "S2 a test of the image that runs",
    "idle",
    packet(v2.write, testOf(OLD), IMAGE_STATE),
    packet(v2.wrote, list(entry("00", OLD, V1, RUNNING), entry("01", NEW, V2, OTHER)), IMAGE_STATE),
  ],
  [
    "S2 a test of the image on trial that runs",
    "fallback",
    packet(v2.write, testOf(NEW), IMAGE_STATE),
    packet(v2.wrote, list(entry("00", NEW, V2, RUNNING), entry("01", OLD, V1, OTHER)), IMAGE_STATE),
  ],
  [
    "S2 the same while another is pending, version 1",
    "pending",
    packet(v1.write, testOf(OLD), IMAGE_STATE),
    packet(v1.wrote, rc("06"), IMAGE_STATE),
  ],
  [
    "S2 the same while another is pending, version 2",
    "pending",
    packet(v2.write, testOf(OLD), IMAGE_STATE),
    packet(v2.wrote, ret("01", "181c"), IMAGE_STATE),
  ],
  [
    "S3 an erase of a blank slot, version 1",
    "blank",
    packet(v1.write, "a0", IMAGE_ERASE),
    packet(v1.wrote, rc("01"), IMAGE_ERASE),
  ],
  [
    "S3 an erase of a blank slot, version 2",
    "blank",
    packet(v2.write, "a0", IMAGE_ERASE),
    packet(v2.wrote, ret("01", "01"), IMAGE_ERASE),
  ],
  [
    "S4 an upload of more bytes than the slot has",
    "idle",
    packet(v2.write, chunk("194000"), IMAGE_UPLOAD),
    packet(v2.wrote, "bf636f66661820ff", IMAGE_UPLOAD),
  ],
  ["S5 an echo without text", "blank", packet(v2.write, "a0", ECHO), packet(v2.wrote, rc("01"), ECHO)],
  ["S5 an echo under a wrong key", "blank", packet(v2.write, "a161656178", ECHO), packet(v2.wrote, rc("01"), ECHO)],
  [
    "S5 an echo with one more key",
    "blank",
    packet(v2.write, "a2616178616461646179", ECHO),
    packet(v2.wrote, rc("01"), ECHO),
  ],
  ["S5 an echo of bad CBOR", "blank", packet(v1.write, "a16164", ECHO), packet(v1.wrote, rc("01"), ECHO)],
  ["S5 an echo as it should be", "blank", packet(v2.write, "a161646178", ECHO), packet(v2.wrote, "bf61726178ff", ECHO)],
  [
    "S6 the list of statistics, version 1",
    "blank",
    packet(v1.read, "a0", STATISTICS_LIST),
    packet(v1.didRead, `bf6272630069737461745f6c697374${STATS}ff`, STATISTICS_LIST),
  ],
  [
    "S6 the list of statistics, version 2",
    "blank",
    packet(v2.read, "a0", STATISTICS_LIST),
    packet(v2.didRead, `bf6272630069737461745f6c697374${STATS}ff`, STATISTICS_LIST),
  ],
  [
    "S7 unknown statistics, version 1",
    "blank",
    packet(v1.read, named("nope"), STATISTICS),
    packet(v1.didRead, rc("01"), STATISTICS),
  ],
  [
    "S7 unknown statistics, version 2",
    "blank",
    packet(v2.read, named("nope"), STATISTICS),
    packet(v2.didRead, ret("183f", "03"), STATISTICS),
  ],
  ["S8 operation 5", "blank", packet("0d", "a161646178", ECHO), packet(v2.wrote, rc("03"), ECHO)],
];

describe("Zephyr 3.4.0 answers, byte for byte", () => {
  test.each(ROWS)("%s", async (_name, second, request, answer) => {
    const { ask } = await board(second);
    expect(await ask(request)).toBe(answer);
  });

  test("S1 leaves the pending image whole, S2 confirms the one on trial, S3 ends an upload", async () => {
    const pending = await board("pending");
    await pending.ask(packet(v2.write, "a0", IMAGE_ERASE));
    expect((await pending.store.slots())[1]).toMatchObject({ pending: true, image: { version: "2.0.0" } });
    const onTrial = await board("fallback");
    expect((await onTrial.store.slots())[0]).toMatchObject({ confirmed: false });
    await onTrial.ask(packet(v2.write, testOf(NEW), IMAGE_STATE));
    expect((await onTrial.store.slots())[0]).toMatchObject({ confirmed: true });
  });

  test("S4: what is written past the slot is refused, whatever length was announced", async () => {
    const { ask } = await board("idle");
    await ask(packet(v2.write, chunk("194000"), IMAGE_UPLOAD));
    const data = (off: string) => `a2636f6666${off}64646174615820${"00".repeat(32)}`;
    for (let off = 32; off < SLOT_BYTES; off += 32) {
      const number = off < 256 ? `18${off.toString(16).padStart(2, "0")}` : `19${off.toString(16).padStart(4, "0")}`;
      await ask(packet(v2.write, data(number), IMAGE_UPLOAD));
    }
    expect(await ask(packet(v2.write, data("192000"), IMAGE_UPLOAD))).toBe(
      packet(v2.wrote, ret("01", "0c"), IMAGE_UPLOAD),
    );
  });
});
