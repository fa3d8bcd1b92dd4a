import { describe, expect, test } from "@jest/globals";
import { Random, textOf, utf8 } from "../../core/index.ts";
import { Nrf51 } from "../chip/nrf51.ts";
import { Nrf5340 } from "../chip/nrf5340.ts";
import { ThumbProgram } from "../chip/parts/thumb-program.ts";
import { INTERPRETER } from "../cpu/interpreter.ts";
import { type DebuggedChip, DebugTarget } from "./debug-target.ts";
import { GdbStub } from "./gdb-stub.ts";

const RAM = 0x2000_0100;
const CODE = 0x200;

function packet(text: string): string {
  const sum = utf8(text).reduce((total, byte) => (total + byte) & 0xff, 0);
  return `$${text}#${sum.toString(16).padStart(2, "0")}`;
}

/** A debugger that says a packet and hears what is answered. */
function attached(
  chip: DebuggedChip & { flash: { load(offset: number, data: Uint8Array): void } },
  program: ThumbProgram,
) {
  chip.flash.load(0, program.image(0, 0x2000_2000));
  chip.powerOn();
  let heard = "";
  const stub = new GdbStub(new DebugTarget(chip), (bytes) => void (heard += textOf(bytes)));
  const take = () => {
    const said = [...heard.matchAll(/\$(?<body>[^#]*)#/gu)].map((match) => match.groups?.["body"] ?? "");
    heard = "";
    return said.join("|");
  };
  const ask = (text: string) => {
    stub.receive(utf8(packet(text)));
    return take();
  };
  const runs = (us: number) => {
    stub.run(us);
    return take();
  };
  return { stub, ask, runs, take, chip };
}

const options = { random: Random.fromSeed(1), engine: INTERPRETER, output: () => undefined };
const counting = () => new ThumbProgram().op(0x2001, 0x2102, 0x1842, 0x3001, 0xe7fc);
const word = (value: number) => Buffer.from(Uint32Array.of(value).buffer).toString("hex");

describe.each([
  ["nRF51", () => new Nrf51(options)],
  ["nRF5340", () => new Nrf5340(options)],
])("GdbStub on an %s", (_, make) => {
  test("describes the core, and its registers after each step", () => {
    const { ask } = attached(make(), counting());
    expect(ask("qSupported:multiprocess+")).toContain("qXfer:features:read+");
    const xml = ask("qXfer:features:read:target.xml:0,1000");
    expect(xml).toMatch(/^l<\?xml.*<feature name="org\.gnu\.gdb\.arm\.m-profile">.*name="xpsr".*<\/target>$/u);
    expect(ask("p40")).toBe("E01");
    expect([ask("pf"), ask("pd"), ask("p1a")]).toEqual([CODE, 0x2000_2000, 0x2000_2000].map(word));
    expect(["s", "s", "s"].map(ask)).toEqual(["S05", "S05", "S05"]);
    expect([ask("p0"), ask("p1"), ask("p2"), ask("pf")]).toEqual([1, 2, 3, CODE + 6].map(word));
    const all = ask("g");
    // GDB 13 wants 19 registers and no room between pc and xPSR, which has number 25.
    expect([all.length, all.slice(0, 24)]).toEqual([19 * 8, word(1) + word(2) + word(3)]);
    expect(all.slice(15 * 8, 17 * 8)).toBe(word(CODE + 6) + word(0x0100_0000));
    expect([ask(`G${word(9)}${all.slice(8)}`), ask("p0")]).toEqual(["OK", word(9)]);
  });

  test("stops before a breakpoint's instruction, again on the next round, and no more when it is gone", () => {
    const { ask, runs, stub } = attached(make(), counting());
    expect(ask(`Z1,${(CODE + 6).toString(16)},2`)).toBe("OK");
    expect(ask("c")).toBe("");
    expect([runs(10), ask("pf"), ask("p0"), stub.isRunning]).toEqual(["S05", word(CODE + 6), word(1), false]);
    ask("vCont;c");
    expect([runs(10), ask("pf"), ask("p0")]).toEqual(["S05", word(CODE + 6), word(2)]);
    expect(ask(`z1,${(CODE + 6).toString(16)},2`)).toBe("OK");
    ask("c");
    expect([runs(10), stub.isRunning]).toEqual(["", true]);
    stub.receive(utf8("\u0003"));
    expect(stub.isRunning).toBe(false);
  });

  test("a breakpoint holds after a reset that the firmware asks for", () => {
    const { ask, runs } = attached(make(), new ThumbProgram().op(0xbf00).store(0xe000_ed0c, 0x05fa_0004));
    ask(`Z0,${CODE.toString(16)},2`);
    ask("c");
    expect([runs(2_000), ask("pf")]).toEqual(["S05", word(CODE)]);
  });

  test("memory is read, RAM is written, flash and what is not there are refused", () => {
    const { ask } = attached(make(), counting());
    expect(ask(`m${CODE.toString(16)},4`)).toBe("01200221");
    expect([ask(`M${RAM.toString(16)},4:78563412`), ask(`m${RAM.toString(16)},4`)]).toEqual(["OK", "78563412"]);
    expect([ask("M200,4:00000000"), ask("m60000000,4"), ask("m200,ffffff"), ask("M200,4:zz")]).toEqual(
      Array.from({ length: 4 }, () => "E01"),
    );
    expect([ask("P0=2a000000"), ask("p0"), ask("P63=00000000")]).toEqual(["OK", word(42), "E01"]);
  });

  test("what it does not know is answered empty, a damaged packet is asked for again", () => {
    const { ask, stub, take } = attached(make(), counting());
    expect(ask("vMustReplyEmpty")).toBe("");
    stub.receive(utf8("$g#00"));
    expect(take()).toBe("");
    expect(ask("D")).toBe("OK");
    expect(stub.isRunning).toBe(true);
  });

  test("monitor reset brings the core back to its first instruction", () => {
    const { ask } = attached(make(), counting());
    ask("s");
    expect([ask(`qRcmd,${Buffer.from("reset").toString("hex")}`), ask("pf")]).toEqual(["OK", word(CODE)]);
  });
});
