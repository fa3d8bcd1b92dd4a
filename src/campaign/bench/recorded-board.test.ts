import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { openBoard } from "../../board/index.ts";
import { BenchError, Random, sleep, utf8 } from "../../core/index.ts";
import { CONSOLE_OVERHEAD_BYTES, encodedBytes, SmpFault } from "../../smp/index.ts";
import { smpBench } from "../../smp/testing/bench.ts";
import type { RunEvent } from "../record/run-event.ts";
import { buildMaterial } from "../request/material.ts";
import { scriptedBoard } from "../testing/scripted-board.ts";
import { type Edit, eventsOf, smallProfile, smallScenario } from "../testing/small-campaign.ts";
import { flagsOf } from "../verdict/slots.ts";
import { RecordedBoard, uploadLimit } from "./recorded-board.ts";

const NEVER = new AbortController().signal;
const EIGHT = 8;

/** A recorded board with a board that prints and replies as a test says. */
function scripted(signal: AbortSignal = NEVER) {
  const app = { answers: false, broken: undefined as Error | undefined };
  const bed = smpBench({
    server: {
      handlers: {
        echo: ({ d }) => {
          if (!app.answers) throw new SmpFault({ code: EIGHT });
          return { r: d ?? "" };
        },
      },
    },
  });
  const board = scriptedBoard(bed, () => {
    if (app.broken) throw app.broken;
  });
  const events: RunEvent[] = [];
  return {
    app,
    clock: bed.clock,
    recorded: new RecordedBoard(board, { event: (event) => events.push(event) }, signal),
    print: (...lines: string[]) => bed.board.write(utf8(lines.map((line) => `${line}\r\n`).join(""))),
    pass: (ms: number) => sleep(bed.clock, ms),
  };
}

const BOOTLOADER = "I: Starting bootloader";
const GIVES_UP = "E: Unable to find bootable image";

describe("waiting for a board to come up", () => {
  test("ends when the application answers, and tells the boots and the log since then", async () => {
    const { recorded, app, print, pass, clock } = scripted();
    await print("from before");
    const sinceUs = clock.nowUs() + 1;
    const waiting = recorded.untilUp(sinceUs, 10_000);
    await print(BOOTLOADER);
    await pass(200);
    app.answers = true;
    await print("hello from the application");
    const seen = await waiting;
    expect(seen).toMatchObject({ ending: "up", boots: 1, because: "the application answered" });
    expect(seen.lines.map((line) => line.text)).toEqual([BOOTLOADER, "hello from the application"]);
    expect((seen.upUs ?? 0) - sinceUs).toBeLessThan(300_000);
  });

  test("asks a board that prints nothing after a second", async () => {
    const { recorded, app } = scripted();
    app.answers = true;
    const seen = await recorded.untilUp(0, 10_000);
    expect(seen).toMatchObject({ ending: "up", boots: 0, lines: [] });
    expect(seen.upUs).toBeGreaterThan(1_000_000);
    expect(seen.upUs).toBeLessThan(1_100_000);
  });

  test("ends in a boot loop with the fourth start of the bootloader", async () => {
    const { recorded, print, pass } = scripted();
    const waiting = recorded.untilUp(0, 60_000);
    for (let boot = 0; boot < 4; boot += 1) {
      await print(BOOTLOADER);
      await pass(1500);
    }
    expect(await waiting).toMatchObject({
      ending: "boot loop",
      boots: 4,
      upUs: undefined,
      because: "4 boots seen, no application answered",
    });
  });

  test("ends without a boot three seconds after the bootloader gave up", async () => {
    const { recorded, print, clock } = scripted();
    const waiting = recorded.untilUp(0, 60_000);
    await print(BOOTLOADER, GIVES_UP);
    expect(await waiting).toMatchObject({ ending: "no boot", because: `the bootloader gave up: "${GIVES_UP}"` });
    expect(clock.nowUs()).toBeLessThan(6_000_000);
  });

  test("goes on when the bootloader gave up and then started again, however long that boot takes", async () => {
    const { recorded, app, print, pass } = scripted();
    const waiting = recorded.untilUp(0, 60_000);
    await print(BOOTLOADER, GIVES_UP);
    await pass(1000);
    await print(BOOTLOADER);
    await pass(20_000);
    app.answers = true;
    expect(await waiting).toMatchObject({ ending: "up", boots: 2 });
  });

  test("ends at its limit with what came last", async () => {
    const { recorded, clock } = scripted();
    const seen = await recorded.untilUp(0, 2500);
    expect(seen).toMatchObject({
      ending: "no boot",
      because: "waited 2500 ms for dk to boot. Nothing has come from VCOM1 yet.",
    });
    expect(clock.nowUs()).toBe(2_500_000);
  });

  test("ends with the signal's reason", async () => {
    const stop = new AbortController();
    const { recorded, pass } = scripted(stop.signal);
    const waiting = recorded.untilUp(0, 60_000).catch(String);
    await pass(500);
    stop.abort("enough");
    expect(await waiting).toBe("enough");
  });

  test("ends with the bench's own failure, which is no verdict on the board", async () => {
    const { recorded, app } = scripted();
    app.broken = new BenchError("the twin broke.");
    await expect(recorded.untilUp(0, 60_000)).rejects.toThrow("the twin broke");
  });
});

/** A recorded board on a small twin that runs, and the images of a campaign for it. */
async function onTwin(...edits: Edit[]) {
  const loaded = smallProfile(...edits);
  const random = Random.fromSeed(1);
  const board = await openBoard(loaded, { random });
  const { images } = await buildMaterial({ scenario: smallScenario(), board: loaded }, board, random);
  const events: RunEvent[] = [];
  const recorded = new RecordedBoard(board, { event: (event) => events.push(event) }, NEVER);
  await recorded.untilUp(0, 10_000);
  return { board, recorded, images, events };
}

describe("what a recorded board does", () => {
  test("is recorded: an upload with its progress, its erase and its speed", async () => {
    const { board, recorded, images, events } = await onTwin();
    await using _board = board;
    await recorded.upload(images.new);
    const [started] = eventsOf(events, "upload-started");
    const [finished] = eventsOf(events, "upload-finished");
    const progress = eventsOf(events, "upload-progress");
    expect(started).toMatchObject({ version: "2.0.0", totalBytes: images.new.fileBytes });
    expect(progress.at(-1)?.sentBytes).toBe(images.new.fileBytes);
    expect(finished).toMatchObject({ version: "2.0.0", bytes: images.new.fileBytes, alreadyPresent: false });
    expect(finished?.durationUs).toBe((finished?.atUs ?? 0) - (started?.atUs ?? 0));
  });

  test("never takes less time for an upload than line and flash allow", async () => {
    const { board, recorded, images, events } = await onTwin();
    await using _board = board;
    await recorded.upload(images.new);
    const [finished] = eventsOf(events, "upload-finished");
    if (!finished) throw new RangeError("no upload");
    const { bytes, firstBytes, durationUs, eraseUs, limitBytesPerS } = finished;
    const speed = ((bytes - firstBytes) * 1_000_000) / (durationUs - eraseUs);
    expect(speed).toBeLessThanOrEqual(limitBytesPerS);
    expect(speed).toBeGreaterThan(limitBytesPerS * 0.8);
  });

  test("sends nothing of an image that the profile forbids", async () => {
    const { board, recorded, images, events } = await onTwin(["keys:", "images: { encryption: none }\nkeys:"]);
    await using _board = board;
    await expect(recorded.upload(images.new)).rejects.toThrow("nothing was uploaded");
    expect(eventsOf(events, "upload-started")).toEqual([]);
  });

  test("is recorded: power off, power on, and the off time of the profile in between", async () => {
    const { board, recorded, events } = await onTwin();
    await using _board = board;
    const seen = await recorded.cycle(10_000);
    expect(seen).toMatchObject({ ending: "up", boots: 1 });
    const power = eventsOf(events, "power");
    expect(power.map((event) => event.state)).toEqual(["off", "on"]);
    expect((power[1]?.sentAtUs ?? 0) - (power[0]?.sentAtUs ?? 0)).toBeGreaterThanOrEqual(500_000);
  });

  test("is recorded: test request, reset, confirmation and every image list", async () => {
    const { board, recorded, images, events } = await onTwin();
    await using _board = board;
    await recorded.upload(images.new);
    await recorded.requestTest(images.new);
    await recorded.untilUp(await recorded.reset(), 60_000);
    await recorded.confirm(images.new);
    await recorded.imageState();
    const names = events.map((event) => event.event).filter((name) => !name.startsWith("upload"));
    expect(names).toEqual(["set-pending", "reset", "boot-seen", "confirmed", "image-state"]);
    const [list] = eventsOf(events, "image-state");
    expect(list?.images.map(({ slot, version, flags }) => [slot, version, flags])).toEqual([
      [0, "2.0.0", ["active", "confirmed"]],
      [1, "0.1.0", []],
    ]);
  });
});

/** A serial line with SMP in frames. */
const lineAt = (baudRate: number) => ({ baudRate, overheadBytes: CONSOLE_OVERHEAD_BYTES, wireBytes: encodedBytes });

describe("small facts", () => {
  test("flags are named in mcumgr's order", () => {
    const all = { permanent: true, pending: true, confirmed: true, active: true };
    expect(flagsOf(all)).toEqual(["active", "confirmed", "pending", "permanent"]);
    expect(flagsOf({ ...all, active: false, pending: false })).toEqual(["confirmed", "permanent"]);
  });

  test("an upload at 115,200 baud with buffers of 1024 bytes can reach 7.2 KiB/s", () => {
    expect(uploadLimit(lineAt(115_200), 1024, 43 / 4) / 1024).toBeCloseTo(7.2, 1);
  });

  test("an upload over a network is as fast as the flash, but for the bytes around a chunk", () => {
    const network = { baudRate: undefined, overheadBytes: 0, wireBytes: (bytes: number) => bytes };
    expect(uploadLimit(network, 1024, 43 / 4)).toBeCloseTo(4_000_000 / 43, 3);
  });

  test("an upload is slower than the line carries base64 and than the flash takes bytes, and faster on a faster line", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1200, max: 1_000_000 }), fc.integer({ min: 128, max: 8192 }), (baudRate, bytes) => {
        const limit = uploadLimit(lineAt(baudRate), bytes, 43 / 4);
        expect(limit).toBeGreaterThan(0);
        expect(limit).toBeLessThan((baudRate / 10) * 0.75);
        expect(limit).toBeLessThan(4_000_000 / 43);
        expect(uploadLimit(lineAt(2 * baudRate), bytes, 43 / 4)).toBeGreaterThan(limit);
        expect(uploadLimit(lineAt(baudRate), 2 * bytes, 43 / 4)).toBeGreaterThan(limit);
      }),
    );
  });
});
