// A campaign in which the cutter's real program (MicroPython) takes the simulated board's power away: it listens to the
// board's TX line, and its drive pin is the board's supply.
import { describe, expect, test } from "@jest/globals";
import { makeTwin } from "../../board/index.ts";
import { assembleBoard } from "../../board/testing/assembled.ts";
import { type Clock, sleep, VirtualClock } from "../../core/index.ts";
import { CutterBench } from "../../power/testing/cutter/bench.ts";
import { type Link, memoryLinks } from "../../serial/index.ts";
import type { Twin } from "../../twin/index.ts";
import { type Edit, eventsOf, smallProfile, smallRun, smallScenario } from "../testing/small-campaign.ts";

const WITH_CUTTER: readonly Edit[] = [
  ["provider: twin", "provider: hardware"],
  ['"twin:app"', "/dev/app"],
  ["twin: { faults: [] }\n", ""],
  [/power: .*/, "power: { driver: cutter, port: { path: /dev/cutter }, pin: 15, on_level: 1, cuts: soc, off_ms: 200 }"],
];

type Open = NonNullable<NonNullable<Parameters<typeof smallRun>[0]>["open"]>;

/** The twin, with a Pico in its supply instead of a relay. */
function benchWithCutter(options: { readonly deaf?: boolean; readonly lateMs?: number } = {}) {
  const pins: { level: number; atUs: number }[] = [];
  const open: Open = async (loaded, { random }) => {
    const clock = new VirtualClock();
    const [appHost, app] = memoryLinks({ clock });
    const [usbHost, usb] = memoryLinks({ clock });
    const [, relay] = memoryLinks({ clock });
    const tx: Link = {
      name: app.name,
      chunks: app.chunks,
      write: (bytes, signal) => {
        if (!options.deaf) pico.fromBoard(bytes);
        return app.write(bytes, signal);
      },
      [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
    };
    let board: Twin | undefined;
    const onPin = (level: number) => {
      pins.push({ level, atUs: clock.nowUs() });
      if (level === 1) board?.machine.powerOn();
      else board?.machine.powerOff();
    };
    const pico = await CutterBench.start({ clock, link: usb, onPin, firstTicks: 2 ** 30 - 2_000_000 });
    const twin = makeTwin(smallProfile(), { clock, random, links: { app: tx, relay } });
    board = twin;
    return assembleBoard(loaded, {
      clock,
      links: {
        open: async (port) =>
          "path" in port && port.path === "/dev/app" ? later(appHost, clock, options.lateMs ?? 0) : usbHost,
      },
      flasher: { programPrimary: async (image) => twin.programPrimary(image) },
      check: () => twin.check(),
      backend: {
        async [Symbol.asyncDispose]() {
          await twin[Symbol.asyncDispose]();
          await pico[Symbol.asyncDispose]();
        },
      },
    });
  };
  return { open, pins };
}

/** The same link, whose bytes come as late as over a busy USB. */
function later(link: Link, clock: Clock, lateMs: number): Link {
  const late = async function* () {
    for await (const { bytes } of link.chunks) {
      await sleep(clock, lateMs);
      yield { atUs: clock.nowUs(), bytes };
    }
  };
  return lateMs === 0 ? link : { ...bound(link), chunks: late() };
}

function bound(link: Link) {
  return {
    name: link.name,
    write: (bytes: Uint8Array, signal?: AbortSignal) => link.write(bytes, signal),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}

describe("a campaign with a cutter in the board's supply", () => {
  test("cuts at operations are armed on the device, which tells when it cut", async () => {
    const { open } = benchWithCutter();
    const scenario = smallScenario(["{ count: 4 }", "{ operations: [[0], [5.5], [17], [30, 4]] }"]);
    const { result, events, error } = await smallRun({ scenario, board: smallProfile(...WITH_CUTTER), open });
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ outcome: "pass", cutsPlanned: 4, cutsJudged: 4 });
    const cuts = eventsOf(events, "cut").map(({ facts }) => facts);
    expect(cuts).toHaveLength(4);
    for (const { own, planned, offSentUs, cutUs, lastByteUs = 0 } of cuts) {
      if (planned.kind !== "log") throw new Error(`no log moment: ${planned.kind}`);
      expect((own?.cutUs ?? 0) - (own?.matchUs ?? 0)).toBe(planned.delayUs + (own?.lateUs ?? 0));
      expect(own?.lateUs).toBeLessThan(50);
      expect(offSentUs).toBe(own?.cutUs);
      expect(lastByteUs).toBeLessThanOrEqual(cutUs + 1000);
    }
  });

  test("a host that hears the board milliseconds late knows the cut's place all the same", async () => {
    const scenario = smallScenario(["{ count: 4 }", "{ operations: [[5.5], [17], [23.5]] }"]);
    const board = smallProfile(...WITH_CUTTER, ["off_ms: 200", "off_ms: 200, hold_up_ms: 10"]);
    const { result, events } = await smallRun({ scenario, board, open: benchWithCutter({ lateMs: 4 }).open });
    expect(result).toMatchObject({ outcome: "pass", cutsJudged: 3 });
    const places = eventsOf(events, "verdict").flatMap(({ verdict }) => (verdict.cut ? [verdict.where] : []));
    expect(places.map((where) => /^operation (\d+)/.exec(where ?? "")?.[1])).toEqual(["5", "17", "23"]);
  });

  test("cuts after so many milliseconds are made by the device's clock", async () => {
    const { open, pins } = benchWithCutter();
    const scenario = smallScenario(["{ count: 4 }", "{ at_ms: [250.5, 700] }"]);
    const { result, events } = await smallRun({ scenario, board: smallProfile(...WITH_CUTTER), open });
    expect(result.outcome).toBe("pass");
    for (const { facts } of eventsOf(events, "cut")) {
      const { planned, own, resetAnsweredUs } = facts;
      const dueUs = resetAnsweredUs + (planned.kind === "time" ? planned.afterResetUs : 0);
      expect(own?.matchUs).toBeUndefined();
      const pin = pins.find(({ level, atUs }) => level === 0 && Math.abs(atUs - dueUs) < 1000);
      expect(Math.abs((pin?.atUs ?? 0) - dueUs)).toBeLessThan(500);
    }
  });

  test("a pattern that no literal bytes can say is waited for by the host, and still cut", async () => {
    const { open } = benchWithCutter();
    const scenario = smallScenario(["{ count: 4 }", "{ on: ['[Ss]tarting swap+3'] }"]);
    const { result, events } = await smallRun({ scenario, board: smallProfile(...WITH_CUTTER), open });
    expect(result.outcome).toBe("pass");
    expect(eventsOf(events, "cut").map(({ facts }) => facts.own)).toEqual([undefined]);
  });

  test("a cutter whose RX wire is off ends the run as a fault of the bench, and power is on", async () => {
    const { open, pins } = benchWithCutter({ deaf: true });
    const scenario = smallScenario(["{ count: 4 }", "{ on: ['Starting swap+3'] }"]);
    const hurried: Edit = ["keys:", "timeouts_ms: { boot: 2000, swap: 3000 }\nkeys:"];
    const { result, error } = await smallRun({ scenario, board: smallProfile(...WITH_CUTTER, hurried), open });
    expect(result.outcome).toBe("error");
    expect(String(error)).toMatch(/Starting swap/);
    expect(pins.at(-1)?.level).toBe(1);
  });
});
