import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { BenchError, utf8, VirtualClock } from "../../core/index.ts";
import type { PortOpener } from "../../power/index.ts";
import { type Link, type MemoryLink, memoryLinks } from "../../serial/index.ts";
import { parseProfile } from "../profile/profile.ts";
import { assembleBoard, type BoardParts } from "./assemble.ts";

const file = fileURLToPath(new URL("../../boards/x.yaml", import.meta.url));
const PROFILE = `schema: 1
name: dk
provider: hardware
ports:
  app: { path: /dev/app, baud_rate: 57600, hardware_flow_control: true, dtr: true }
power:
  { driver: lcus, port: { path: /dev/relay }, channel: 1, contact: NO, cuts: soc,
    cut_latency_ms: 2.5, cut_uncertainty_ms: 0.4 }
slots:
  primary: { offset: 0x10000, bytes: 0x74000 }
  secondary: { offset: 0x84000, bytes: 0x74000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;

/** Ports in memory that write down how they were opened and in which order they were closed. */
function bench(options: { readonly missing?: string; readonly closeFails?: string } = {}) {
  const clock = new VirtualClock();
  const opened: [string, unknown][] = [];
  const closed: string[] = [];
  const boards = new Map<string, MemoryLink>();
  const closing = (name: string, link: AsyncDisposable) => async () => {
    closed.push(name);
    await link[Symbol.asyncDispose]();
    if (options.closeFails === name) throw new BenchError(`${name} does not close.`);
  };
  const links: PortOpener = {
    open: async (port, line) => {
      const name = "path" in port ? port.path : "?";
      if (name === options.missing) throw new BenchError(`there is no port ${name}.`);
      opened.push([name, line]);
      const [host, board] = memoryLinks({ clock, names: [name, "board"] });
      boards.set(name, board);
      const link: Link = {
        name,
        chunks: host.chunks,
        write: (bytes, signal) => host.write(bytes, signal),
        [Symbol.asyncDispose]: closing(name, host),
      };
      return link;
    },
  };
  const backend: AsyncDisposable = {
    [Symbol.asyncDispose]: closing("bench", { [Symbol.asyncDispose]: async () => {} }),
  };
  const open = (more: Partial<BoardParts> = {}) =>
    assembleBoard(parseProfile(PROFILE, file), { clock, links, backend, ...more });
  return { clock, opened, closed, boards, open };
}

describe("a board put together from its links", () => {
  test("opens its ports as the profile says", async () => {
    const { opened, open } = bench();
    await using _board = await open();
    expect(opened).toEqual([
      ["/dev/relay", { baudRate: 9600 }],
      ["/dev/app", { baudRate: 57_600, hardwareFlowControl: true, dtr: true }],
    ]);
  });

  test("gives the cut's latency and uncertainty in microseconds", async () => {
    await using board = await bench().open();
    expect(board.cuts).toEqual({ latencyUs: 2500, uncertaintyUs: 400 });
  });

  test("has only what its provider has: flasher, wear, check", async () => {
    await using plain = await bench().open();
    expect([plain.flasher, plain.wear]).toEqual([undefined, undefined]);
    plain.check();
    const check = () => {
      throw new BenchError("the bench broke.");
    };
    const flasher = { programPrimary: async () => {} };
    const wear = { load: () => ({}), save: () => {} };
    await using rich = await bench().open({ check, flasher, wear });
    expect([rich.flasher, rich.wear]).toEqual([flasher, wear]);
    expect(() => rich.check()).toThrow("the bench broke");
  });

  test("follows the log of the application's port", async () => {
    const { boards, open } = bench();
    await using board = await open();
    await boards.get("/dev/app")?.write(utf8("I: Starting bootloader\r\n"));
    const [line] = board.logs.app.since(0);
    expect(line).toMatchObject({ event: "starting bootloader" });
    expect(board.logs.app.name).toBe("/dev/app");
  });

  test("closes everything, last opened first, what stands behind the links at the end", async () => {
    const { closed, open } = bench();
    const board = await open();
    await board[Symbol.asyncDispose]();
    expect(closed).toEqual(["/dev/app", "/dev/relay", "bench"]);
  });

  test("closes the rest when one part does not close, and says so", async () => {
    const { closed, open } = bench({ closeFails: "/dev/app" });
    const board = await open();
    await expect(board[Symbol.asyncDispose]()).rejects.toThrow("/dev/app does not close");
    expect(closed).toEqual(["/dev/app", "/dev/relay", "bench"]);
  });

  test("throws when it is closed what an observer of its bytes threw: nothing was recorded from then on", async () => {
    const { boards, open } = bench();
    const board = await open();
    board.uart.onBytes(() => {
      throw new RangeError("the disk is full");
    });
    await boards.get("/dev/app")?.write(utf8("hello\r\n"));
    await expect(board[Symbol.asyncDispose]()).rejects.toThrow("the disk is full");
  });
});

describe("a board that cannot be opened", () => {
  test.each([
    ["the relay's port is missing", "/dev/relay", ["bench"]],
    ["the application's port is missing", "/dev/app", ["/dev/relay", "bench"]],
  ])("says why and closes what was open by then, in reverse: %s", async (_, missing, expected) => {
    const { closed, open } = bench({ missing });
    await expect(open()).rejects.toThrow(`there is no port ${missing}`);
    expect(closed).toEqual(expected);
  });

  test("says why also when closing the rest fails", async () => {
    const { closed, open } = bench({ missing: "/dev/app", closeFails: "/dev/relay" });
    await expect(open()).rejects.toThrow("there is no port /dev/app");
    expect(closed).toEqual(["/dev/relay", "bench"]);
  });
});
