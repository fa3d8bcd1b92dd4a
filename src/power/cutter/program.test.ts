import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { concat, utf8 } from "../../core/index.ts";
import { CutterProgram } from "../testing/cutter/program.ts";
import { cutterTable } from "../testing/cutter/table.ts";
import { type CutterMessage, decodeCutterMessage, encodeCutterMessage, MESSAGE_BYTES_MAX } from "./messages.ts";
import { SlipPackets, slipFrame } from "./slip.ts";

const PIN = 15;
const LISTENING = 1;
const DARK = 3;
const SETUP = { pin: PIN, onLevel: 1, uart: 0, rxPin: 1, baudRate: 115_200, watchdogMs: 2000 };
const ARM = { cut: 7, pattern: utf8("Starting swap"), toLineEnd: 0, fromUs: 0, delayUs: 0, offMs: 0, limitMs: 60_000 };

/** The moment that a message names. */
function atOf(message: CutterMessage | undefined): number {
  if (message?.name === "done" || message?.name === "restored") return message.fields.atUs;
  throw new Error(`no moment in ${message?.name}`);
}

let running: CutterProgram | undefined;
afterEach(() => {
  running?.end();
  running = undefined;
});

/** A Pico with the real program, and a host that speaks to it by hand. */
async function bench(options: { firstTicks?: number; quiet?: boolean; onLevel?: 0 | 1 } = {}) {
  const program = await CutterProgram.start(options);
  running = program;
  const said: CutterMessage[] = [];
  const packets = new SlipPackets(MESSAGE_BYTES_MAX);
  program.onUsb = (bytes) => {
    for (const packet of packets.feed(bytes)) said.push(decodeCutterMessage(packet) as CutterMessage);
  };
  let number = 100;
  const tell = (name: string, fields: Record<string, unknown> = {}) => {
    program.fromHost(slipFrame(encodeCutterMessage({ name, number: ++number, fields })));
    program.settle();
    return said.at(-1);
  };
  /** Lets the program run until then, a round every `everyUs`. */
  const until = (atUs: number, everyUs = 100) => {
    for (let state = program.step(); program.nowUs < atUs; state = program.step()) {
      if (state === 0) break;
      program.skipTo(Math.min(atUs, program.nowUs + everyUs));
    }
  };
  if (!options.quiet) {
    tell("hello", { magic: "hil-cutter", version: 1 });
    tell("setup", { ...SETUP, onLevel: options.onLevel ?? 1 });
  }
  const fired = () => said.find((message) => message.name === "fired")?.fields;
  return { program, said, tell, until, fired };
}

test("the program's table of messages is the driver's", () => {
  const file = new URL("../../../firmware-fixtures/cutter/messages.py", import.meta.url);
  expect(readFileSync(file, "utf8")).toBe(cutterTable());
});

describe("the cutter's program meets its host", () => {
  test("says its version before anything else is answered, and takes Ctrl-C for data from then on", async () => {
    const { program, tell } = await bench({ quiet: true });
    expect(tell("setup", SETUP)).toMatchObject({ name: "refused", fields: { why: "say hello first" } });
    expect(program.ctrlC).toBe(3);
    expect(tell("hello", { magic: "hil-cutter", version: 1 })).toMatchObject({ name: "iam", fields: { version: 1 } });
    expect(program.ctrlC).toBe(-1);
    expect(program.changes).toEqual([]);
  });

  test("a greeting has no byte that a program without a host takes for Ctrl-C", () => {
    const greeting = encodeCutterMessage({ name: "hello", number: 16, fields: { magic: "hil-cutter", version: 1 } });
    expect([...slipFrame(greeting)]).not.toContain(3);
  });

  test("a host of another version learns ours, and moves nothing", async () => {
    const { tell } = await bench({ quiet: true });
    expect(tell("hello", { magic: "hil-cutter", version: 2 })).toMatchObject({ name: "iam", fields: { version: 1 } });
    expect(tell("set", { on: 0 })).toMatchObject({ name: "refused" });
  });

  test.each([
    [[99, 1], "unknown message"],
    [[5, 1], "wrong number of fields"],
    [[5, 1, 2], "wrong on"],
    [[5, 1, "x"], "wrong on"],
    [[6, 1, 1, new Uint8Array(97), 0, 0, 0, 0, 0], "wrong pattern"],
  ])("a message that is not in the table (%#) is refused: %s", async (items, why) => {
    const { program, said } = await bench();
    const { Encoder } = await import("cbor-x");
    program.fromHost(slipFrame(new Encoder({ useRecords: false, tagUint8Array: false }).encode(items)));
    program.settle();
    expect(said.at(-1)).toMatchObject({ name: "refused", number: 1, fields: { why } });
    expect(program.levels.get(PIN)).toBe(1);
  });

  test("refuses a cut before it was set up, and pins that a Pico does not have", async () => {
    const { tell } = await bench({ quiet: true });
    tell("hello", { magic: "hil-cutter", version: 1 });
    expect(tell("arm", ARM)).toMatchObject({ name: "refused", fields: { why: "not set up" } });
    expect(tell("setup", { ...SETUP, pin: 40 })).toMatchObject({ name: "refused" });
    expect(tell("set", { on: 0 })).toMatchObject({ name: "refused", fields: { why: "not set up" } });
  });

  test("garbage on USB moves nothing, and the next whole message is understood", async () => {
    const { program, said, tell } = await bench();
    const before = said.length;
    program.fromHost(concat(new Uint8Array(5000).fill(0x55), Uint8Array.of(0xdb, 0x01, 0xc0, 0x9f, 0xff, 0xc0)));
    program.fromHost(slipFrame(Uint8Array.of(0xbf, 0x61)));
    program.settle();
    expect(said).toHaveLength(before);
    expect(tell("ask")).toMatchObject({ name: "state", fields: { on: 1, doing: 0, dropped: 3 } });
  });

  test("goodbye makes Ctrl-C Ctrl-C again", async () => {
    const { program, tell } = await bench();
    expect(tell("bye")).toMatchObject({ name: "done" });
    expect(program.ctrlC).toBe(3);
    expect(tell("ping")).toMatchObject({ name: "refused" });
  });

  test("setting up leaves a supply that is on as it is, whatever level that is", async () => {
    for (const onLevel of [0, 1] as const) {
      const { program } = await bench({ onLevel });
      expect(program.changes.map(({ level }) => level)).toEqual([onLevel]);
    }
  });

  test("main.py runs until it is interrupted, and power is on then", async () => {
    const { program } = await bench({ quiet: true });
    const frame = (name: string, fields: object) =>
      program.fromHost(slipFrame(encodeCutterMessage({ name, number: 1, fields: { ...fields } })));
    frame("hello", { magic: "hil-cutter", version: 1 });
    frame("setup", SETUP);
    frame("set", { on: 0 });
    expect(() => program.runMain(400)).toThrow("KeyboardInterrupt");
    expect(program.changes.map(({ level }) => level)).toEqual([1, 0, 1]);
    expect(program.ctrlC).toBe(3);
  });
});

describe("the cutter's program cuts", () => {
  test.each([
    ["whole", ["I: Starting swap using move algorithm.\r\n"]],
    ["in two pieces", ["I: Start", "ing swap"]],
    ["a byte at a time", Array.from("I: Starting swap")],
    ["after a false start", ["StartStarting swap"]],
    ["over more than its buffer", [`${"x".repeat(600)}Starting`, " swap"]],
  ])("when the pattern comes %s", async (_how, pieces) => {
    const { program, tell, until, fired } = await bench();
    tell("arm", ARM);
    let atUs = program.nowUs + 1000;
    for (const piece of pieces) {
      program.fromBoard(utf8(piece), atUs);
      atUs += 700;
    }
    until(atUs);
    expect(program.levels.get(PIN)).toBe(0);
    expect(fired()).toMatchObject({ cut: 7 });
  });

  test("not at all when only most of the pattern comes", async () => {
    const { program, tell, until } = await bench();
    tell("arm", ARM);
    program.fromBoard(utf8("Starting swaStarting s wap"));
    until(program.nowUs + 10_000);
    expect(program.step()).toBe(LISTENING);
    expect(program.levels.get(PIN)).toBe(1);
  });

  test("what came before it was armed does not count", async () => {
    const { program, tell, until } = await bench();
    program.fromBoard(utf8("Starting swap"));
    tell("arm", ARM);
    until(program.nowUs + 5000);
    expect(program.step()).toBe(LISTENING);
  });

  test.each([0, 1, 250, 5001, 123_457])("exactly %i ticks after the match", async (delayUs) => {
    const { program, tell, until, fired } = await bench();
    tell("arm", { ...ARM, delayUs });
    program.fromBoard(utf8("Starting swap"), program.nowUs + 2000, 87);
    until(program.nowUs + 10_000 + delayUs);
    const { matchUs = 0, cutUs = 0 } = fired() ?? {};
    const late = cutUs - matchUs - delayUs;
    // At 0 the program has to come round first.
    if (delayUs > 1) expect(late).toBe(0);
    expect(late).toBeLessThan(20);
    expect(program.changes.at(-1)).toMatchObject({ pin: PIN, level: 0 });
  });

  test("the match is the moment of the pattern's last byte, not of what came with it", async () => {
    const { program, tell, until, fired } = await bench();
    tell("arm", { ...ARM, delayUs: 50_000 });
    const atUs = program.nowUs + 1000;
    program.fromBoard(utf8("Starting swap using move\r\n"), atUs, 86);
    program.skipTo(atUs + 26 * 86);
    until(atUs + 60_000);
    const lastByteUs = atUs + 12 * 86;
    expect(Math.abs((fired()?.matchUs ?? 0) - lastByteUs)).toBeLessThan(100);
  });

  test("while the board talks on: the end of the flood is not waited for", async () => {
    const { program, tell, until, fired } = await bench();
    tell("arm", { ...ARM, delayUs: 1000 });
    const atUs = program.nowUs + 1000;
    program.fromBoard(utf8(`Starting swap${"x".repeat(2000)}`), atUs, 87);
    until(atUs + 100_000, 200);
    const { matchUs = 0, cutUs = 0 } = fired() ?? {};
    expect(Math.abs(matchUs - atUs - 12 * 87)).toBeLessThan(300);
    expect(cutUs - matchUs).toBe(1000);
  });

  test("at the end of the line, if that is wanted, however late it comes", async () => {
    const { program, tell, until, fired } = await bench();
    tell("arm", { ...ARM, toLineEnd: 1 });
    const atUs = program.nowUs + 1000;
    program.fromBoard(utf8("Starting swap using"), atUs);
    until(atUs + 3000);
    expect(fired()).toBeUndefined();
    program.fromBoard(utf8(" move algorithm.\r\nNext"), atUs + 9000);
    until(atUs + 10_000);
    expect(Math.abs((fired()?.matchUs ?? 0) - atUs - 9000)).toBeLessThan(500);
  });

  test("across the end of the tick counter, and its clock goes on", async () => {
    const { program, tell, until, fired } = await bench({ firstTicks: 2 ** 30 - 12_000 });
    const before = atOf(tell("ping"));
    tell("arm", { ...ARM, delayUs: 20_000 });
    program.fromBoard(utf8("Starting swap"), program.nowUs + 1000);
    until(program.nowUs + 40_000);
    const { matchUs = 0, cutUs = 0 } = fired() ?? {};
    expect(cutUs - matchUs).toBe(20_000);
    expect(matchUs).toBeGreaterThan(before);
    expect(cutUs).toBeGreaterThan(2 ** 30);
  });

  test("at a moment of its own clock, exactly, and at once when that is past", async () => {
    const { program, tell, until, fired, said } = await bench();
    const atUs = atOf(tell("ping"));
    tell("arm", { ...ARM, pattern: new Uint8Array(), fromUs: atUs + 30_000 });
    until(program.nowUs + 40_000);
    expect(fired()?.cutUs).toBe(atUs + 30_000);
    tell("set", { on: 1 });
    tell("arm", { ...ARM, cut: 8, pattern: new Uint8Array(), fromUs: 1 });
    until(program.nowUs + 1000);
    expect(said.filter(({ name }) => name === "fired")).toHaveLength(2);
  });

  test("gives up when the pattern does not come in time", async () => {
    const { program, tell, until, said } = await bench();
    tell("arm", { ...ARM, limitMs: 50 });
    program.fromBoard(utf8("Starting"), program.nowUs + 1000);
    until(program.nowUs + 60_000);
    expect(said.at(-1)).toMatchObject({ name: "expired", fields: { cut: 7, heard: 8 } });
    expect(program.levels.get(PIN)).toBe(1);
  });

  test.each(["disarm", "set"])("no more once it was told %s", async (name) => {
    const { program, tell, until } = await bench();
    tell("arm", ARM);
    expect(tell(name, name === "set" ? { on: 1 } : {})).toMatchObject({ name: "done" });
    program.fromBoard(utf8("Starting swap"));
    until(program.nowUs + 10_000);
    expect(program.changes.map(({ level }) => level)).toEqual([1]);
  });

  test("is not armed twice at once, but again after each cut", async () => {
    const { program, tell, until, said } = await bench();
    tell("arm", ARM);
    expect(tell("arm", { ...ARM, cut: 8 })).toMatchObject({ name: "refused", fields: { why: "busy" } });
    for (let cut = 9; cut < 12; cut += 1) {
      tell("set", { on: 1 });
      tell("arm", { ...ARM, cut });
      program.fromBoard(utf8("Starting swap"), program.nowUs + 500);
      until(program.nowUs + 2000);
    }
    expect(said.flatMap((message) => (message.name === "fired" ? [message.fields.cut] : []))).toEqual([9, 10, 11]);
  });
});

describe("the cutter gives power back", () => {
  test("by itself when the off time is over, to the millisecond", async () => {
    const { program, tell, until, said, fired } = await bench();
    tell("arm", { ...ARM, offMs: 40 });
    program.fromBoard(utf8("Starting swap"), program.nowUs + 500);
    until(program.nowUs + 60_000);
    expect(said.at(-1)).toMatchObject({ name: "restored", fields: { cut: 7, why: 1 } });
    const atUs = atOf(said.at(-1));
    expect(Math.abs(atUs - (fired()?.cutUs ?? 0) - 40_000)).toBeLessThanOrEqual(1000);
  });

  test.each(["set", "arm"])("when its host vanished after %s", async (name) => {
    const { program, tell, until, said } = await bench();
    tell(name, name === "set" ? { on: 0 } : ARM);
    program.fromBoard(utf8("Starting swap"));
    until(program.nowUs + 1_900_000, 5000);
    expect(program.step()).toBe(DARK);
    until(program.nowUs + 300_000, 5000);
    expect(program.levels.get(PIN)).toBe(1);
    expect(said.at(-1)).toMatchObject({ name: "restored", fields: { why: 2 } });
    expect(program.ctrlC).toBe(3);
  });

  test("stays dark as long as its host speaks up", async () => {
    const { program, tell, until } = await bench();
    tell("set", { on: 0 });
    for (let time = 0; time < 8; time += 1) {
      until(program.nowUs + 1_000_000, 10_000);
      tell("ping");
    }
    expect(program.levels.get(PIN)).toBe(0);
  });

  test("when a new host sets it up", async () => {
    const { program, tell } = await bench();
    tell("set", { on: 0 });
    tell("hello", { magic: "hil-cutter", version: 1 });
    expect(program.levels.get(PIN)).toBe(0);
    tell("setup", SETUP);
    expect(program.levels.get(PIN)).toBe(1);
  });
});
