import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { rowSubcommands } from "../src/cli/smp/row-commands.ts";
import { SUBCOMMANDS, smpCommand, smpSubcommands } from "../src/cli/smp/smp.ts";
import { complaintOf, memoryIo } from "../src/cli/testing/memory-io.ts";
import { Cleanup, RealClock } from "../src/core/index.ts";
import { memoryLinks, Uart } from "../src/serial/index.ts";
import { type CborMap, COMMANDS, ConsoleTransport, customCommand, SmpClient, SmpServer } from "../src/smp/index.ts";
import { command } from "../src/smp/packet/command.ts";
import { bool, bytes, list, optional, text, uint, wideUint } from "../src/smp/packet/shape.ts";
import { smpBench } from "../src/smp/testing/bench.ts";
import { smpSection } from "./command-docs.ts";

/** A row that nobody has: what somebody adds who follows CONTRIBUTING.md. */
const lampSet = command({
  name: "lamp set",
  group: 77,
  id: 4,
  op: "write",
  request: {
    level: wideUint,
    max_time: optional(uint),
    name: optional(text),
    mask: optional(bytes),
    on: optional(bool),
    steps: optional(list(uint)),
    port: optional(uint),
  },
  response: { was: uint, mask: optional(bytes) },
  retries: 1,
  source: "a lamp",
});
const ROWS = { ...COMMANDS, lampSet };
const ALL = smpSubcommands(ROWS);
const NOWHERE = { env: { HIL_PORT: "/dev/there-is-none" } };

test("every row of the table has a command of hil smp: a written one, or one of its own", () => {
  const sent = new Set<string>(SUBCOMMANDS.flatMap(({ sends = [] }) => sends));
  const others = Object.entries(COMMANDS).filter(([key]) => !sent.has(key));
  const usages = SUBCOMMANDS.map(({ usage }) => usage);
  expect(others.map(([, row]) => row.name).filter((name) => !usages.includes(name))).toEqual([]);
  expect(others.length).toBeGreaterThan(1);
  expect([...sent].filter((key) => !(key in COMMANDS))).toEqual([]);
  expect(new Set(usages).size).toBe(usages.length);
});

describe("a row that is added", () => {
  test("is a command with its fields as options, in the list and in a help of its own", async () => {
    const io = memoryIo();
    await smpCommand(["--help"], io, ALL);
    expect(io.printed().replaceAll(/\s+/g, " ")).toMatch(
      /hil smp lamp set .*\[--level --max-time --name --mask --on --steps --field-port\]/,
    );
    const own = memoryIo();
    await smpCommand(["lamp", "set", "--help"], own, ALL);
    for (const option of ["level", "max-time", "name", "mask", "on", "steps", "field-port"]) {
      expect(own.printed()).toMatch(new RegExp(`--${option}\\b.*field`));
    }
  });

  test("is a row of docs/commands.md", () => {
    const row = smpSection(ROWS)
      .split("\n")
      .find((line) => line.startsWith("| lamp set |"));
    expect(row).toBe(
      "| lamp set | 77 | 4 | write | level: wide uint, max_time?: uint, name?: text, mask?: bytes, on?: bool, " +
        "steps?: list of uint, port?: uint | was: uint, mask?: bytes | 1 | a lamp |",
    );
    expect(smpSection()).not.toContain("lamp set");
  });

  test("is typed in the client, and refused as not supported by a server that has no handler for it", async () => {
    const { session } = smpBench();
    await expect(session.request(lampSet, { level: 3 })).rejects.toThrow("lamp set refused: ENOTSUP (rc 8)");
    // @ts-expect-error the level is a number
    await expect(session.request(lampSet, { level: "3" })).rejects.toThrow("level");
    // @ts-expect-error and it must be there
    await expect(session.request(lampSet, {})).rejects.toThrow("level");
  });

  test.each([
    [["lamp", "set"], "--level is missing."],
    [["lamp", "set", "--level", "x"], '--level wants a whole number from 0 to 2^64 - 1, not "x".'],
    [["lamp", "set", "--level", "-1"], '--level wants a whole number from 0 to 2^64 - 1, not "-1".'],
    [["lamp", "set", "--level", "1.5"], '--level wants a whole number from 0 to 2^64 - 1, not "1.5".'],
    [["lamp", "set", "--level", "1", "--mask", "xyz"], '"xyz" are no bytes.'],
    [["lamp", "set", "--level", "1", "--steps", "[1"], "--steps wants JSON"],
    [["lamp", "set", "x", "--level", "1"], 'hil smp lamp set takes other arguments than "x".'],
    [["echo", "x", "--level", "1"], "hil smp echo takes no --level."],
    [["lamp", "get"], 'no command "hil smp lamp get".'],
  ])("%j is wrong before a port is opened", async (argv, text) => {
    const complaint = await complaintOf(smpCommand(argv, memoryIo(NOWHERE), ALL));
    expect(complaint).toMatchObject({ code: 2, text: expect.stringContaining(text) });
  });

  test("whose name is taken stands behind another word", () => {
    const names = rowSubcommands({ own: { ...lampSet, name: "echo" } }, SUBCOMMANDS, []);
    expect(names.map(({ usage }) => usage)).toEqual(["row echo"]);
  });
});

describe("a row's command on a board", () => {
  const closing = new Cleanup();
  afterAll(() => closing[Symbol.asyncDispose]());
  const asked: CborMap[] = [];
  let client: SmpClient;

  beforeAll(() => {
    const clock = new RealClock();
    const [host, board] = memoryLinks({ clock, names: ["host", "board"] });
    const transport = new ConsoleTransport(closing.use("board", Uart.open(board, { clock })), { clock });
    // The server knows no such row: what comes is looked at as it is.
    closing.use("server", new SmpServer({ transport, handlers: {} }));
    client = SmpClient.onUart(closing.use("host", Uart.open(host, { clock })), { clock });
    client.session.onExchange(({ kind, packet }) => {
      if (kind === "request") asked.push({ packet });
    });
  });

  const call = async (...argv: string[]) => {
    asked.length = 0;
    const row = ALL.find(({ usage }) => usage === "lamp set");
    const options = new Map(argv.map((word) => word.split("=") as [string, string]));
    const parsed = {
      positional: [],
      text: (name: string) => options.get(name),
      texts: () => [],
      number: () => undefined,
      whole: () => undefined,
      flag: (name: string) => options.has(name),
    };
    return await row?.run({ client, args: [], options: parsed, io: memoryIo() });
  };

  test("sends the fields that are given, in the order of the row, with all digits", async () => {
    await expect(
      call("level=18446744073709551615", "mask=00ff", "on=", "steps=[1,2]", "field-port=7", "max-time=9"),
    ).rejects.toThrow("ENOTSUP");
    const { encodeRequest } = await import("../src/smp/packet/command.ts");
    const fields = {
      level: 18446744073709551615n,
      max_time: 9,
      mask: Uint8Array.of(0, 255),
      on: true,
      steps: [1, 2],
      port: 7,
    };
    const row = customCommand({ op: "write", group: 77, id: 4 });
    const { packet } = asked[0] ?? {};
    const sequence = packet instanceof Uint8Array ? (packet[6] ?? 0) : 0;
    expect(packet).toEqual(encodeRequest(row, { "*": fields }, { sequence, version: 2 }));
  });
});
