import { describe, expect, test } from "@jest/globals";
import { Random, sleep, VirtualClock } from "../core/index.ts";
import { type BuildRecovery, generation, RECOVERY_WAYS, type RecoveryWay } from "../mcuboot/index.ts";
import { smallBuild, smallImage } from "../mcuboot/testing/small-board.ts";
import { memoryLinks, Uart } from "../serial/index.ts";
import { consoleEcho, type Framing, framingRow, SmpClient, SmpSession } from "../smp/index.ts";
import { Twin } from "./twin.ts";

const factory = smallImage("0.1.0", 20_000, false).plain;
const update = smallImage("0.2.0", 21_000, false).plain;
const ENTERED = "I: Enter the serial recovery mode";
const UP_MS = 3_000;

interface Options {
  readonly ways: readonly RecoveryWay[];
  readonly presses?: "button" | "pin-reset";
  readonly recovery?: Partial<BuildRecovery>;
  readonly release?: string;
  readonly framing?: Framing;
}

/** A board on channel 1 of a relay, whose button or reset pin is on channel 2. */
async function bench(options: Options) {
  const { ways, presses = "button", release = "current", framing = "console" } = options;
  const clock = new VirtualClock();
  const [host, app] = memoryLinks({ clock });
  const [relayHost, relay] = memoryLinks({ clock, baudRate: 9600 });
  const twin = new Twin({
    clock,
    random: Random.fromSeed(1),
    links: { app, relay },
    build: {
      ...smallBuild({ encrypted: false }),
      generation: generation(release),
      recovery: { ways: new Set(ways), waitMs: 500, ...options.recovery },
    },
    factoryImage: factory,
    wiring: { channel: 1, contact: "NC" },
    presses: { channel: 2, contact: "NO", what: presses },
    baudRate: 115_200,
    smp: { bufferBytes: 1024, bufferCount: 4, framing },
    faults: [],
  });
  const uart = Uart.open(host, { clock });
  const lines: string[] = [];
  uart.onLine((line) => lines.push(line.text));
  const client = new SmpClient(new SmpSession(framingRow(framing).open(uart, { clock }), { clock }));
  await sleep(clock, UP_MS);
  const frame = (channel: number, op: number) => Uint8Array.of(0xa0, channel, op, (0xa0 + channel + op) & 0xff);
  const relays = async (channel: number, energised: boolean) => {
    await relayHost.write(frame(channel, energised ? 1 : 0));
    await sleep(clock, 100);
  };
  return {
    clock,
    twin,
    client,
    lines,
    power: (state: "on" | "off") => relays(1, state === "off"),
    press: (held: boolean) => relays(2, held),
    /** Lines of the last start, from MCUboot's first one on. */
    lastStart: () => lines.slice(lines.lastIndexOf("I: Starting bootloader")),
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

type Bed = Awaited<ReturnType<typeof bench>>;

/** What somebody does at a board for each way in. */
const ACTS: Record<RecoveryWay, (bed: Bed) => Promise<void>> = {
  button: async (bed) => {
    await bed.power("off");
    await bed.press(true);
    await bed.power("on");
  },
  "pin-reset": async (bed) => {
    await bed.press(true);
    await bed.press(false);
  },
  "boot-mode": (bed) => bed.client.reset({ bootMode: 1 }),
  wait: async (bed) => {
    await bed.power("off");
    await bed.power("on");
    await bed.client.session.request(consoleEcho, { echo: 0 }, { timeoutMs: 150, retries: 9 });
  },
  "no-application": async (bed) => {
    bed.twin.programPrimary(new Uint8Array(64));
    await bed.power("off");
    await bed.power("on");
  },
};

const ALL = RECOVERY_WAYS.map(({ name }) => name);

describe.each(ALL)("serial recovery by %s", (way) => {
  const presses = way === "pin-reset" ? "pin-reset" : "button";

  test("is entered by a bootloader that is built with it, which then answers as recovery does", async () => {
    await using bed = await bench({ ways: [way], presses });
    await ACTS[way](bed);
    await sleep(bed.clock, UP_MS);
    expect(await bed.client.dialect()).toBe("mcuboot recovery");
    bed.twin.check();
  });

  test("is not entered by a bootloader that is built with all the other ways", async () => {
    await using bed = await bench({ ways: ALL.filter((name) => name !== way), presses });
    await ACTS[way](bed).catch(() => undefined);
    await sleep(bed.clock, UP_MS);
    // One that waits takes any request for a reason to stay: its log is asked, not the board.
    expect(bed.lines).not.toContain(ENTERED);
    bed.twin.check();
  });
});

test("a button that is let go before the start, or pressed while the application runs, enters nothing", async () => {
  await using bed = await bench({ ways: ["button"] });
  await bed.power("off");
  await bed.press(true);
  await bed.press(false);
  await bed.power("on");
  await sleep(bed.clock, UP_MS);
  await bed.press(true);
  await sleep(bed.clock, UP_MS);
  expect(await bed.client.dialect()).toBe("application");
  expect(bed.lines).not.toContain(ENTERED);
});

test("a held button leaves an interrupted swap as it is; the next start takes it up", async () => {
  await using bed = await bench({ ways: ["button"] });
  await bed.client.upload(update);
  const { images } = await bed.client.imageState();
  await bed.client.setImageState({ hash: images[1]?.hash ?? new Uint8Array(), confirm: false });
  await bed.client.reset();
  await sleep(bed.clock, 2_000);
  expect(bed.lastStart().at(-1)).toContain("Starting swap");
  await ACTS.button(bed);
  await sleep(bed.clock, UP_MS);
  expect(bed.lastStart()).toEqual(["I: Starting bootloader", ENTERED]);
  await bed.press(false);
  await bed.client.reset();
  await sleep(bed.clock, 20_000);
  expect(bed.lines.some((line) => line.includes("Boot source: primary slot"))).toBe(true);
  expect((await bed.client.imageState()).images[0]).toMatchObject({ version: "0.2.0", active: true });
});

test("boot mode is looked at after the images: what was asked for is swapped first, and nothing is started", async () => {
  await using bed = await bench({ ways: ["boot-mode"] });
  await bed.client.upload(update);
  await bed.client.setImageState({
    hash: (await bed.client.imageState()).images[1]?.hash ?? new Uint8Array(),
    confirm: false,
  });
  await bed.client.reset({ bootMode: 1 });
  await sleep(bed.clock, 20_000);
  const start = bed.lastStart();
  expect(start.some((line) => line.includes("Starting swap"))).toBe(true);
  expect(start.at(-1)).toBe(ENTERED);
  expect(start.some((line) => line.includes("Jumping"))).toBe(false);
});

test("without an image it says so, then enters; an upload and a reset bring the board back", async () => {
  await using bed = await bench({ ways: ["no-application"] });
  await ACTS["no-application"](bed);
  await sleep(bed.clock, UP_MS);
  expect(bed.lastStart().slice(-2)).toEqual(["E: Unable to find bootable image", ENTERED]);
  await bed.client.upload(update);
  await bed.client.reset();
  await sleep(bed.clock, UP_MS);
  expect((await bed.client.imageState()).images[0]).toMatchObject({ version: "0.2.0", active: true });
});

test("one that waits for requests starts the application when none comes, and stays for one that came early", async () => {
  await using bed = await bench({ ways: ["wait"] });
  const jumped = bed.lines.findIndex((line) => line.includes("Jumping"));
  expect(jumped).toBeGreaterThan(0);
  expect(await bed.client.dialect()).toBe("application");
  await bed.power("off");
  await bed.power("on");
  // Sent while the images are still checked.
  expect(await bed.client.dialect()).toBe("mcuboot recovery");
  await sleep(bed.clock, UP_MS);
  expect(await bed.client.dialect()).toBe("mcuboot recovery");
});

describe("serial recovery that ends when nothing comes (CONFIG_BOOT_SERIAL_INACTIVITY_TIMEOUT)", () => {
  const idle = { inactivityMs: 2_000 };

  test.each(["boot-mode", "wait"] as const)(
    "entered by %s resets the board after so long without a command",
    async (way) => {
      await using bed = await bench({ ways: [way], recovery: idle });
      await ACTS[way](bed);
      await sleep(bed.clock, 1_500);
      // A command starts the time anew.
      expect(await bed.client.dialect()).toBe("mcuboot recovery");
      await sleep(bed.clock, 1_500);
      expect(bed.lastStart().some((line) => line.includes("Jumping"))).toBe(false);
      await sleep(bed.clock, 1_000 + UP_MS);
      expect(bed.lastStart().some((line) => line.includes("Jumping"))).toBe(true);
      expect(await bed.client.dialect()).toBe("application");
      bed.twin.check();
    },
  );

  test("entered otherwise, or without the option, stays", async () => {
    for (const [ways, recovery] of [
      ["button", idle],
      ["boot-mode", {}],
    ] as const) {
      await using bed = await bench({ ways: [ways], recovery });
      await ACTS[ways](bed);
      await sleep(bed.clock, 60_000);
      expect(await bed.client.dialect()).toBe("mcuboot recovery");
    }
  });
});

test("recovery tells its buffer where its generation can be built so, and is", async () => {
  for (const [release, recovery, known] of [
    ["current", {}, true],
    ["current", { tellsBuffer: false }, false],
    ["2.3.0", {}, false],
    ["ncs-main", {}, false],
  ] as const) {
    await using bed = await bench({ ways: ["boot-mode"], release, recovery });
    await ACTS["boot-mode"](bed);
    await sleep(bed.clock, UP_MS);
    expect([release, (await bed.client.params()).known]).toEqual([release, known]);
  }
});

test.each(["raw", "cobs"] as const)("recovery and application speak %s on a line without a log", async (framing) => {
  await using bed = await bench({ ways: ["boot-mode"], framing });
  expect(await bed.client.dialect()).toBe("application");
  await ACTS["boot-mode"](bed);
  await sleep(bed.clock, UP_MS);
  expect(await bed.client.dialect()).toBe("mcuboot recovery");
  await bed.client.upload(update, {});
  await bed.client.reset();
  await sleep(bed.clock, UP_MS);
  expect((await bed.client.imageState()).images.find(({ active }) => active)?.version).toBe("0.2.0");
  bed.twin.check();
});
