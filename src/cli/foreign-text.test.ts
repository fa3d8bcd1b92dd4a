import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { findLocks, takeLock } from "../board/index.ts";
import type { RunEvent } from "../campaign/index.ts";
import { zipOf } from "../campaign/testing/signed-files.ts";
import { Cleanup, concat, RealClock, utf8 } from "../core/index.ts";
import { ConsoleReport, traceLine } from "../report/index.ts";
import { decodeSmpHeader, encodeMap, encodeSmpHeader, SmpServer } from "../smp/index.ts";
import { mainIn } from "./main.ts";
import type { CliIo } from "./terminal/io.ts";
import { memoryIo } from "./testing/memory-io.ts";
import { tcpBoard } from "./testing/tcp-board.ts";

/** A title, a cleared screen (twice), a line drawn over, NUL, text that runs the other way. No "/": it is a file's name, too. */
const EVIL = "\u001B]0;t\u0007\u001B[2J\u009B2J\r\u202Ez";
const SHOWN = "\\u001b]0;t\\u0007\\u001b[2J\\u009b2J\\u000d\\u202ez";

const closing = new Cleanup();
let port = "";
let refusing = "";

beforeAll(async () => {
  const bench = { clock: new RealClock(), closing };
  const handlers = {
    echo: () => ({ r: EVIL }),
    taskStatistics: () => ({ tasks: { [EVIL]: { prio: -1, tid: 1, state: 2, stkuse: 10, stksiz: 64 } } }),
    readDatetime: () => ({ datetime: EVIL }),
    statisticsList: () => ({ stat_list: [EVIL] }),
    statistics: () => ({ name: EVIL, fields: { [EVIL]: 42 } }),
    shell: () => ({ o: `${EVIL}\n`, ret: 0 }),
    fileHashTypes: () => ({ types: { [EVIL]: { format: 0, size: 4 } } }),
    imageState: () => ({ images: [{ slot: 0, version: EVIL }] }),
    osInfo: () => ({ output: EVIL }),
    bootloaderInfo: () => ({ bootloader: EVIL }),
  };
  port = await tcpBoard((transport) => new SmpServer({ transport, handlers }), bench);
  // Every request is refused, with a reason.
  refusing = await tcpBoard((transport) => {
    const body = encodeMap({ rc: 1, rsn: EVIL });
    transport.onPacket(({ bytes }) => {
      const asked = decodeSmpHeader(bytes);
      if (asked)
        void transport.send(concat(encodeSmpHeader({ ...asked, op: asked.op + 1, length: body.length }), body));
    });
    return transport;
  }, bench);
});
afterAll(() => closing[Symbol.asyncDispose]());

/** What a command prints, on both outputs. */
async function printed(io: ReturnType<typeof memoryIo>, ...argv: string[]): Promise<string> {
  await mainIn(io, argv);
  return io.printed() + io.complained();
}

function expectShown(text: string): void {
  expect(text.replaceAll(/[\n\t\P{Cc}]/gu, "")).toBe("");
  expect(text).not.toContain("\u202E");
  // JSON has a shorter name for a carriage return.
  expect(text.replaceAll("\\r", "\\u000d")).toContain(SHOWN);
}

describe("text of a board is shown, never obeyed:", () => {
  test.each([
    [["echo", "hi"]],
    [["tasks"]],
    [["datetime"]],
    [["stat", "list"]],
    [["stat", "show", "a"]],
    [["shell", "x"]],
    [["fs", "hash-types"]],
    [["image", "list"]],
    [["info"]],
    [["bootloader"]],
    [["--trace", "echo", "hi"]],
    [["stat", "list", "--json"]],
  ])("hil smp %j", async (argv) => {
    expectShown(await printed(memoryIo({ env: { HIL_PORT: port } }), "smp", ...argv));
  });

  test.each([[["echo", "hi"]], [["shell", "x"]], [["image", "list"]]])("a refusal of %j", async (argv) => {
    expectShown(await printed(memoryIo({ env: { HIL_PORT: refusing } }), "smp", ...argv));
  });
});

const BOARD = `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: command, on: [./switch], off: [./switch], cuts: soc }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;

test("the preflight line, the trace and the warnings of a run show what a board says of itself, and obey none of it", () => {
  const io = memoryIo();
  const report = new ConsoleReport(io);
  const checks = [{ name: "slots", outcome: "as expected", expected: "", found: EVIL }] as const;
  const events: readonly RunEvent[] = [
    { atUs: 0, event: "preflight", checks },
    { atUs: 0, event: "warning", text: EVIL },
  ];
  for (const event of events) {
    report.take(event);
    io.out(`${traceLine(event)}\n`);
  }
  expectShown(io.printed());
  expect(io.printed()).toContain(`preflight ${SHOWN.replace("\\u000d", "\\u000d")}`);
});

/** Files of somebody else, and the command that reads them. */
const SOURCES: readonly (readonly [string, (cwd: string) => readonly string[]])[] = [
  [
    "a name in a profile",
    (cwd) => {
      writeFileSync(join(cwd, "lab.yaml"), `${BOARD}${JSON.stringify(EVIL)}: 1\n`);
      return ["board", "power", "--board", "lab.yaml", "off"];
    },
  ],
  [
    "a value in a scenario",
    (cwd) => {
      writeFileSync(join(cwd, "s.yaml"), `schema: 1\nname: s\nimages: ${JSON.stringify(EVIL)}\n`);
      return ["run", "s.yaml"];
    },
  ],
  ["the name of a file", () => ["run", `${EVIL}.yaml`]],
  ["the name of a record", () => ["replay", EVIL]],
  ["the name of a command", () => [EVIL]],
  [
    "a name in a zip file",
    (cwd) => {
      writeFileSync(join(cwd, "dfu.zip"), zipOf([EVIL, utf8("x"), 0]));
      return ["image", "zip", "list", "dfu.zip"];
    },
  ],
  [
    "what a switch's program prints",
    (cwd) => {
      writeFileSync(join(cwd, "lab.yaml"), BOARD);
      writeFileSync(join(cwd, "switch"), `#!/bin/sh\nprintf '%s\\n' '${EVIL}'\nexit 1\n`);
      chmodSync(join(cwd, "switch"), 0o755);
      return ["board", "power", "--board", "lab.yaml", "off"];
    },
  ],
  [
    "a lock of another user",
    (cwd) => {
      const locks = join(cwd, "locks");
      mkdirSync(locks);
      takeLock({ kind: "port", id: "x", name: "x" }, "lab", locks);
      const [lock] = findLocks(locks);
      if (lock === undefined || lock.owner === "unknown") throw new RangeError("no lock");
      writeFileSync(lock.path, JSON.stringify({ ...lock.owner, user: EVIL, resource: EVIL }));
      return ["board", "release"];
    },
  ],
];

test.each(SOURCES)("%s is shown, never obeyed", async (_, source) => {
  const first = memoryIo();
  const argv = source(first.cwd);
  const io: CliIo & ReturnType<typeof memoryIo> = memoryIo({
    cwd: first.cwd,
    env: { HIL_LOCKS: join(first.cwd, "locks") },
  });
  expectShown(await printed(io, ...argv));
});
