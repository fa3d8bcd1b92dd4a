import { writeSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { RealClock, sleep } from "../core/index.ts";
import { openSerialPort } from "./port.ts";
import { nodePty } from "./pty.ts";

/** More than the system keeps for a device that does not read. */
const MORE_THAN_FITS = 200_000;

test("what a device says is heard while a write waits for it to read", async () => {
  const { master, slave, ptsName, fd } = (await nodePty()).open({ encoding: null });
  slave.destroy();
  master.pause();
  const clock = new RealClock();
  const port = await openSerialPort(ptsName, { baudRate: 1_000_000, clock });
  // Until somebody waits for what comes: only then is there a wait that the write's can take the place of.
  await sleep(clock, 50);
  let isWritten = false;
  const writing = port.write(new Uint8Array(MORE_THAN_FITS)).then(() => {
    isWritten = true;
  });
  // Long enough for the write to have filled the terminal: it waits for room then.
  await sleep(clock, 50);
  writeSync(fd, "an answer\n");
  const { value } = await port.chunks[Symbol.asyncIterator]().next();
  expect([Buffer.from(value?.bytes ?? []).toString(), isWritten]).toEqual(["an answer\n", false]);
  let taken = 0;
  const all = new Promise<void>((resolve) => {
    master.on("data", (bytes: Uint8Array) => {
      taken += bytes.length;
      if (taken >= MORE_THAN_FITS) resolve();
    });
  });
  master.resume();
  await writing;
  await all;
  expect(taken).toBe(MORE_THAN_FITS);
  await port[Symbol.asyncDispose]();
  master.destroy();
});
