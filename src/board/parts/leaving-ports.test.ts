import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { BenchError, RealClock, sleep, utf8, VirtualClock } from "../../core/index.ts";
import type { PortOpener, PowerSwitch } from "../../power/index.ts";
import {
  type MemoryLink,
  memoryLinks,
  openPty,
  openSerialPort,
  type PortInfo,
  resolvePort,
} from "../../serial/index.ts";
import { parseProfile } from "../profile/profile.ts";
import { assembleBoard } from "./assemble.ts";

const file = fileURLToPath(new URL("../../boards/x.yaml", import.meta.url));
const profile = (app: string, cuts: "soc" | "board") => `schema: 1
name: dk
provider: hardware
ports: { app: { jlink: "1050012345", interface: 2${app} } }
power: { driver: lcus, port: { path: relay }, channel: 1, contact: NO, cuts: ${cuts} }
slots:
  primary: { offset: 0x10000, bytes: 0x74000 }
  secondary: { offset: 0x84000, bytes: 0x74000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
timeouts_ms: { boot: 4000 }
`;

/** A board whose application port goes with its power: every opening gives another one. */
async function bench(options: { readonly app?: string; readonly cuts?: "soc" | "board" } = {}) {
  const clock = new VirtualClock();
  const devices: MemoryLink[] = [];
  const state = { away: false };
  const links: PortOpener = {
    open: async (port) => {
      if ("path" in port) return memoryLinks({ clock, names: ["relay", "coil"] })[0];
      if (state.away) throw new BenchError("no interface 2 of J-Link 1050012345.");
      const [host, device] = memoryLinks({ clock, names: [`/dev/ttyACM${devices.length}`, "board"] });
      devices.push(device);
      return host;
    },
  };
  const { app = "", cuts = "board" } = options;
  const board = await assembleBoard(parseProfile(profile(app, cuts), file), { clock, links });
  /** What a cable that is pulled does. */
  const unplug = () => {
    state.away = true;
    devices.at(-1)?.peer?.vanish();
  };
  return { clock, board, devices, state, unplug };
}

describe("ports that go with the board's power", () => {
  test("leave a switch all that it can do: a meter's current still comes through", async () => {
    const clock = new VirtualClock();
    const links: PortOpener = { open: async () => memoryLinks({ clock })[0] };
    const power: PowerSwitch = {
      facts: { cuts: "board", readsBack: true, latency: "ms" },
      set: async () => ({ sentAtUs: clock.nowUs() }),
      read: async () => "on",
      current: { onSamples: () => () => undefined },
      arm: async () => ({ made: new Promise(() => undefined), disarm: async () => undefined }),
      [Symbol.asyncDispose]: async () => undefined,
    };
    await using board = await assembleBoard(parseProfile(profile("", "board"), file), { clock, links, power });
    expect(board.power).not.toBe(power);
    expect(board.power.current).toBe(power.current);
    expect(Object.keys(board.power).toSorted()).toEqual(Object.keys(power).toSorted());
  });

  test("are open again, whatever their path, before the switch answers that power is on", async () => {
    const { clock, board, devices, state, unplug } = await bench();
    await using _board = board;
    await devices[0]?.write(utf8("before\r\n"));
    await board.power.set("off");
    unplug();
    await sleep(clock, 500);
    const before = clock.nowUs();
    clock.at(clock.nowUs() + 1_500_000, () => {
      state.away = false;
    });
    const { sentAtUs } = await board.power.set("on");
    expect(sentAtUs).toBe(before);
    expect(board.portsBackUs?.()).toBeGreaterThanOrEqual(before + 1_500_000);
    await devices[1]?.write(utf8("after\r\n"));
    await sleep(clock, 10);
    expect(board.logs.app.since(0).map(({ text }) => text)).toEqual(["before", "after"]);
    expect(devices).toHaveLength(2);
  });

  test("that do not come back are the bench's failure, with what is there instead", async () => {
    const { board, unplug } = await bench();
    await using _board = board;
    await board.power.set("off");
    unplug();
    await expect(board.power.set("on")).rejects.toThrow(
      "waited 4000 ms for /dev/ttyACM0 to come back. no interface 2 of J-Link 1050012345",
    );
  });

  test("that vanish without a cut end the board's UART with that error, and power still comes on", async () => {
    const { clock, board, unplug } = await bench();
    await using _board = board;
    const ended: unknown[] = [];
    board.uart.onEnd((reason) => ended.push(reason));
    unplug();
    await sleep(clock, 10);
    expect(ended).toEqual([expect.objectContaining({ message: expect.stringContaining("/dev/ttyACM0 vanished") })]);
    await board.power.set("off");
    await board.power.set("on");
    await expect(board.uart.write(utf8("x"))).rejects.toThrow("vanished");
  });

  test("are those of a switch that cuts the board, unless the profile says otherwise", async () => {
    const kinds = [
      [{ cuts: "board" }, true],
      [{ cuts: "soc" }, false],
      [{ cuts: "soc", app: ", reopen: true" }, true],
      [{ cuts: "board", app: ", reopen: false" }, false],
    ] as const;
    for (const [options, reopens] of kinds) {
      const { clock, board, unplug } = await bench(options);
      await using _board = board;
      let ended = false;
      board.uart.onEnd(() => {
        ended = true;
      });
      await board.power.set("off");
      unplug();
      await sleep(clock, 10);
      expect({ ...options, reopens: !ended }).toEqual({ ...options, reopens });
    }
  });
});

test("a pseudo-terminal that returns under another path is found by its probe, and log and SMP port go on", async () => {
  const clock = new RealClock();
  const folder = mkdtempSync(join(tmpdir(), "hil-leaving-"));
  const ports: PortInfo[] = [];
  let plugged = await plug("ttyACM0");
  await using _closing = { [Symbol.asyncDispose]: () => unplug() };
  async function plug(name: string) {
    const { link, path } = await openPty({ clock });
    symlinkSync(path, join(folder, name));
    ports.push({ path: join(folder, name), serial: "1050012345", interface: 2 });
    return link;
  }
  async function unplug() {
    for (const { path } of ports.splice(0)) rmSync(path);
    await plugged[Symbol.asyncDispose]();
  }
  const links: PortOpener = {
    open: async (port, line) => {
      if ("path" in port) return memoryLinks({ clock, names: ["relay", "coil"] })[0];
      return openSerialPort(await resolvePort(port, { ports }), { ...line, clock });
    },
  };
  await using board = await assembleBoard(parseProfile(profile("", "board"), file), { clock, links });
  const heard: string[] = [];
  board.uart.onLine(({ text }) => heard.push(text));
  const line = (text: string) =>
    new Promise<void>((resolve) => {
      const stop = board.uart.onLine((seen) => {
        if (seen.text !== text) return;
        stop();
        resolve();
      });
    });
  const first = line("before");
  await plugged.write(utf8("before\r\n"));
  await first;
  await board.power.set("off");
  await unplug();
  plugged = await plug("ttyACM7");
  await board.power.set("on");
  const second = line("after");
  await plugged.write(utf8("after\r\n"));
  await second;
  expect(heard).toEqual(["before", "after"]);
}, 30_000);
