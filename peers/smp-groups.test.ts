import { afterEach, describe, expect, test } from "@jest/globals";
import { Cleanup, RealClock } from "../src/core/index.ts";
import { openSerialPort, Uart } from "../src/serial/index.ts";
import {
  type CborMap,
  ConsoleTransport,
  enumerationHandlers,
  fileHandlers,
  GROUP_ENTRIES,
  osHandlers,
  settingsHandlers,
  shellHandlers,
  statisticsHandlers,
} from "../src/smp/index.ts";
import { M44_FACTS, smpBench } from "../src/smp/testing/bench.ts";
import { answersTo, compare, type NamedPacket, ODD_VALUES, request } from "./smp-compare.ts";
import { missingFor, nativeServer } from "./smp-servers.ts";

const required = process.env["HIL_PEERS_SERVERS"] === "required";
const clock = new RealClock();
let closing = new Cleanup();
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

/** In both versions. */
function both(name: string, op: "read" | "write", group: number, id: number, body: CborMap | string): NamedPacket[] {
  return [1, 0].map((version) => [
    `${name}, version ${version + 1}`,
    request({ op: op === "read" ? 0 : 2, group, id, version }, body),
  ]);
}

const text = (bytes: string) => Uint8Array.from(Buffer.from(bytes));
const LONG = "x".repeat(100);
const FILE = "/lfs1/f";

const STATISTICS: readonly NamedPacket[] = [
  ...both("statistics: list", "read", 2, 1, {}),
  ...both("statistics: list as a write", "write", 2, 1, {}),
  ...both("statistics: one", "read", 2, 0, { name: "smp_svr_stats" }),
  ...["nope", "", LONG, "x".repeat(31), "x".repeat(32)].flatMap((name) =>
    both(`statistics: ${name.length} of ${name.slice(0, 4)}`, "read", 2, 0, { name }),
  ),
  ...both("statistics: no name", "read", 2, 0, {}),
  ...both("statistics: a number for a name", "read", 2, 0, { name: 5 }),
];

const SETTINGS: readonly NamedPacket[] = [
  ...["nope", "", "nope/x", LONG, "x".repeat(31), "x".repeat(32)].flatMap((name) => [
    ...both(`settings: read ${name.length} of ${name.slice(0, 4)}`, "read", 3, 0, { name }),
    ...both(`settings: write ${name.length} of ${name.slice(0, 4)}`, "write", 3, 0, { name, val: text("v") }),
    ...both(`settings: delete ${name.length} of ${name.slice(0, 4)}`, "write", 3, 1, { name }),
  ]),
  ...both("settings: read no name", "read", 3, 0, {}),
  ...both("settings: write no value", "write", 3, 0, { name: "x" }),
  ...both("settings: write text", "write", 3, 0, { name: "x", val: "text" }),
  ...both("settings: commit", "write", 3, 2, {}),
  ...both("settings: commit as a read", "read", 3, 2, {}),
  ...both("settings: load", "read", 3, 3, {}),
  ...both("settings: save", "write", 3, 3, {}),
  ...both("settings: save of a part", "write", 3, 3, { name: "x" }),
  ...both("settings: no such command", "read", 3, 4, {}),
];

const FILES: readonly NamedPacket[] = [
  ...both("file: a beginning, twice", "write", 8, 0, { off: 0, data: text("12345"), name: FILE, len: 10 }),
  ...both("file: a gap", "write", 8, 0, { off: 12, data: text("x"), name: FILE }),
  ...both("file: the middle again", "write", 8, 0, { off: 5, data: text("67890"), name: FILE }),
  ...both("file: no length", "write", 8, 0, { off: 0, data: text("x"), name: FILE }),
  ...both("file: no name", "write", 8, 0, { off: 0, data: text("x"), len: 1 }),
  ...both("file: no offset", "write", 8, 0, { data: text("x"), name: FILE, len: 1 }),
  ...both("file: text for data", "write", 8, 0, { off: 0, data: "text", name: FILE, len: 4 }),
  ...both("file: no data", "write", 8, 0, { off: 0, name: FILE, len: 1 }),
  ...both("file: of no bytes", "write", 8, 0, { off: 0, name: "/lfs1/e", len: 0, data: new Uint8Array() }),
  ...both("file: nowhere", "write", 8, 0, { off: 0, name: "/nope/x", len: 1, data: text("x") }),
  ...both("file: no root", "write", 8, 0, { off: 0, name: "x", len: 1, data: text("x") }),
  ...both("file: an empty name", "write", 8, 0, { off: 0, name: "", len: 1, data: text("x") }),
  ...both("file: more than announced", "write", 8, 0, { off: 0, name: "/lfs1/p", len: 2, data: text("123") }),
  ...both("file: close", "write", 8, 4, {}),
  ...both("file: close as a read", "read", 8, 4, {}),
  ...both("file: whole", "write", 8, 0, { off: 0, name: FILE, len: 10, data: text("helloworld") }),
  ...[0, 5, 10, 99].flatMap((off) => both(`file: read from ${off}`, "read", 8, 0, { off, name: FILE })),
  ...["/lfs1/none", "/lfs1", ""].flatMap((name) => [
    ...both(`file: read "${name}"`, "read", 8, 0, { off: 0, name }),
    ...both(`file: size of "${name}"`, "read", 8, 1, { name }),
    ...both(`file: hash of "${name}"`, "read", 8, 2, { name }),
  ]),
  ...both("file: read no name", "read", 8, 0, { off: 0 }),
  ...both("file: read no offset", "read", 8, 0, { name: FILE }),
  ...both("file: size", "read", 8, 1, { name: FILE }),
  ...both("file: size elsewhere", "read", 8, 1, { name: "/nope/x" }),
  ...both("file: size of no name", "read", 8, 1, {}),
  ...[
    {},
    { type: "crc32" },
    { type: "sha256" },
    { type: "md5" },
    { type: "" },
    { off: 5 },
    { off: 5, len: 2 },
    { len: 0 },
    { off: 10 },
    { off: 99 },
    { len: 99 },
  ].flatMap((extra) => both(`file: hash ${JSON.stringify(extra)}`, "read", 8, 2, { name: FILE, ...extra })),
  ...both("file: hash of nothing", "read", 8, 2, { name: "/lfs1/e" }),
  ...both("file: over an old one, the beginning", "write", 8, 0, { off: 0, data: text("CCC"), name: FILE, len: 9 }),
  ...both("file: its size in mid-upload", "read", 8, 1, { name: FILE }),
  ...both("file: its hash in mid-upload", "read", 8, 2, { name: FILE, type: "crc32" }),
  ...both("file: begun again", "write", 8, 0, { off: 0, data: text("DDD"), name: FILE, len: 9 }),
  ...both("file: what is there closes it", "read", 8, 0, { off: 0, name: FILE }),
  ...both("file: of no bytes over it", "write", 8, 0, { off: 0, name: FILE, len: 0, data: new Uint8Array() }),
  ...both("file: which changes nothing", "read", 8, 0, { off: 0, name: FILE }),
  ...both("file: a new one", "write", 8, 0, { off: 0, data: text("AA"), name: "/lfs1/n", len: 9 }),
  ...both("file: its size while it comes", "read", 8, 1, { name: "/lfs1/n" }),
  ...both("file: another one is begun", "write", 8, 0, { off: 0, data: text("B"), name: "/lfs1/m", len: 9 }),
  ...both("file: the first one is a part", "read", 8, 1, { name: "/lfs1/n" }),
  ...both("file: a wrong offset", "write", 8, 0, { off: 7, data: text("B"), name: "/lfs1/m" }),
  ...both("file: it is closed by that", "read", 8, 1, { name: "/lfs1/m" }),
  ...both("file: hash types", "read", 8, 3, {}),
];

/** Lines as somebody types them, right and wrong. */
const SHELL_LINES: readonly string[] = [
  '"kernel" version',
  "'kernel' 'version'",
  String.raw`kern\el version`,
  String.raw`"ker\x6eel" version`,
  String.raw`"ker\0156el" version`,
  String.raw`kernel\ version`,
  "kernel version extra",
  "kernel",
  "kernel nope x",
  "kernel v",
  "kernel -h",
  "kernel version extra -h",
  "kernel version --help",
  '"',
  'nope "x',
  'kernel version "x',
  '"no pe"',
  'a"b c"d',
  '"" x',
  String.raw`no\"pe`,
  String.raw`'a\'b'`,
  String.raw`"a\qb"`,
  String.raw`"a\0b"`,
  String.raw`"a\08b"`,
  String.raw`"\01234"`,
  String.raw`"\x414"`,
  String.raw`"\x4g"`,
  String.raw`"\x00"`,
  String.raw`"a\\b"`,
  "\\",
  "nope \\",
  "  ",
  "\t",
  "nope\n",
  "kernel\nversion",
  "kernel version; kernel version",
  "nope\0x",
  "nope x -h",
  "-h",
  "grüße",
  "kernel *",
  `nope${" a".repeat(19)}`,
  `nope${" a".repeat(20)}`,
  `kernel version${" a".repeat(18)}`,
  `kernel version${" a".repeat(19)}`,
  "x".repeat(255),
  "x".repeat(256),
];

const OTHERS: readonly NamedPacket[] = [
  ...SHELL_LINES.flatMap((line) => both(`shell: ${line.slice(0, 40)}`, "write", 9, 0, { argv: [line] })),
  ...["", "s", "ss", "vs", "Z", "sZ"].flatMap((format) => both(`info: "${format}"`, "read", 0, 7, { format })),
  ...both("shell: version", "write", 9, 0, { argv: ["kernel", "version"] }),
  ...both("shell: version in one word", "write", 9, 0, { argv: ["kernel version"] }),
  ...both("shell: unknown", "write", 9, 0, { argv: ["nope"] }),
  ...both("shell: unknown with arguments", "write", 9, 0, { argv: ["nope", "a", "b"] }),
  ...both("shell: no words", "write", 9, 0, { argv: [] }),
  ...both("shell: an empty word", "write", 9, 0, { argv: [""] }),
  ...both("shell: a number", "write", 9, 0, { argv: [5] }),
  ...both("shell: a word and a number", "write", 9, 0, { argv: ["nope", 5] }),
  ...both("shell: nothing", "write", 9, 0, {}),
  ...both("shell: text", "write", 9, 0, { argv: "x" }),
  ...both("shell: as a read", "read", 9, 0, { argv: ["x"] }),
  ...both("groups: count", "read", 10, 0, {}),
  ...both("groups: count as a write", "write", 10, 0, {}),
  ...both("groups: list", "read", 10, 1, {}),
  ...[0, 1, 5, 6, 7, 99].flatMap((index) => both(`groups: at ${index}`, "read", 10, 2, { index })),
  ...both("groups: at no index", "read", 10, 2, {}),
  ...both("groups: at a negative index", "read", 10, 2, { index: -1 }),
  ...both("groups: details of three", "read", 10, 3, { groups: [9, 0, 77] }),
  ...both("groups: details of the last", "read", 10, 3, { groups: [63] }),
  ...both("storage: erase", "write", 63, 0, {}),
  ...both("storage: erase as a read", "read", 63, 0, {}),
  ...both("storage: no such command", "write", 63, 1, {}),
  ...ODD_VALUES.flatMap(([name, value]) => [
    ...both(`statistics with ${name}`, "read", 2, 0, `a26178${value}646e616d65646e6f7065`),
    ...both(`shell with ${name} for words`, "write", 9, 0, `a16461726776${value}`),
    ...both(`file size with ${name} for a name`, "read", 8, 1, `a1646e616d65${value}`),
    ...both(`settings with ${name} for a name`, "read", 3, 0, `a1646e616d65${value}`),
  ]),
];

/** Commands of the real server as ours gives them. */
function ours() {
  const { os, statistics, settings, files, shell, enumeration, basic } = GROUP_ENTRIES;
  const facts = { ...M44_FACTS, bufferBytes: 384, bufferCount: 4, reset: () => undefined };
  return {
    ...osHandlers(facts),
    ...enumerationHandlers([enumeration, files, os, settings, shell, statistics, basic]),
    ...statisticsHandlers(() => ({ flash_sim_stats: {}, flash_sim_thresholds: {}, smp_svr_stats: { ticks: 2 } })),
    ...settingsHandlers({ values: new Map() }),
    eraseStorage: () => ({}),
    ...fileHandlers({ files: new Map(), mount: "/lfs1" }),
    ...shellHandlers({
      kernel: {
        help: "Kernel commands",
        sub: {
          cycles: { help: "Kernel cycles.", run: () => "" },
          log_level: { help: "<module name> <severity (0-4)>", run: () => "" },
          reboot: { help: "Reboot.", run: () => "" },
          sleep: { help: "ms", run: () => "" },
          thread: { help: "Kernel threads.", run: () => "" },
          uptime: { help: "Kernel uptime. Can be called with the -p or --pretty options", run: () => "" },
          version: { help: "Kernel version.", run: () => "Zephyr version 4.4.0" },
        },
      },
    }),
  };
}

describe("our handlers of every group against Zephyr 4.4 itself", () => {
  for (const [name, battery] of [
    ["statistics", STATISTICS],
    ["settings", SETTINGS],
    ["files", FILES],
    ["shell, enumeration, storage and odd bodies", OTHERS],
  ] as const) {
    const missing = missingFor("native");
    const title = `${name}: ${battery.length} requests are answered byte for byte`;
    const body = async () => {
      const { path } = closing.use("server", await nativeServer("serial_bigrx", clock));
      const link = await openSerialPort(path, { baudRate: 115_200, clock });
      const theirs = new ConsoleTransport(closing.use("uart", Uart.open(link, { clock })), { clock });
      const bench = smpBench({ clock, baudRate: 1_000_000, server: { handlers: ours() } });
      closing.use("ours", bench.server);
      // The first command of its shell says nothing.
      await answersTo(theirs, request({ group: 9 }, { argv: ["kernel", "version"] }), 1_000);
      const differences = await compare(battery, theirs, bench.session.transport, 1_000);
      // The count of ticks is whatever it is.
      expect(differences.filter((line) => !line.startsWith("statistics: one"))).toEqual([]);
    };
    if (missing === undefined || required) test(title, body, 120_000);
    else test.skip(`${title}: ${missing}`, body);
  }
});
