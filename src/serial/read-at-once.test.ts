import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readAtOnce } from "./read-at-once.ts";

/** A port's binding whose descriptor is a file: what its own read gives is "own". */
function binding(fd: number | null) {
  const waiting: ((error: Error | null) => void)[] = [];
  const asked: number[] = [];
  const own = async (buffer: Buffer, offset: number) => ({ bytesRead: buffer.write("own", offset), buffer });
  const port = {
    fd,
    poller: {
      once: (_: "readable", told: (error: Error | null) => void) => waiting.push(told),
      poll: (events: number) => void asked.push(events),
      listenerCount: (event: "readable" | "writable") => (event === "readable" ? waiting.length : 0),
    },
    read: own as (buffer: Buffer, offset: number, length: number) => Promise<{ bytesRead: number; buffer: Buffer }>,
  };
  readAtOnce(port);
  const tell = (error: Error | null = null) => waiting.shift()?.(error);
  return { port, tell, asked };
}

describe("a port that is read by the event loop", () => {
  let folder = "";
  let fd = -1;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hil-read-"));
    writeFileSync(join(folder, "port"), "came");
    fd = openSync(join(folder, "port"), "r");
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  test("gives what is there once the loop says so, at the place that was asked for", async () => {
    const { port, tell } = binding(fd);
    const buffer = Buffer.alloc(8, 0x2e);
    const read = port.read(buffer, 2, 6);
    tell();
    expect((await read).bytesRead).toBe(4);
    expect(buffer.toString()).toBe("..came..");
  });

  test("leaves it to the binding where nothing is there after all: only that knows what it means", async () => {
    const { port, tell } = binding(fd);
    const first = port.read(Buffer.alloc(8), 0, 8);
    tell();
    await first;
    const again = port.read(Buffer.alloc(8), 0, 8);
    tell();
    const { bytesRead, buffer } = await again;
    expect(buffer.toString("latin1", 0, bytesRead)).toBe("own");
  });

  test("fails as the poller does when the port is closed under a read", async () => {
    const { port, tell } = binding(fd);
    const read = port.read(Buffer.alloc(8), 0, 8);
    tell(new Error("Canceled"));
    await expect(read).rejects.toThrow("Canceled");
  });

  test("asks for what comes, too, when somebody waits until it can be written", () => {
    const { port, asked } = binding(fd);
    port.poller.poll(0b10);
    void port.read(Buffer.alloc(8), 0, 8).catch(() => undefined);
    port.poller.poll(0b10);
    expect(asked).toEqual([0b10, 0b11]);
  });

  test("is left alone where the binding has no poller, and where it is closed", async () => {
    const bare = { read: async () => ({ bytesRead: 0, buffer: Buffer.alloc(0) }) };
    const { read } = bare;
    readAtOnce(bare);
    expect(bare.read).toBe(read);
    expect((await binding(null).port.read(Buffer.alloc(8), 0, 8)).bytesRead).toBe(3);
  });
});
