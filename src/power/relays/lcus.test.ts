import { describe, expect, test } from "@jest/globals";
import { fromHex, hex, sleep, VirtualClock } from "../../core/index.ts";
import { type MemoryLink, memoryLinks } from "../../serial/index.ts";
import { type Contact, energised, LcusDevice, type LcusVariant, lcus, type PowerState } from "../index.ts";
import { type PowerRig, powerSwitchContract } from "../testing/contract.ts";
import { LCUS_SPACING_MS } from "./lcus-frames.ts";

interface LcusRig extends PowerRig {
  readonly device: LcusDevice;
  readonly wire: { readonly atUs: number; readonly bytes: string }[];
  readonly host: MemoryLink;
  readonly opened: { readonly baudRate: number; readonly port: unknown }[];
}

/** A relay board on a line of 9600 baud, with the supply on channel 2. It decodes the driver's real bytes. */
async function rig(
  options: { contact?: Contact; variant?: LcusVariant; answers?: (answer: Uint8Array) => Uint8Array[] } = {},
): Promise<LcusRig> {
  const { contact = "NO", variant = "write-only", answers = (answer) => [answer] } = options;
  const clock = new VirtualClock();
  const [host, far] = memoryLinks({ clock, baudRate: 9600 });
  const history: PowerState[] = [];
  const wire: { atUs: number; bytes: string }[] = [];
  const device = new LcusDevice({
    channels: 4,
    variant,
    onChange: ({ channel, energised: now }) => {
      if (channel === 2) history.push(now === energised("on", contact) ? "on" : "off");
    },
  });
  const served = (async () => {
    for await (const { atUs, bytes } of far.chunks) {
      wire.push({ atUs, bytes: hex(bytes) });
      for (const piece of answers(device.feed(bytes))) if (piece.length > 0) await far.write(piece);
    }
  })().catch(() => {});
  const opened: LcusRig["opened"] = [];
  const links = {
    open: async (port: unknown, { baudRate }: { baudRate: number }) => {
      opened.push({ port, baudRate });
      return host;
    },
  };
  const port = { path: "mem:relay" };
  const power = await lcus.open({ port, channel: 2, contact, cuts: "soc", variant }, { links, clock });
  return {
    power,
    clock,
    device,
    wire,
    host,
    opened,
    supply: async () => (device.energised(2) === energised("on", contact) ? "on" : "off"),
    history: async () => history,
    async [Symbol.asyncDispose]() {
      await power[Symbol.asyncDispose]();
      await far[Symbol.asyncDispose]();
      await served;
    },
  };
}

powerSwitchContract("lcus", { open: () => rig(), readsBack: false });
powerSwitchContract("lcus, normally closed", { open: () => rig({ contact: "NC" }), readsBack: false });
for (const variant of ["a", "b", "c"] as const) {
  powerSwitchContract(`lcus, firmware ${variant}`, { open: () => rig({ variant }), readsBack: true });
}
powerSwitchContract("lcus, firmware b, normally closed", {
  open: () => rig({ variant: "b", contact: "NC" }),
  readsBack: true,
});

describe("the lcus driver", () => {
  test("sends the bytes of the seller's sheet, at 9600 baud", async () => {
    await using bench = await rig();
    await bench.power.set("on");
    await bench.power.set("off");
    expect(bench.wire.map(({ bytes }) => bytes)).toEqual(["a00201a3", "a00200a2"]);
    expect(bench.opened).toEqual([{ port: { path: "mem:relay" }, baudRate: 9600 }]);
  });

  test("energises the coil for off on a normally closed contact", async () => {
    await using bench = await rig({ contact: "NC" });
    await bench.power.set("off");
    expect(bench.device.energised(2)).toBe(true);
  });

  test("never delays the first frame, and spaces the later ones by 50 ms", async () => {
    await using bench = await rig();
    const calledAtUs = bench.clock.nowUs();
    await Promise.all([bench.power.set("off"), bench.power.set("on"), bench.power.set("off")]);
    const arrivals = bench.wire.map(({ atUs }) => atUs);
    const frameUs = Math.ceil((4 * 10 * 1_000_000) / 9600);
    expect(arrivals[0]).toBe(calledAtUs + frameUs);
    const gaps = arrivals.slice(1).map((atUs, index) => atUs - (arrivals[index] ?? 0));
    expect(gaps).toEqual([LCUS_SPACING_MS * 1000 + frameUs, LCUS_SPACING_MS * 1000 + frameUs]);
  });

  test("does not delay a cut that comes long after the frame before it", async () => {
    await using bench = await rig();
    await bench.power.set("on");
    await sleep(bench.clock, 5000);
    const calledAtUs = bench.clock.nowUs();
    const { sentAtUs } = await bench.power.set("off");
    expect(sentAtUs - calledAtUs).toBe(Math.ceil((4 * 10 * 1_000_000) / 9600));
  });

  test("sends nothing when it is given up while it keeps its distance", async () => {
    await using bench = await rig();
    await bench.power.set("on");
    const stop = new AbortController();
    const cut = bench.power.set("off", { signal: stop.signal });
    bench.clock.at(bench.clock.nowUs() + 10_000, () => stop.abort(new Error("Ctrl-C")));
    await expect(cut).rejects.toThrow("Ctrl-C");
    await sleep(bench.clock, 1000);
    expect(bench.wire).toHaveLength(1);
  });

  test("writes no other op than 00 and 01 unless the firmware is named", async () => {
    await using bench = await rig();
    for (const state of ["on", "off", "on"] as const) await bench.power.set(state);
    expect(bench.wire.every(({ bytes }) => /^a002(01a3|00a2)$/.test(bytes))).toBe(true);
    expect(bench.power).toHaveProperty("read", undefined);
  });

  test.each([
    ["a", "ff"],
    ["b", "a00205a7"],
    ["c", "a00202a4"],
  ] as const)("asks firmware %s with %s", async (variant, question) => {
    await using bench = await rig({ variant });
    await bench.power.read?.();
    expect(bench.wire.at(-1)?.bytes).toBe(question);
  });

  test("reads unknown when no answer comes within 150 ms", async () => {
    await using bench = await rig({ variant: "b", answers: () => [] });
    const beforeUs = bench.clock.nowUs();
    expect(await bench.power.read?.()).toBe("unknown");
    expect(bench.clock.nowUs() - beforeUs).toBeLessThanOrEqual(160_000);
  });

  test("reads an answer that comes in pieces", async () => {
    const byBytes = (answer: Uint8Array) => Array.from(answer, (byte) => Uint8Array.of(byte));
    for (const variant of ["a", "b", "c"] as const) {
      await using bench = await rig({ variant, answers: byBytes });
      await bench.power.set("on");
      expect(await bench.power.read?.()).toBe("on");
    }
  });

  test("does not take an answer about another channel, or a damaged one, for its own", async () => {
    for (const wrong of [fromHex("a00101a2"), fromHex("a00201a4"), fromHex("0000")]) {
      await using bench = await rig({ variant: "b", answers: (answer) => (answer.length > 0 ? [wrong] : []) });
      expect(await bench.power.read?.()).toBe("unknown");
    }
  });

  test("fails as a bench error when the relay board is unplugged, in setting and in asking", async () => {
    await using bench = await rig({ variant: "b", answers: () => [] });
    const asked = bench.power.read?.();
    bench.clock.at(bench.clock.nowUs() + 30_000, () => bench.host.vanish());
    await expect(asked).rejects.toMatchObject({ kind: "bench" });
    await expect(bench.power.set("on")).rejects.toMatchObject({ kind: "bench" });
  });

  test.each([
    [{ channel: 9 }, /channel/],
    [{ contact: undefined }, /contact is missing; say how the board is wired/],
    [{ contact: "nc" }, /contact/],
    [{ port: { jlink: 1_050_012_345, interface: 2 } }, /quotes/],
    [{ port: { jlink: "12x", interface: 2 } }, /1 to 12 digits/],
    [{ port: { jlink: "12", interface: 1 } }, /multiple/],
    [{ chanel: 1 }, /chanel/],
  ])("refuses the options %j", async (wrong, text) => {
    const right = { port: { path: "x" }, channel: 1, contact: "NO", cuts: "soc" };
    const links = { open: () => Promise.reject(new Error("opened")) };
    const opened = lcus.openFrom({ ...right, ...wrong }, { links, clock: new VirtualClock() });
    await expect(opened).rejects.toMatchObject({ kind: "configuration", message: expect.stringMatching(text) });
  });
});
