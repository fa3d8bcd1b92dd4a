import { nrfutilError } from "../../../src/board/flash/failures.ts";
import { PatternFinder } from "../../../src/campaign/cuts/trigger-bytes.ts";
import { triggerFault } from "../../../src/campaign/named-cuts/explicit-cuts.ts";
import { compilePattern, concat, type Random, terminalText, utf8 } from "../../../src/core/index.ts";
import { generation } from "../../../src/mcuboot/builds/generations.ts";
import { contradictions } from "../../../src/mcuboot/explain/log-evidence.ts";
import { LOG_LINES, recogniseBootLine } from "../../../src/mcuboot/steps/log-lines.ts";
import { UartSplitter } from "../../../src/serial/splitter.ts";
import { TelnetDecoder } from "../../../src/serial/telnet.ts";
import { bodyForTranscript, transcriptJson } from "../../../src/smp/client/transcript-body.ts";
import { COMMANDS } from "../../../src/smp/groups/commands.ts";
import { readAnswer } from "../../../src/smp/packet/answer.ts";
import { encodeMap } from "../../../src/smp/packet/cbor.ts";
import { type CommandRow, encodeRequest } from "../../../src/smp/packet/command.ts";
import { decodeSmpHeader } from "../../../src/smp/packet/header.ts";
import { ConsoleDecoder, encodeConsoleLines } from "../../../src/smp/transport/console-framing.ts";
import type { FuzzSource } from "./source.ts";

const ROWS: readonly CommandRow[] = Object.values(COMMANDS);
const ANSWERS = [
  encodeMap({ off: 4096, rc: 0, match: true }),
  encodeMap({
    images: [{ slot: 0, image: 0, version: "1.0.0", hash: new Uint8Array(32), confirmed: true, active: true }],
  }),
  encodeMap({ err: { group: 1, rc: 7 }, rsn: "no" }),
  encodeMap({ tasks: { main: { prio: 1, tid: 2, state: 3, stkuse: 4, stksiz: 5, cswcnt: 6, runtime: 7 } } }),
  encodeMap({ buf_size: 1024, buf_count: 4 }, "indefinite"),
  encodeMap({ stat_list: ["a", "b"], name: "x", fields: { a: 1n << 60n } }),
  encodeMap({
    o: "text",
    ret: 0,
    datetime: "2026-01-01T00:00:00",
    data: new Uint8Array(70),
    len: 70,
    sha: new Uint8Array(32),
  }),
];
/** Bodies of answers to many commands. */
export function bodiesOfAnswers(): readonly Uint8Array[] {
  return ANSWERS;
}

const LOG = LOG_LINES.slice(0, 60)
  .map(({ text }) => `I: ${text.replaceAll(/\{\w+\}/g, "1")}`)
  .join("\r\n");
const FACTS = { generation: generation("current"), mode: "swap-move" } as unknown as Parameters<
  typeof contradictions
>[1];

/** All pieces that an input comes in: nothing may depend on where it is cut. */
export function inPieces(input: Uint8Array, random: Random, take: (piece: Uint8Array) => void): void {
  for (let at = 0; at < input.length; ) {
    const bytes = 1 + random.below(1 + random.below(300));
    take(input.subarray(at, at + bytes));
    at += bytes;
  }
}

/** What comes over the board's UART. */
export const BOARD_SOURCES: readonly FuzzSource[] = [
  {
    name: "UART bytes and SMP frames",
    from: "board",
    kind: "bytes",
    share: 100,
    seeds: () => [
      concat(
        ...ANSWERS.map((body) =>
          concat(...encodeConsoleLines(concat(Uint8Array.of(1, 0, 0, body.length, 0, 1, 0, 1), body))),
        ),
      ),
      concat(
        utf8(`${LOG}\r\n`),
        ...encodeConsoleLines(encodeRequest(COMMANDS.echo, { d: "x" }, { sequence: 1, version: 2 })),
      ),
      new Uint8Array(5000).fill(0x35),
    ],
    ask(input, random) {
      const packets: Uint8Array[] = [];
      const lines: string[] = [];
      const splitter = new UartSplitter(({ text }) => void lines.push(text));
      splitter.add(new ConsoleDecoder(({ bytes }) => void packets.push(bytes), 4096));
      inPieces(input, random, (piece) => splitter.push({ atUs: 0, bytes: piece }));
      for (const packet of packets) if (decodeSmpHeader(packet)) bodyForTranscript(packet.subarray(8), []);
      for (const line of lines) terminalText(line);
    },
  },
  {
    name: "SMP answers",
    from: "board",
    kind: "bytes",
    share: 250,
    seeds: () => ANSWERS,
    ask(input, random) {
      transcriptJson(bodyForTranscript(input, []));
      return readAnswer(ROWS[random.below(ROWS.length)] as CommandRow, input);
    },
  },
  {
    name: "boot log lines",
    from: "board",
    kind: "text",
    share: 40,
    seeds: () => LOG.split("\r\n"),
    ask(input) {
      const text = Buffer.from(input.subarray(0, 4096)).toString("latin1");
      const known = recogniseBootLine(text);
      if (known) contradictions([{ ...known, text }], FACTS);
    },
  },
  {
    name: "log against a pattern",
    from: "board",
    kind: "text",
    share: 10,
    seeds: () => [LOG, "Starting swap using move algorithm.\n", `${"9".repeat(900)}\n`],
    ask(input, random) {
      const patterns = [
        "Starting swap",
        "(a+)+\\d",
        String.raw`(\d+\.)*\d+ ms$`,
        ".*.*.*.*x",
        String.raw`swap[^\n]*\n`,
      ];
      const finder = new PatternFinder(patterns[random.below(patterns.length)] ?? "x");
      inPieces(input, random, (piece) => void finder.feed(piece));
    },
  },
  {
    name: "patterns",
    from: "file",
    kind: "text",
    share: 10,
    seeds: () => [
      "Starting swap+250",
      "(a*)*b",
      String.raw`^\s*\[\d{2}:\d+\] (?:I|E): (.*)$`,
      "(x{1,9}){1,9}",
      "[[:alpha:]]+",
      String.raw`\p{L}(?<n>a)`,
    ],
    ask(input) {
      const source = Buffer.from(input).toString("utf8");
      if (triggerFault(source) !== undefined) return;
      compilePattern(source.replace(/\+\d+$/, "") || "x").find(LOG);
    },
  },
  {
    name: "Telnet of a port server",
    from: "switch",
    kind: "bytes",
    share: 60,
    seeds: () => [
      Uint8Array.of(255, 251, 44, 255, 250, 44, 101, 0, 1, 255, 255, 255, 240, 65, 66),
      Uint8Array.of(255, 253, 0, 255, 250, 1),
    ],
    ask(input, random) {
      const decoder = new TelnetDecoder();
      inPieces(input, random, (piece) => void decoder.feed(piece));
    },
  },
  {
    name: "texts for the terminal",
    from: "board",
    kind: "text",
    share: 60,
    seeds: () => [LOG, "\u001B]0;t\u0007", '{"type":"task_end","data":{"error":{"code":1,"description":"x"}}}'],
    ask(input) {
      const text = Buffer.from(input).toString("utf8");
      // eslint-disable-next-line no-control-regex
      if (/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E]/.test(terminalText(text)))
        throw new TypeError("it passed");
      nrfutilError(text);
    },
  },
];
