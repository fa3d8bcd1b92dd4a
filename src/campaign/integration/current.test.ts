// Cuts on the shape of the supply current: the simulated board behind a pretended Power Profiler Kit, which streams
// what a board would take while it swaps, and switches its supply.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { makeTwin } from "../../board/index.ts";
import { assembleBoard } from "../../board/testing/assembled.ts";
import { textOf, utf8, VirtualClock, viewOf } from "../../core/index.ts";
import { type Link, memoryLinks } from "../../serial/index.ts";
import { type Edit, eventsOf, smallProfile, smallRun, smallScenario } from "../testing/small-campaign.ts";

const WITH_PPK2: readonly Edit[] = [
  ["provider: twin", "provider: hardware"],
  ['"twin:app"', "/dev/app"],
  ["twin: { faults: [] }\n", ""],
  [
    /power: .*/,
    "power: { driver: ppk2, port: { path: /dev/ppk2 }, mode: source, voltage_mv: 3000, record: true, cuts: soc, off_ms: 200, cut_uncertainty_ms: 25 }",
  ],
];
const METADATA = "Calibrated: 0\nVDD: 3000\nHW: 9173\nmode: 2\nEND\n";
const BLOCK_MS = 10;
/** Steps of the ADC in range 3, about 57 µA each: idle, and while the flash works. */
const STEPS = { off: 0, idle: 40, swapping: 160 } as const;

type Open = NonNullable<NonNullable<Parameters<typeof smallRun>[0]>["open"]>;

/** A kit in the twin's supply: its current rises when the board says that it swaps. */
function benchWithKit(): { open: Open } {
  const open: Open = async (loaded, { random }) => {
    const clock = new VirtualClock();
    const [appHost, app] = memoryLinks({ clock });
    const [kitHost, kit] = memoryLinks({ clock });
    const [, relay] = memoryLinks({ clock });
    let [counter, steps, over]: [number, number, boolean] = [0, STEPS.idle, false];
    const tx: Link = {
      name: app.name,
      chunks: app.chunks,
      write: (bytes, signal) => {
        const text = textOf(bytes);
        if (text.includes("Starting swap")) steps = STEPS.swapping;
        if (text.includes("Jumping")) steps = STEPS.idle;
        return app.write(bytes, signal);
      },
      [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
    };
    const twin = makeTwin(smallProfile(), { clock, random, links: { app: tx, relay } });
    const stream = () => {
      if (over) return;
      const words = new Uint8Array(BLOCK_MS * 100 * 4);
      for (let at = 0; at < words.length; at += 4) {
        const adc = twin.machine.powered ? steps : STEPS.off;
        viewOf(words).setUint32(at, (adc | (3 << 14) | ((counter++ % 64) << 18)) >>> 0, true);
      }
      kit.write(words).catch(() => undefined);
      clock.at(clock.nowUs() + BLOCK_MS * 1000, stream);
    };
    const serve = async () => {
      for await (const { bytes } of kit.chunks) {
        if (bytes[0] === 0x19) await kit.write(utf8(METADATA));
        if (bytes[0] === 0x06) stream();
        if (bytes[0] === 0x07) over = counter > 0;
        if (bytes[0] !== 0x0c) continue;
        steps = STEPS.idle;
        if (bytes[1] === 1) twin.machine.powerOn();
        else twin.machine.powerOff();
      }
    };
    const served = serve();
    return assembleBoard(loaded, {
      clock,
      links: { open: async (port) => ("path" in port && port.path === "/dev/app" ? appHost : kitHost) },
      flasher: { programPrimary: async (image) => twin.programPrimary(image) },
      check: () => twin.check(),
      backend: {
        async [Symbol.asyncDispose]() {
          over = true;
          await kit[Symbol.asyncDispose]();
          await served;
          await twin[Symbol.asyncDispose]();
        },
      },
    });
  };
  return { open };
}

describe("a campaign with a PPK2 that records", () => {
  test("cuts when the current rises, is judged, and keeps what the board took", async () => {
    const scenario = smallScenario(["{ count: 4 }", "{ on: [{ current: rise, ma: 5, for_us: 2000, delay_ms: 150 }] }"]);
    const board = smallProfile(...WITH_PPK2);
    const { result, events, folder, error } = await smallRun({ scenario, board, ...benchWithKit() });
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ outcome: "pass", cutsPlanned: 1, cutsJudged: 1 });
    const [cut] = eventsOf(events, "cut");
    const announced = eventsOf(events, "boot-log").filter(
      ({ name, atUs }) => name === "starting swap" && atUs < (cut?.facts.cutUs ?? 0),
    );
    const afterMs = ((cut?.facts.cutUs ?? 0) - (announced.at(-1)?.atUs ?? 0)) / 1000;
    // Blocks come every 10 ms: what they show may be that old.
    expect(Math.abs(afterMs - 152)).toBeLessThan(25);

    const [header, ...lines] = readFileSync(join(folder, "current.csv"), "utf8").trimEnd().split("\n");
    expect(header).toBe("at_us,mean_ua,min_ua,max_ua,samples,lost");
    const rows = lines.map((line) => line.split(",").map(Number));
    expect(rows.length).toBeGreaterThan(1000);
    expect(rows.every(([, , , , samples, lost]) => samples === 100 && lost === 0)).toBe(true);
    const during = rows.filter(
      ([atUs = 0]) => atUs > (cut?.facts.cutUs ?? 0) + 30_000 && atUs < (cut?.facts.onSentUs ?? 0) - 15_000,
    );
    expect(during.length).toBeGreaterThan(100);
    expect(during.every(([, mean = 1]) => mean === 0)).toBe(true);
  });
});
