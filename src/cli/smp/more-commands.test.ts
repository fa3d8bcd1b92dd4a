import { createHash } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Cleanup, type Clock, isHilError, RealClock } from "../../core/index.ts";

import { type ConsoleTransport, SmpFault, type SmpHandlers, SmpServer } from "../../smp/index.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { tcpBoard } from "../testing/tcp-board.ts";
import { smpCommand } from "./smp.ts";

const files = new Map<string, Uint8Array>([["/lfs/a", Uint8Array.of(1, 2, 3)]]);
let setting = Uint8Array.of(0xca, 0xfe);
const saved: string[] = [];
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
  saveSettings: ({ name }) => {
    saved.push(name ?? "all");
    return {};
  },
  loadSettings: () => ({}),
  commitSettings: () => ({}),
  readFile: ({ name, off }) => ({ off, data: files.get(name) ?? new Uint8Array(), len: files.get(name)?.length ?? 0 }),
  writeFile: ({ name, off, data = new Uint8Array() }) => {
    files.set(name, Uint8Array.from(data));
    return { off: off + data.length };
  },
  fileStatus: ({ name }) => ({ len: files.get(name)?.length ?? 0 }),
  fileHash: ({ name, type, off = 0, len }) => {
    const all = files.get(name) ?? new Uint8Array();
    const part = all.subarray(off, len === undefined ? all.length : off + len);
    const sha256 = Uint8Array.from(createHash("sha256").update(part).digest());
    return { type: type ?? "sha256", len: part.length, output: type === "crc32" ? crc32(part) : sha256 };
  },
  fileHashTypes: () => ({ types: { crc32: { format: 0, size: 4 }, sha256: { format: 1, size: 32 } } }),
  closeFile: () => ({}),
  shell: ({ argv }) => ({ o: `${argv.map(String).join(" ")}\r\n`, ret: argv[0] === "fail" ? -8 : 0 }),
  groupList: () => ({ groups: [0, 9] }),
  eraseStorage: () => ({}),
};

const closing = new Cleanup();
const clock: Clock = new RealClock();
let port = "";
let mirror = "";
let folder = "";

const listening = (serve: (transport: ConsoleTransport) => AsyncDisposable) => tcpBoard(serve, { clock, closing });

/** A board of an unknown group: it sends back what it was sent. */
function mirrored(transport: ConsoleTransport): AsyncDisposable {
  transport.onPacket(({ bytes }) => void transport.send(Uint8Array.from([(bytes[0] ?? 0) + 1, ...bytes.subarray(1)])));
  return transport;
}

beforeAll(async () => {
  port = await listening((transport) => new SmpServer({ transport, handlers: HANDLERS }));
  mirror = await listening(mirrored);
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
    [["settings", "save", "a"], "Done\n"],
    [["settings", "load"], "Done (as far as the board says: it answers so whether or not its storage did anything)\n"],
    [["settings", "commit", "--json"], "{}\n"],
    [["fs", "close"], "Done\n"],
    [["fs", "hash-types"], "crc32        4 bytes, as a number\nsha256       32 bytes\n"],
    [["fs", "hash", "/lfs/a"], "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81\n"],
    [["fs", "hash", "/lfs/a", "crc32", "--offset", "1", "--length", "1"], "1007455905\n"],
    [["fs", "hash", "/lfs/a", "crc32"], "1438416925\n"],
    [["shell", "kernel version"], "kernel version\n"],
    [["groups"], "    0\n    9\n"],
    [["storage", "erase"], "Done\n"],
    [["raw", "read", "0", "6"], '{"buf_size":384,"buf_count":4}\n'],
    [["raw", "write", "9", "0", '{"argv":["x"]}'], '{"o":"x\\r\\n","ret":0}\n'],
  ])("%j", async (argv, out) => {
    expect(await hil(...argv)).toBe(out);
  });

  test("a shell command that fails makes the exit code 1, and its result is printed", async () => {
    const io = memoryIo({ env: { HIL_PORT: port } });
    expect([await smpCommand(["shell", "fail"], io), io.printed()]).toEqual([1, "fail\n(the command returned -8)\n"]);
    expect(await smpCommand(["shell", "kernel version"], memoryIo({ env: { HIL_PORT: port } }))).toBe(0);
  });

  test("settings are saved all, or below a name", () => {
    expect(saved).toEqual(["all", "a"]);
  });

  test("64-bit integers go and come with all their digits", async () => {
    const fields = '{"d":9007199254740993,"list":[18446744073709551615,-9007199254740993],"half":0.5}';
    const words = ["raw", "write", "64", "1", fields, "--port", mirror];
    expect(await hil(...words)).toBe(`${fields}\n`);
    expect(await hil(...words, "--json")).toBe(`${fields}\n`);
    const io = memoryIo();
    await smpCommand([...words, "--trace"], io);
    expect(io.complained().match(/"d":9007199254740993/g)).toHaveLength(2);
  });

  test("integers of every width go and come with all their digits, as values, in lists and in maps", async () => {
    const edges = [0n, 23n, 255n, 65_535n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n - 1n, 2n ** 63n - 1n, 2n ** 64n - 1n];
    const near = edges.flatMap((edge) => [edge - 1n, edge, edge + 1n]).filter((value) => value < 2n ** 64n);
    const all = near.flatMap((value) => [value, -1n - value]);
    expect(all.filter((value) => value >= -(2n ** 64n))).toEqual(all);
    const fields = `{"list":[${all.join(",")}],${all.map((value, at) => `"f${at}":${value}`).join(",")}}`;
    for (const words of [[], ["--json"]]) {
      expect(await hil("raw", "write", "64", "1", fields, "--port", mirror, ...words)).toBe(`${fields}\n`);
    }
  });

  test.each([(2n ** 64n).toString(), (-(2n ** 64n) - 1n).toString()])(
    "%s, which CBOR has no integer for, is refused in one sentence",
    async (value) => {
      const refused = hil("raw", "write", "64", "1", `{"d":${value}}`, "--port", "/dev/there-is-none");
      await expect(refused).rejects.toMatchObject({
        exitCode: 2,
        message: `${value} is no integer that CBOR can carry.`,
      });
    },
  );

  test("carries files both ways", async () => {
    expect(await hil("fs", "upload", "in", "/lfs/b")).toContain("Done (compared by its sha256)\n");
    expect(Buffer.from(files.get("/lfs/b") ?? []).toString()).toBe("hello");
    await hil("fs", "download", "/lfs/a", "out");
    expect([...(await readFile(join(folder, "out")))]).toEqual([1, 2, 3]);
  });

  test.each([
    [["raw", "poke", "0", "0"], 2, '"poke" is neither read nor write.'],
    [["raw", "read", "70000", "0"], 2, "group 70000, id 0 is no command."],
    [["raw", "read", "0", "0", "[1]"], 2, "the fields are no JSON object."],
    [["raw", "read", "0", "0", "{d:1}"], 2, "the fields are no JSON:"],
    [["raw", "write", "64", "1", '{"d":18446744073709551616}'], 2, "is no integer that CBOR can carry. From -2^64"],
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
