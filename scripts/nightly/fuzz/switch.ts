import { failed, failureOf } from "../../../src/board/flash/failures.ts";
import { jsonIn } from "../../../src/core/index.ts";
import {
  CUTTER_MAGIC,
  decodeCutterMessage,
  encodeCutterMessage,
  MESSAGE_BYTES_MAX,
} from "../../../src/power/cutter/messages.ts";
import { SlipPackets, slipFrame } from "../../../src/power/cutter/slip.ts";
import { digestAuthorization, digestChallenge } from "../../../src/power/network/http-digest.ts";
import { fieldAt } from "../../../src/power/network/json-field.ts";
import { ppk2Metadata } from "../../../src/power/ppk2/frames.ts";
import { PPK2_RANGES, Ppk2Samples, ppk2Ranges } from "../../../src/power/ppk2/samples.ts";
import { uhubctlState } from "../../../src/power/programs/uhubctl-output.ts";
import { CONRAD_FRAME_BYTES, conradAnswer } from "../../../src/power/relays/conrad-frames.ts";
import { dcttechState } from "../../../src/power/relays/hid-frames.ts";
import { kmtronicAnswer } from "../../../src/power/relays/kmtronic-frames.ts";
import { LcusDecoder, lcusFrame, lcusStatusOf } from "../../../src/power/relays/lcus-frames.ts";
import {
  modbusReadCoils,
  modbusReply,
  modbusSealed,
  modbusWriteCoil,
} from "../../../src/power/relays/modbus-frames.ts";
import { numatoAnswer } from "../../../src/power/relays/numato-text.ts";
import { text } from "./files.ts";
import type { FuzzSource } from "./source.ts";

/** What a switch, a flasher's tool or a meter says. */
export const SWITCH_SOURCES: readonly FuzzSource[] = [
  {
    name: "frames of relay cards",
    from: "switch",
    kind: "bytes",
    share: 150,
    seeds: () => [
      lcusFrame(1, 1),
      modbusSealed(1, 1, 1, 5),
      modbusWriteCoil(1, 0, 0xff00),
      Uint8Array.of(1, 0x81, 2, 0xc1, 0x91),
      new Uint8Array(9),
    ],
    ask(input) {
      new LcusDecoder().feed(input);
      modbusReply(modbusReadCoils(1, 0, 8), input);
      modbusReply(modbusWriteCoil(1, 0, 0xff00), input);
      conradAnswer("get", 1, input.subarray(0, CONRAD_FRAME_BYTES));
      kmtronicAnswer(8, 1, input);
      dcttechState(input);
    },
  },
  {
    name: "texts of relay cards",
    from: "switch",
    kind: "text",
    share: 100,
    seeds: () => ["relay read 0\r\non\n\r>", "CH1: ON\r\nCH2: OFF\r\n", "readall\n\r0f\n\r>"],
    ask(input) {
      numatoAnswer(text(input), "relay read 0");
      lcusStatusOf(text(input), 1);
    },
  },
  {
    name: "outputs of programs",
    from: "switch",
    kind: "text",
    share: 60,
    seeds: () => [
      "Current status for hub 1-1 [0bda:5411 Generic 4-Port USB 2.0 Hub, USB 2.10, 5 ports, ppps]\n  Port 2: 0100 power\n",
      '{"type":"task_end","data":{"result":"fail","error":{"code":1,"description":"no probe"},"message":"x"}}\n',
      "Cannot connect to J-Link.\nError: x\n",
    ],
    ask(input, random) {
      uhubctlState(text(input), 1 + random.below(9));
      const ended = { exitCode: random.below(3), output: text(input) };
      for (const tool of ["nrfutil", "nrfjprog", "jlink", "west"]) if (failed(tool, ended)) failureOf(tool, ended);
    },
  },
  {
    name: "answers of network switches",
    from: "switch",
    kind: "text",
    share: 60,
    seeds: () => [
      '{"POWER1":"ON","a":[{"b":true}]}',
      'Digest realm="x", nonce="abc", qop="auth,auth-int", algorithm=SHA-256, opaque="q", Basic realm="y"',
    ],
    ask(input) {
      fieldAt(jsonIn(text(input)), "a.0.b.__proto__.c");
      const challenge = digestChallenge(text(input));
      if (challenge === undefined) return;
      const use = { method: "GET", uri: "/", count: 1, clientNonce: "c" };
      digestAuthorization(challenge, { user: "u", password: "p" }, use);
    },
  },
  {
    name: "Power Profiler Kit",
    from: "switch",
    kind: "bytes",
    share: 60,
    seeds: () => ["Calibrated: 0\nR0: 1031.64\nO1: -1e3\nHW: 9\nEND\n", new Uint8Array(400)],
    ask(input) {
      const metadata = ppk2Metadata(text(input));
      new Ppk2Samples(metadata ? ppk2Ranges(metadata) : PPK2_RANGES, 3300).feed(input);
    },
  },
  {
    name: "power cutter",
    from: "switch",
    kind: "bytes",
    share: 100,
    seeds: () => [
      slipFrame(encodeCutterMessage({ name: "hello", number: 1, fields: { magic: CUTTER_MAGIC, version: 1 } })),
      slipFrame(Uint8Array.of(0x83, 1, 2, 0x1b, 255, 255, 255, 255, 255, 255, 255, 255)),
    ],
    ask(input) {
      for (const packet of new SlipPackets(MESSAGE_BYTES_MAX).feed(input)) decodeCutterMessage(packet);
      decodeCutterMessage(input);
    },
  },
];
