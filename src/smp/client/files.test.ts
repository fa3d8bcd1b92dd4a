import { crc32 } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { equalBytes } from "../../core/index.ts";
import { SmpFault } from "../server/faults.ts";
import type { SmpHandlers } from "../server/server.ts";
import { smpBench } from "../testing/bench.ts";
import { downloadFile, uploadFile } from "./files.ts";

const BYTES = Uint8Array.from({ length: 2_500 }, (_, index) => (index * 5) & 0xff);

/**
 * Files as Zephyr keeps them: one is open and appended to; it is stored when its last piece came, or when it is closed
 * (as a part, then). A reset forgets what is open.
 * Source: Zephyr fs_mgmt.c over LittleFS, measured on Zephyr 4.4.0.
 */
function storing(options: { readonly hashes?: boolean } = {}) {
  const files = new Map<string, Uint8Array>();
  let open: { name: string; bytes: Uint8Array; len: number } | undefined;
  let pieces = 0;
  const close = () => {
    if (open) files.set(open.name, open.bytes);
    open = undefined;
  };
  const state = { resetAtPiece: 0, flipLast: false };
  const handlers: SmpHandlers = {
    writeFile: ({ off, data = new Uint8Array(), name, len }) => {
      pieces += 1;
      if (pieces === state.resetAtPiece) open = undefined;
      if (off === 0 && len === 0) return { off: 0 };
      const held = open?.name === name ? open.bytes : (files.get(name) ?? new Uint8Array());
      if (off > 0 && off !== held.length) {
        close();
        throw new SmpFault({ group: 8, code: 11, data: { len: held.length } });
      }
      // An upload that is open goes on where it is, whatever offset 0 says.
      const from = off === 0 && open === undefined ? new Uint8Array() : held;
      open = { name, bytes: Uint8Array.from([...from, ...data]), len: len ?? open?.len ?? Number.POSITIVE_INFINITY };
      const at = open.bytes.length;
      if (at === BYTES.length && state.flipLast) open.bytes[0] = (open.bytes[0] ?? 0) ^ 1;
      if (at >= Math.min(open.len, BYTES.length)) close();
      return { off: at };
    },
    closeFile: () => {
      close();
      return {};
    },
    fileStatus: ({ name }) => {
      const file = files.get(name);
      if (!file) throw new SmpFault({ group: 8, code: 3 });
      return { len: file.length };
    },
    ...(options.hashes === false
      ? {}
      : {
          fileHash: ({ name, type }) => {
            if (type !== "crc32") throw new SmpFault({ group: 8, code: 13 });
            const file = files.get(name) ?? new Uint8Array();
            return { type, len: file.length, output: crc32(file) };
          },
        }),
  };
  return { ...smpBench({ server: { handlers } }), files, state };
}

describe("a file to a board that forgets", () => {
  const stored = (files: Map<string, Uint8Array>) => equalBytes(files.get("/lfs/b") ?? new Uint8Array(), BYTES);

  test("is compared by the hash that the firmware has", async () => {
    const { session, files } = storing();
    expect(await uploadFile(session, "/lfs/b", BYTES, 380)).toEqual({ comparedBy: "crc32" });
    expect(stored(files)).toBe(true);
    expect(await uploadFile(storing({ hashes: false }).session, "/lfs/b", BYTES, 380)).toEqual({
      comparedBy: "length",
    });
  });

  test.each(
    [2, 3, 4, 5, 6, 7, 8].flatMap((piece) =>
      [0, 340, 682, 1_024, 1_365, 1_367, 2_500].map((old) => [piece, old] as const),
    ),
  )("reset before piece %i, over an old file of %i bytes, ends in the new file whole", async (piece, oldBytes) => {
    const { session, files, state } = storing();
    if (oldBytes > 0) files.set("/lfs/b", new Uint8Array(oldBytes).fill(0x4f));
    state.resetAtPiece = piece;
    await uploadFile(session, "/lfs/b", BYTES, 380);
    expect(stored(files)).toBe(true);
  });

  test("goes whole right after an upload that was stopped half-way", async () => {
    const { session, files } = storing();
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("stopped"));
    await expect(uploadFile(session, "/lfs/b", BYTES, 380, { signal: stop.signal, onProgress })).rejects.toThrow(
      "stopped",
    );
    await uploadFile(session, "/lfs/b", BYTES, 380);
    expect(stored(files)).toBe(true);
  });

  test("that is stored wrong each time is an error that names the hash", async () => {
    const { session, state } = storing();
    state.flipLast = true;
    await expect(uploadFile(session, "/lfs/b", BYTES, 380)).rejects.toThrow(
      "what the board stores as /lfs/b is not what was sent (2500 bytes; its crc32 differs)",
    );
  });

  test("of 0 bytes over an old one is an error, not a success that changed nothing", async () => {
    const { session, files } = storing();
    files.set("/lfs/b", BYTES);
    await expect(uploadFile(session, "/lfs/b", new Uint8Array(), 380)).rejects.toThrow("/lfs/b is not empty");
  });
});

/** Files as Zephyr keeps them: one open, appended in order. */
function bench(pieceBytes = 300) {
  const files = new Map<string, Uint8Array>();
  const handlers: SmpHandlers = {
    readFile: ({ off, name }) => {
      const bytes = files.get(name);
      if (!bytes) throw new SmpFault({ group: 8, code: 3 });
      return { off, data: bytes.subarray(off, off + pieceBytes), len: off === 0 ? bytes.length : undefined };
    },
    writeFile: ({ off, data = new Uint8Array(), name, len }) => {
      if (off === 0 && len === undefined) throw new SmpFault({ code: 3 });
      const before = off === 0 ? new Uint8Array() : (files.get(name) ?? new Uint8Array());
      if (off !== before.length) throw new SmpFault({ group: 8, code: 11, data: { len: before.length } });
      files.set(name, Uint8Array.from([...before, ...data]));
      return { off: off + data.length };
    },
  };
  return { ...smpBench({ server: { handlers } }), files };
}

describe("a file of the board", () => {
  test("comes whole, in pieces of the board's size", async () => {
    const { session, files } = bench();
    files.set("/lfs/a", BYTES);
    const seen: number[] = [];
    const got = await downloadFile(session, "/lfs/a", { onProgress: ({ sentBytes }) => seen.push(sentBytes) });
    expect(equalBytes(got, BYTES)).toBe(true);
    expect([seen.length, seen.at(-1)]).toEqual([9, 2_500]);
  });

  test("without content is empty; one that is not there is refused", async () => {
    const { session, files } = bench();
    files.set("/lfs/empty", new Uint8Array());
    expect(await downloadFile(session, "/lfs/empty")).toHaveLength(0);
    await expect(downloadFile(session, "/lfs/none")).rejects.toMatchObject({ refusal: { name: "FILE_NOT_FOUND" } });
  });

  test.each([
    ["no length", { off: 0, data: BYTES.slice(0, 9) }, "says its length is nothing"],
    ["a length beyond reason", { off: 0, data: BYTES.slice(0, 9), len: 2 ** 31 }, "says its length is 2147483648"],
    ["another offset", { off: 7, data: BYTES.slice(0, 9), len: 100 }, "9 bytes at 7 came, not at 0"],
    ["more than its length", { off: 0, data: BYTES.slice(0, 9), len: 5 }, "9 bytes at 0 came"],
    ["no bytes before its end", { off: 0, data: new Uint8Array(), len: 5 }, "0 bytes at 0 came"],
  ])("of %s is an error", async (_name, answer, text) => {
    const { session } = smpBench({ server: { handlers: { readFile: () => answer } } });
    await expect(downloadFile(session, "/x")).rejects.toThrow(text);
  });
});

describe("a file to the board", () => {
  test("arrives whole, in packets that fill the buffer, and an empty one is made", async () => {
    const { session, files } = bench();
    const sizes = new Set<number>();
    session.onExchange((exchange) => exchange.kind === "request" && sizes.add(exchange.packet.length));
    await uploadFile(session, "/lfs/b", BYTES, 380);
    expect(equalBytes(files.get("/lfs/b") ?? new Uint8Array(), BYTES)).toBe(true);
    expect(Math.max(...sizes)).toBe(380);
    await uploadFile(session, "/lfs/c", new Uint8Array(), 380);
    expect(files.get("/lfs/c")).toHaveLength(0);
  });

  test.each(["request", "answer"] as const)("survives the loss of a %s in the middle", async (which) => {
    const { session, files, hostLink, boardLink } = bench();
    const end = which === "answer" ? hostLink : boardLink;
    const deliver = end.deliver.bind(end);
    let packets = 0;
    end.deliver = (bytes) => {
      if (bytes[0] !== 0x06 || ++packets !== 4) deliver(bytes);
    };
    await uploadFile(session, "/lfs/b", BYTES, 380);
    expect(equalBytes(files.get("/lfs/b") ?? new Uint8Array(), BYTES)).toBe(true);
  });

  test("is given up when nothing comes back any more", async () => {
    const { session, server } = bench();
    await server[Symbol.asyncDispose]();
    await expect(uploadFile(session, "/lfs/b", BYTES, 380)).rejects.toMatchObject({ kind: "timeout" });
  });

  test("with a name that fills the packet is refused before it is sent", async () => {
    const { session } = bench();
    await expect(uploadFile(session, "n".repeat(400), BYTES, 380)).rejects.toThrow("no room for data");
  });
});
