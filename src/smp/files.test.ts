import { describe, expect, test } from "@jest/globals";
import { equalBytes } from "../core/index.ts";
import { SmpFault } from "./faults.ts";
import { downloadFile, uploadFile } from "./files.ts";
import type { SmpHandlers } from "./server.ts";
import { smpBench } from "./testing/bench.ts";

const BYTES = Uint8Array.from({ length: 2_500 }, (_, index) => (index * 5) & 0xff);

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
    session.onExchange((exchange) => exchange.kind === "attempt" && sizes.add(exchange.request.length));
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
