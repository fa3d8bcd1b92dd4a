import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Cleanup, type Clock, isHilError, Queue, RealClock } from "../core/index.ts";
import { type Chunk, type Link, Uart } from "../serial/index.ts";
import { ConsoleTransport, SmpFault, type SmpHandlers, SmpServer } from "../smp/index.ts";
import { smpCommand } from "./smp.ts";

const files = new Map<string, Uint8Array>([["/lfs/a", Uint8Array.of(1, 2, 3)]]);
let setting = Uint8Array.of(0xca, 0xfe);
const HANDLERS: SmpHandlers = {
  params: () => ({ buf_size: 384, buf_count: 4 }),
  taskStatistics: () => ({ tasks: { main: { prio: -1, tid: 1, state: 2, stkuse: 10, stksiz: 64 } } }),
  readDatetime: () => ({ datetime: "2026-08-21T02:10:07" }),
  writeDatetime: () => ({}),
  statisticsList: () => ({ stat_list: ["a", "b"] }),
  statistics: ({ name }) => ({ name, fields: { ticks: 42 } }),
  readSetting: () => ({ val: setting }),
  writeSetting: ({ val = new Uint8Array() }) => {
    setting = Uint8Array.from(val);
    return {};
  },
  deleteSetting: () => {
    throw new SmpFault({ group: 3, code: 7 });
  },
  saveSettings: () => ({}),
  readFile: ({ name, off }) => ({ off, data: files.get(name) ?? new Uint8Array(), len: files.get(name)?.length ?? 0 }),
  writeFile: ({ name, off, data = new Uint8Array() }) => {
    files.set(name, Uint8Array.from(data));
    return { off: off + data.length };
  },
  fileStatus: ({ name }) => ({ len: files.get(name)?.length ?? 0 }),
  fileHash: ({ type }) => ({ len: 3, output: type === "crc32" ? 1_438_416_925 : Uint8Array.of(0xab) }),
  shell: ({ argv }) => ({ o: `${argv.map(String).join(" ")}\r\n`, ret: argv[0] === "fail" ? -8 : 0 }),
  groupList: () => ({ groups: [0, 9] }),
  eraseStorage: () => ({}),
};

/** A board behind a TCP port: what `tcp:` opens. */
class SocketLink implements Link {
  readonly name = "board";
  readonly chunks = new Queue<Chunk>();
  readonly #write: (bytes: Uint8Array) => void;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#write(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.chunks.end();
  }
}

const closing = new Cleanup();
let port = "";
let folder = "";

beforeAll(async () => {
  const clock: Clock = new RealClock();
  const server = createServer((socket) => {
    const link = new SocketLink((bytes) => socket.write(bytes));
    socket.on("data", (bytes) => link.chunks.push({ atUs: clock.nowUs(), bytes: Uint8Array.from(bytes) }));
    const uart = Uart.open(link, { clock });
    const smp = new SmpServer({ transport: new ConsoleTransport(uart, { clock }), handlers: HANDLERS });
    socket.on("close", () => void smp[Symbol.asyncDispose]().then(() => uart[Symbol.asyncDispose]()));
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.add("server", () => server.close());
  const address = server.address();
  port = `tcp:127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  folder = await mkdtemp(join(tmpdir(), "hil-smp-"));
  await writeFile(join(folder, "in"), "hello");
});
afterAll(() => closing[Symbol.asyncDispose]());

async function hil(...argv: string[]): Promise<string> {
  let out = "";
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: () => undefined,
    env: { HIL_PORT: port },
    cwd: folder,
    signal: new AbortController().signal,
    isTty: false,
    columns: 100,
  };
  await smpCommand(argv, io);
  return out;
}

describe("hil smp over TCP", () => {
  test.each([
    [["tasks"], "main                 priority   -1  stack 10/64\n"],
    [["datetime"], "2026-08-21T02:10:07\n"],
    [["datetime", "2026-08-21T02:10:08"], "Done\n"],
    [["stat", "list"], "a\nb\n"],
    [["stat", "show", "a"], "        42 ticks\n"],
    [["settings", "read", "a/b"], "cafe\n"],
    [["settings", "write", "a/b", "00ff"], "Done\n"],
    [["settings", "read", "a/b", "--json"], '{"val":"00ff"}\n'],
    [["settings", "save"], "Done\n"],
    [["fs", "stat", "/lfs/a"], "3\n"],
    [["fs", "hash", "/lfs/a"], "ab\n"],
    [["fs", "hash", "/lfs/a", "crc32"], "1438416925\n"],
    [["shell", "kernel version"], "kernel version\n"],
    [["shell", "fail"], "fail\n(the command answered -8)\n"],
    [["groups"], "    0\n    9\n"],
    [["storage", "erase"], "Done\n"],
    [["raw", "read", "0", "6"], '{"buf_size":384,"buf_count":4}\n'],
    [["raw", "write", "9", "0", '{"argv":["x"]}'], '{"o":"x\\r\\n","ret":0}\n'],
  ])("%j", async (argv, out) => {
    expect(await hil(...argv)).toBe(out);
  });

  test("carries files both ways", async () => {
    await hil("fs", "upload", "in", "/lfs/b");
    expect(Buffer.from(files.get("/lfs/b") ?? []).toString()).toBe("hello");
    await hil("fs", "download", "/lfs/a", "out");
    expect([...(await readFile(join(folder, "out")))]).toEqual([1, 2, 3]);
  });

  test.each([
    [["raw", "poke", "0", "0"], 2, '"poke" is neither read nor write.'],
    [["raw", "read", "70000", "0"], 2, "group 70000, id 0 is no command."],
    [["raw", "read", "0", "0", "[1]"], 2, "the fields are no JSON object."],
    [["raw", "read", "0", "0", "{d:1}"], 2, "the fields are no JSON:"],
    [["settings", "write", "a", "xyz"], 2, '"xyz" are no bytes.'],
    [["settings", "delete", "a"], 1, "settings delete refused: DELETE_NOT_SUPPORTED (group 3, code 7)."],
    [["fs", "upload", "nothing", "/x"], 2, "cannot read nothing:"],
    [["tasks", "--port", "tcp:127.0.0.1"], 2, '"tcp:127.0.0.1" is no port.'],
    [["tasks", "--port", "tcp:127.0.0.1:1"], 3, "tcp:127.0.0.1:1 does not open: nobody listens."],
  ])("%j ends in exit %i", async (argv, code, text) => {
    const error: unknown = await hil(...argv).catch((thrown: unknown) => thrown);
    if (!isHilError(error)) throw error;
    expect([error.exitCode, error.paragraph()]).toEqual([code, expect.stringContaining(text)]);
  });
});
