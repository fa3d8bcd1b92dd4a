import { AttServer } from "../../../src/ble/att/server.ts";
import { BleCentral } from "../../../src/ble/central.ts";
import { encodeEvent } from "../../../src/ble/hci/events.ts";
import { H4, H4Reader, h4 } from "../../../src/ble/hci/h4.ts";
import { aclPackets, CHANNEL, L2capReader } from "../../../src/ble/hci/l2cap.ts";
import { answerSignal } from "../../../src/ble/signalling.ts";
import { concat, fromHex, Queue, VirtualClock } from "../../../src/core/index.ts";
import type { Chunk, Link } from "../../../src/serial/link.ts";
import { BlePackets } from "../../../src/smp/transport/ble-packets.ts";
import { SMP_GATT } from "../../../src/smp/transport/ble-transport.ts";
import { bodiesOfAnswers, inPieces } from "./board.ts";
import type { FuzzSource } from "./source.ts";

/** Between what a controller says after one write of its host and after the next. */
const BREAK = Uint8Array.of(0xaa, 0x55, 0xaa, 0x55);

const complete = (opcode: number, ...rest: number[]) =>
  h4(H4.event, encodeEvent("commandComplete", Uint8Array.of(1, opcode & 0xff, opcode >> 8, 0, ...rest)));
const status = (opcode: number) =>
  h4(H4.event, encodeEvent("commandStatus", Uint8Array.of(0, 1, opcode & 0xff, opcode >> 8)));
const event = (name: Parameters<typeof encodeEvent>[0], text: string) => h4(H4.event, encodeEvent(name, fromHex(text)));
const att = (text: string) =>
  concat(...aclPackets(0x40, CHANNEL.att, fromHex(text), 251).map((packet) => h4(H4.acl, packet)));

/** A whole connection as a controller tells it, answer by answer. */
const TALK = [
  ...[0x0c03, 0x0c01, 0x2001].map((opcode) => complete(opcode)),
  complete(0x2002, 251, 0, 6),
  complete(0x1009, 1, 2, 3, 4, 5, 6),
  complete(0x2003, 0, 0, 0, 0, 0, 0, 0, 0),
  complete(0x200b),
  concat(complete(0x200c), event("advertisingReport", "01 00 01 0102030405c6 07 06 09 626f617264 c4")),
  complete(0x200c),
  concat(status(0x200d), event("connected", "00 4000 00 01 0102030405c6 0c00 0000 6400 00")),
  complete(0x2022, 0x40, 0),
  concat(event("completedPackets", "01 4000 0100"), att("03 f201")),
  att("07 0400 0700"),
  att("09 15 0500 14 0600 487c99741126 9eae014e cefb2878 2eda"),
  att("05 01 0700 0229"),
  concat(att("13"), event("disconnected", "00 4000 08")),
];

/** A controller that says the next piece of an input whenever it is written to. */
function talking(input: Uint8Array): Link {
  const arrived = new Queue<Chunk>();
  const pieces = Buffer.from(input).toString("latin1").split(Buffer.from(BREAK).toString("latin1"));
  return {
    name: "fuzz",
    chunks: arrived,
    write: async () => {
      const next = pieces.shift();
      if (next !== undefined) arrived.push({ atUs: 0, bytes: Uint8Array.from(Buffer.from(next, "latin1")) });
    },
    [Symbol.asyncDispose]: async () => arrived.end(),
  };
}

export const AIR_SOURCES: readonly FuzzSource[] = [
  {
    name: "Bluetooth controllers, and boards behind them",
    from: "board",
    kind: "bytes",
    share: 10,
    seeds: () => [concat(...TALK.flatMap((piece) => [piece, BREAK]))],
    async ask(input) {
      const clock = new VirtualClock();
      const central = await BleCentral.open(talking(input), { clock });
      try {
        const link = await central.open({ board: "board", ...SMP_GATT }, { limitMs: 3_000 });
        await link.write(Uint8Array.of(1, 2, 3));
      } finally {
        await central[Symbol.asyncDispose]();
      }
    },
  },
  {
    name: "Bluetooth clients of the simulated board",
    from: "board",
    kind: "bytes",
    share: 10,
    seeds: () => [
      concat(...["02f201", "0601 00ffff 0028", "080100ffff0328", "0405000700", "1207000100", "520600aabb"].map(att)),
    ],
    ask(input, random) {
      const packets = new H4Reader();
      const messages = new L2capReader();
      const place = { name: "board", ...SMP_GATT };
      const server = new AttServer({ ...place, onWritten: () => undefined, onSubscribed: () => undefined });
      inPieces(input, random, (piece) => {
        for (const { type, bytes } of packets.push(piece)) {
          const message = type === H4.acl ? messages.push(bytes) : undefined;
          if (message === undefined) continue;
          if (message.channel === CHANNEL.signalling) answerSignal(message.payload);
          else server.received(message.payload);
        }
      });
    },
  },
  {
    name: "SMP in values of Bluetooth",
    from: "board",
    kind: "bytes",
    share: 10,
    seeds: () =>
      bodiesOfAnswers().map((body) =>
        concat(Uint8Array.of(1, 0, body.length >> 8, body.length & 0xff, 0, 1, 0, 1), body),
      ),
    ask(input, random) {
      const packets = new BlePackets();
      inPieces(input, random, (piece) => {
        packets.push(piece);
        if (packets.heldBytes > 70_000) throw new RangeError("it holds more than any packet has");
      });
    },
  },
];
