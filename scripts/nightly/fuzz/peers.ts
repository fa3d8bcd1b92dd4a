import { createSocket } from "node:dgram";
import { Duplex } from "node:stream";
import { GdbClient } from "../../../src/board/qemu/gdb.ts";
import { QmpClient } from "../../../src/board/qemu/qmp.ts";
import { concat, Queue, type Random, RealClock, textOf, utf8, VirtualClock } from "../../../src/core/index.ts";
import { SnmpAgent } from "../../../src/power/network/snmp-agent.ts";
import { elementsOf, integer, octets, oid, TAG, tlv } from "../../../src/power/testing/snmp-ber.ts";
import type { Chunk, Link } from "../../../src/serial/link.ts";
import { rfc2217Over } from "../../../src/serial/rfc2217.ts";
import { COMMAND, OPTION, telnetNegotiation } from "../../../src/serial/telnet.ts";
import { Uart } from "../../../src/serial/uart.ts";
import { cobsFrame } from "../../../src/smp/transport/cobs-transport.ts";
import { type Framing, framingRow } from "../../../src/smp/transport/framings.ts";
import { bodiesOfAnswers, inPieces } from "./board.ts";
import { gdbPacket } from "./emulator.ts";
import type { FuzzSource } from "./source.ts";

const RC_BAUD = 101;
const BAUD_RATE = 115_200;

/** A peer that says the next piece of an input whenever it is asked something, and hangs up after the last one. */
function answering(pieces: readonly Uint8Array[]): Duplex {
  const left = [...pieces];
  return new Duplex({
    read: () => undefined,
    write(asked, _encoding, done) {
      // A debugger's acknowledgement asks nothing.
      if (String(asked) !== "+") this.push(left.shift() ?? null);
      done();
    },
  });
}

/** The pieces of an input, one an answer. */
function inAnswers(input: Uint8Array, answer: RegExp): Uint8Array[] {
  return (textOf(input).match(answer) ?? []).map((piece) => new Uint8Array(Buffer.from(piece, "latin1")));
}

/** Events come before an answer, not in place of one. */
const QMP_ANSWER = /(?:[^\n]*"event"[^\n]*\n)*[^\n]*\n?/g;
const GDB_ANSWER = /[^#]*#?.{0,2}/gs;

const QMP_TALK = [
  { return: {} },
  { event: "STOP", timestamp: { seconds: 1 } },
  { return: [{ label: "uart", filename: "disconnected:tcp:127.0.0.1:40123,server=on" }] },
  { return: "40002304: 0x00000004\r\n" },
  { error: { class: "GenericError", desc: "no" } },
];

/** What an emulator says over its two remote controls. */
const EMULATOR_SOURCES: readonly FuzzSource[] = [
  {
    name: "QEMU's monitor (QMP)",
    from: "switch",
    kind: "json",
    share: 10,
    seeds: () => [QMP_TALK.map((line) => `${JSON.stringify(line)}\n`).join("")],
    async ask(input) {
      const qmp = new QmpClient(answering(inAnswers(input, QMP_ANSWER)), new VirtualClock());
      try {
        await qmp.execute("qmp_capabilities");
        await qmp.portOf("uart");
        await qmp.readWord(0x4000_2304);
        await qmp.execute("stop");
      } finally {
        qmp.close();
      }
    },
  },
  {
    name: "QEMU's debugger (GDB)",
    from: "switch",
    kind: "text",
    share: 10,
    seeds: () => [["0011223344556677", "OK", "T05", "OK", "S05"].map((text) => `+${gdbPacket(text)}`).join("")],
    async ask(input) {
      const gdb = new GdbClient(answering(inAnswers(input, GDB_ANSWER)), new VirtualClock());
      try {
        await gdb.readMemory(0, 8);
        await gdb.watch(0x1000, 4);
        await gdb.step();
        await gdb.writeMemory(0, new Uint8Array(8));
        gdb.resume();
        await gdb.interrupt();
      } finally {
        gdb.close();
      }
    },
  },
];

/** A link whose other end says what it is given. */
function saying(pieces: (take: (piece: Uint8Array) => void) => void): Link {
  const arrived = new Queue<Chunk>();
  pieces((bytes) => void arrived.push({ atUs: 0, bytes }));
  return {
    name: "fuzz",
    chunks: arrived,
    write: async () => undefined,
    [Symbol.asyncDispose]: async () => arrived.end(),
  };
}

const baudTold = () => {
  const rate = new Uint8Array(4);
  new DataView(rate.buffer).setUint32(0, BAUD_RATE);
  return telnetNegotiation(OPTION.comPort, concat(Uint8Array.of(RC_BAUD), rate));
};

/** Answers of a server, as packets. */
const answers = () => bodiesOfAnswers().map((body) => concat(Uint8Array.of(1, 0, 0, body.length, 0, 1, 0, 1), body));

/** How many packets a client finds in what comes on a UART of SMP's own. */
async function packetsIn(framing: Framing, input: Uint8Array, random: Random): Promise<number> {
  const clock = new VirtualClock();
  const uart = Uart.open(
    saying((take) => inPieces(input, random, take)),
    { clock },
  );
  const transport = framingRow(framing).open(uart, { clock });
  let packets = 0;
  transport.onPacket(() => {
    packets += 1;
  });
  await clock.advance(1);
  await transport[Symbol.asyncDispose]();
  await uart[Symbol.asyncDispose]();
  return packets;
}

/** What comes over networks and bare lines. */
const LINE_SOURCES: readonly FuzzSource[] = [
  {
    name: "RFC 2217 servers",
    from: "switch",
    kind: "bytes",
    share: 10,
    seeds: () => [
      concat(Uint8Array.of(COMMAND.iac, COMMAND.do, OPTION.comPort), baudTold(), utf8("I: Starting bootloader\r\n")),
    ],
    async ask(input, random) {
      const inner = saying((take) => inPieces(input, random, take));
      const options = { host: "fuzz", port: 1, baudRate: BAUD_RATE, clock: new VirtualClock(), dtr: true };
      const link = await rfc2217Over(inner, options);
      await link[Symbol.asyncDispose]();
    },
  },
  {
    name: "SMP in COBS frames",
    from: "board",
    kind: "bytes",
    share: 10,
    seeds: () => answers().map(cobsFrame),
    ask: (input, random) => packetsIn("cobs", input, random),
  },
  {
    name: "bare SMP packets (raw UART, UDP)",
    from: "board",
    kind: "bytes",
    share: 20,
    seeds: answers,
    ask: (input, random) => packetsIn("raw", input, random),
  },
];

/** Stands for the number of the question, which an answer must have. */
const QUESTION = 0x5a5a_5a5a;
const OBJECT = "1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.1";
const snmpAnswer = (value: Uint8Array) => {
  const object = tlv(TAG.sequence, oid(OBJECT), value);
  const body = [integer(QUESTION), integer(0), integer(0), tlv(TAG.sequence, object)];
  return tlv(TAG.sequence, integer(0), octets("private"), tlv(0xa2, ...body));
};

function numberOf(datagram: Uint8Array): Uint8Array {
  const [, , pdu] = elementsOf(elementsOf(datagram)?.[0]?.content ?? new Uint8Array()) ?? [];
  const [id] = elementsOf(pdu?.content ?? new Uint8Array()) ?? [];
  const number = new Uint8Array(4);
  number.set(id?.content ?? [], 4 - (id?.content.length ?? 0));
  return number;
}

/** One question to an agent that answers with the input; real datagrams, as net-snmp wants them. */
async function askAgent(input: Uint8Array, random: Random): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const at = input.findIndex((_, offset) => textOf(input.subarray(offset, offset + 4)) === "ZZZZ");
  socket.on("message", (asked, { port, address }) => {
    const answer = Uint8Array.from(input.subarray(0, DATAGRAM_MAX));
    if (at >= 0 && at + 4 <= answer.length) answer.set(numberOf(asked), at);
    socket.send(answer, port, address);
  });
  const options = { clock: new RealClock(), timeoutMs: SNMP_MS, tries: 1 };
  const login = { version: random.chance({ of: 1, in: 2 }) ? "1" : "2c", community: "private" } as const;
  const agent = new SnmpAgent({ host: "127.0.0.1", port: socket.address().port, login }, options);
  try {
    await agent.ask(random.chance({ of: 1, in: 2 }) ? { oid: OBJECT } : { oid: OBJECT, value: 2 });
  } finally {
    await agent.close();
    await new Promise<void>((resolve) => socket.close(resolve));
  }
}

const DATAGRAM_MAX = 9_000;
const SNMP_MS = 4;

export const PEER_SOURCES: readonly FuzzSource[] = [
  ...EMULATOR_SOURCES,
  ...LINE_SOURCES,
  {
    name: "answers of SNMP agents",
    from: "switch",
    kind: "bytes",
    share: 1,
    seeds: () => [integer(1), integer(2), octets("on"), tlv(TAG.null), tlv(0x81)].map(snmpAnswer),
    ask: askAgent,
  },
];
