import { describe, expect, test } from "@jest/globals";
import { sleep, utf8 } from "../../core/index.ts";
import { smpBench } from "../../smp/testing/bench.ts";
import type { RunEvent } from "../record/run-event.ts";
import { scriptedBoard } from "../testing/scripted-board.ts";
import { eventsOf } from "../testing/small-campaign.ts";
import { isVoid } from "./bench-watch.ts";
import { RecordedBoard } from "./recorded-board.ts";

const NEVER = new AbortController().signal;
const LIMIT_MS = 60_000;
const BANNER = "*** Booting MCUboot v2.4.0-dev-12e5ee106034 ***";
const STARTING = "I: Starting bootloader";

/** A board whose application answers to its image list and counts its uptime, as a test says. */
function board(serves: { uptime?: boolean } = {}) {
  const app = { answers: true, isDown: false, version: "1.0.0", bornUs: 0 };
  const up = () => {
    if (!app.answers) throw new Error("nobody is there");
  };
  const bed = smpBench({
    server: {
      handlers: {
        echo: async ({ d }) => {
          up();
          while (app.isDown) await sleep(bed.clock, 50);
          return { r: d ?? "" };
        },
        osReset: () => ({}),
        imageState: () => ({ images: [{ slot: 0, version: app.version, active: true, confirmed: true }] }),
        ...(serves.uptime === true
          ? { shell: () => ({ o: `Uptime: ${Math.round((bed.clock.nowUs() - app.bornUs) / 1000)} ms`, ret: 0 }) }
          : {}),
      },
    },
  });
  const events: RunEvent[] = [];
  const recorded = new RecordedBoard(scriptedBoard(bed), { event: (event) => events.push(event) }, NEVER);
  const print = (...lines: string[]) => bed.board.write(utf8(lines.map((line) => `${line}\r\n`).join("")));
  return {
    app,
    recorded,
    print,
    clock: bed.clock,
    pass: (ms: number) => sleep(bed.clock, ms),
    half: (text: string) => bed.board.write(utf8(text)),
    evidence: () => eventsOf(events, "boot-seen").map(({ evidence, text }) => `${evidence}: ${text}`),
    /** Logs as an application does that does not know of its end. */
    logFor: async (ms: number, everyMs: number) => {
      for (let line = 0; line * everyMs < ms; line += 1) {
        await print(`[00:00:0${line % 10}] <inf> sensor: sample ${line}`);
        await sleep(bed.clock, everyMs);
      }
    },
  };
}

describe("a board whose boots show in its log", () => {
  async function talking() {
    const bed = board();
    await bed.print(BANNER, STARTING, "hello");
    await bed.recorded.untilUp(0, LIMIT_MS);
    return bed;
  }

  test.each([
    ["once a second", 1000],
    ["ten times a second", 100],
    ["two thousand times a second", 0.5],
  ])("is not up while its old application answers and logs %s", async (_, everyMs) => {
    const { recorded, logFor, print, pass, evidence } = await talking();
    const resetUs = await recorded.reset();
    const waiting = recorded.untilUp(resetUs, LIMIT_MS);
    await logFor(250, everyMs);
    await print(BANNER, STARTING);
    const bootUs = recorded.nowUs;
    await pass(300);
    await print("I: hello again");
    const seen = await waiting;
    expect(seen).toMatchObject({ ending: "up", boots: 1, evidence: { kind: "banner", text: BANNER } });
    expect(seen.upUs).toBeGreaterThan(bootUs + 300_000);
    expect(evidence()).toEqual([`banner: ${BANNER}`]);
  });

  test("is seen to boot when the reset came in the middle of a line", async () => {
    const { recorded, half, print, pass } = await talking();
    const waiting = recorded.untilUp(await recorded.reset(), LIMIT_MS);
    await pass(250);
    await half(`[00:00:01.234] <inf> sensor: sam${BANNER}\r\n`);
    await print("I: hello again");
    expect(await waiting).toMatchObject({ ending: "up", evidence: { kind: "banner" } });
  });

  test("is not taken to have booted for the swap table that its application prints", async () => {
    const { recorded, print, pass } = await talking();
    const waiting = recorded.untilUp(await recorded.reset(), LIMIT_MS);
    await print("<inf> mcuboot_util: Image index: 0, Swap type: none");
    await pass(5000);
    const bootUs = recorded.nowUs;
    await print(BANNER, "I: hello again");
    expect((await waiting).upUs).toBeGreaterThan(bootUs);
  });

  test("is a void case, not a verdict, when it answers on and no boot is ever seen", async () => {
    const { recorded, logFor } = await talking();
    const waiting = recorded.untilUp(await recorded.reset(), 20_000).catch((error: unknown) => error);
    await logFor(21_000, 500);
    const error = await waiting;
    expect(isVoid(error)).toBe(true);
    expect(String(error)).toContain("dk answered the reset command and answers on, and no boot was seen on");
  });

  test("that waits in serial recovery is said to", async () => {
    const { recorded, app, print } = await talking();
    const waiting = recorded.untilUp(await recorded.reset(), LIMIT_MS);
    app.answers = false;
    await print(STARTING, "I: Enter the serial recovery mode");
    expect((await waiting).because).toContain(
      'the bootloader waits in serial recovery ("I: Enter the serial recovery mode")',
    );
  });
});

describe("a board that shows nothing of its boots", () => {
  test("is believed by its image list, when that is another one than before the reset", async () => {
    const { recorded, app, pass, evidence } = board();
    const resetUs = await recorded.reset();
    const waiting = recorded.untilUp(resetUs, LIMIT_MS);
    await pass(3000);
    app.version = "2.0.0";
    const seen = await waiting;
    expect(seen).toMatchObject({ ending: "up", evidence: { kind: "slots" } });
    expect((seen.upUs ?? 0) - resetUs).toBeGreaterThan(3_000_000);
    expect(evidence()[0]).toContain("0/0 2.0.0");
  });

  test("is believed by a count that began anew", async () => {
    const { recorded, app, pass, clock } = board({ uptime: true });
    await pass(60_000);
    const waiting = recorded.untilUp(await recorded.reset(), LIMIT_MS);
    await pass(2500);
    app.bornUs = clock.nowUs();
    const seen = await waiting;
    expect(seen.evidence).toMatchObject({
      kind: "uptime",
      text: expect.stringContaining("shell: kernel uptime began anew"),
    });
    expect(seen.upUs).toBeGreaterThan(app.bornUs);
  });

  test("is believed after a silence in which it was asked three times", async () => {
    const { recorded, app, pass } = board();
    const waiting = recorded.untilUp(await recorded.reset(), LIMIT_MS);
    await pass(900);
    app.isDown = true;
    await pass(5000);
    app.isDown = false;
    expect((await waiting).evidence?.kind).toBe("silence");
  });

  test("is believed by time alone ten seconds after the reset, and not before", async () => {
    const { recorded, logFor } = board();
    const resetUs = await recorded.reset();
    const waiting = recorded.untilUp(resetUs, LIMIT_MS);
    await logFor(12_000, 100);
    const seen = await waiting;
    expect(seen.evidence?.kind).toBe("time");
    expect((seen.upUs ?? 0) - resetUs).toBeGreaterThan(10_000_000);
  });
});

describe("a board that was without power", () => {
  test("needs no other sign", async () => {
    const { recorded, evidence } = board();
    const seen = await recorded.cycle(LIMIT_MS);
    expect(seen).toMatchObject({ ending: "up", evidence: { kind: "power" } });
    expect(evidence()).toEqual(["power: power was off, and came back"]);
  });
});
