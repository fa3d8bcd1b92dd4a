import { describe, expect, test } from "@jest/globals";
import { equalBytes } from "../core/index.ts";
import { smallImage } from "../mcuboot/testing/small-board.ts";
import type { MachineFault } from "./faults.ts";
import { PAGE_BYTES, smallMachine } from "./testing/small-machine.ts";

const BOOT_MS = 1500;
const SLOT_1 = 16 * PAGE_BYTES;
const NEW = smallImage("2.0.0", 12_000, false).plain;

async function board(fault: MachineFault) {
  const bed = smallMachine({ faults: [fault], uploaded: false });
  bed.machine.powerOn();
  await bed.pass(BOOT_MS);
  return bed;
}

describe("a shell that echoes SMP frames", () => {
  test("costs nothing but the line: its echoes are counted, and every answer is taken", async () => {
    await using bed = await board("shell-echo");
    expect(await bed.smp.echo("x".repeat(300))).toBe("x".repeat(300));
    const { retries, restarts } = await bed.smp.upload(NEW, { window: 3 });
    expect({ retries, restarts }).toEqual({ retries: 0, restarts: 0 });
    expect(equalBytes(bed.flash.read(SLOT_1, NEW.length), NEW)).toBe(true);
    expect(bed.smp.session.counters.echoed).toBeGreaterThan(12);
    expect(await bed.listed()).toEqual(["1.0.0 active confirmed", "2.0.0"]);
  });

  test("and takes no SMP is told by name when no answer comes", async () => {
    await using bed = await board("shell-deaf");
    await expect(bed.smp.echo("there")).rejects.toMatchObject({
      kind: "timeout",
      message: expect.stringContaining("Our own requests come back: a loop-back plug in the port, or a shell on it"),
    });
  });
});

describe("an adapter that carries one direction at a time", () => {
  test("loses nothing of a client that waits for each answer", async () => {
    await using bed = await board("half-duplex");
    const { retries } = await bed.smp.upload(NEW, { window: 1 });
    expect(retries).toBe(0);
    expect(equalBytes(bed.flash.read(SLOT_1, NEW.length), NEW)).toBe(true);
  });

  test("loses chunks of an upload with several in flight, which arrives whole all the same", async () => {
    await using bed = await board("half-duplex");
    const { retries } = await bed.smp.upload(NEW, { window: 3, chunkMs: 500 });
    expect(retries).toBeGreaterThan(0);
    expect(equalBytes(bed.flash.read(SLOT_1, NEW.length), NEW)).toBe(true);
  });
});
