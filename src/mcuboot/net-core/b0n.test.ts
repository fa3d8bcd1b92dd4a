import { describe, expect, test } from "@jest/globals";
import { hex, Random, roundUp } from "../../core/index.ts";
import { NET_APP, NET_FLASH } from "../builds/net-core-map.ts";
import { FlashContent } from "../flash/flash-content.ts";
import { brokenRule } from "../flash/flash-rules.ts";
import { COMMAND_BLOCK_BYTES, decodeCommandBlock, encodeCommandBlock, type PcdStatus } from "../steps/command-block.ts";
import { isOperation } from "../steps/steps.ts";
import { operationDurationUs, workDurationUs } from "../steps/timing.ts";
import { b0n, b0nCopyUs, NETWORK_FLASH, netAppIsWhole, netVersionIn } from "./b0n.ts";
import { asNetFirmware } from "./firmware-info.ts";

const OFFSET = NET_APP.address - NET_FLASH.address;
const SOURCE_ADDRESS = 0x8_0200;

const firmware = (version: number, bytes = 9_000) =>
  asNetFirmware(Random.fromSeed(`firmware ${version}`).bytes(bytes), { version, address: NET_APP.address });

/** A network core that runs version 1, with a command in shared RAM. */
function core(status: PcdStatus, source = firmware(2)) {
  const flash = FlashContent.erased(NET_FLASH.bytes, NET_FLASH.pageBytes);
  flash.load(OFFSET, firmware(1));
  const command = { status, dataAddress: SOURCE_ADDRESS, bytes: source.length, flashOffset: OFFSET };
  const block = encodeCommandBlock(command);
  const written: string[] = [];
  const memory = {
    flash,
    block,
    readAppMemory: (address: number) => (address === SOURCE_ADDRESS ? source : undefined),
    writeAppMemory: (_: number, bytes: Uint8Array) => void written.push(hex(bytes)),
  };
  return { ...memory, written };
}

/** Runs b0n, up to an operation; what it printed, how long it took, and which rules of the flash it broke. */
function run(memory: ReturnType<typeof core>, operationsMax = Number.POSITIVE_INFINITY) {
  const said: string[] = [];
  const broken: string[] = [];
  let [durationUs, operations] = [0, 0];
  const steps = b0n(memory);
  for (;;) {
    const next = steps.next();
    if (next.done) return { end: next.value, said, durationUs, operations, broken };
    const step = next.value;
    if (step.kind === "log") said.push(step.text);
    if (step.kind === "work") durationUs += workDurationUs(step);
    if (!isOperation(step)) continue;
    if (operations === operationsMax) return { end: "cut", said, durationUs, operations, broken };
    operations += 1;
    durationUs += operationDurationUs(step, NETWORK_FLASH);
    const bytes = step.kind === "erase" ? step.bytes : step.data.length;
    const rule = brokenRule(memory.flash.read(step.offset, bytes), step, {
      sectorBytes: NET_FLASH.pageBytes,
      writeBytes: 4,
    });
    if (rule !== undefined) broken.push(rule);
    memory.flash.apply(step);
  }
}

describe("the network core's bootloader", () => {
  test("copies a firmware page by page of 2 KiB, says so in the block and waits to be forced off", () => {
    const memory = core("copy");
    const seen = run(memory);
    expect(seen).toMatchObject({ end: "waits", said: ["Transfer done"], broken: [] });
    const bytes = firmware(2).length;
    expect(seen.operations).toBe(Math.ceil(bytes / 2048) + Math.ceil(bytes / 512));
    expect(seen.durationUs).toBe(b0nCopyUs(bytes));
    expect([decodeCommandBlock(memory.block).status, netVersionIn(memory.flash)]).toEqual(["done", 2]);
    expect(hex(memory.flash.read(OFFSET, bytes))).toBe(hex(firmware(2)));
    expect(memory.flash.read(OFFSET + roundUp(bytes, 4), 4)).toEqual(new Uint8Array(4).fill(0xff));
  });

  test("takes 109.5 ms a page and two checks", () => {
    expect(b0nCopyUs(128 * 1024) - 2 * 176_000).toBe(64 * (87_500 + 512 * 43));
  });

  test("touches nothing when the source is no firmware for its address", () => {
    const damaged = firmware(2);
    damaged[5_000] = (damaged[5_000] ?? 0) ^ 1;
    const foreign = asNetFirmware(Random.fromSeed("foreign").bytes(9_000), { version: 2, address: 0x0100_9000 });
    for (const source of [
      damaged,
      foreign,
      Random.fromSeed("ciphertext").bytes(9_000),
      firmware(2).subarray(0, 9_010),
    ]) {
      const memory = core("copy", source);
      expect(run(memory)).toMatchObject({
        end: "idle",
        operations: 0,
        said: ["Unable to find valid firmware inside 0x80200"],
      });
      expect([decodeCommandBlock(memory.block).status, netAppIsWhole(memory.flash)]).toEqual(["failed", true]);
    }
  });

  test("locks its debugger out when it is told to, answers, and waits", () => {
    let locked = false;
    const memory = { ...core("lock debug"), lockDebug: () => void (locked = true) };
    expect(run(memory)).toMatchObject({ end: "waits", operations: 0 });
    expect([decodeCommandBlock(memory.block).status, locked]).toEqual(["done", true]);
  });

  test("gets a bus fault where it cannot read, and never answers", () => {
    const memory = { ...core("copy"), readAppMemory: () => undefined };
    expect(run(memory)).toMatchObject({ end: "bus fault", operations: 0 });
    expect(decodeCommandBlock(memory.block).status).toBe("copy");
  });

  test("cut at any operation leaves a firmware that is not whole, and the same copy heals it", () => {
    const { operations } = run(core("copy"));
    for (let cut = 1; cut < operations; cut += 1) {
      const memory = core("copy");
      expect(run(memory, cut).end).toBe("cut");
      expect(netAppIsWhole(memory.flash)).toBe(false);
      expect(run(memory).end).toBe("waits");
      expect([netAppIsWhole(memory.flash), netVersionIn(memory.flash)]).toEqual([true, 2]);
    }
  });

  test("answers the version of what it would boot, little-endian", () => {
    const memory = core("read version");
    memory.flash.load(OFFSET, firmware(0x0102_0304));
    expect(run(memory)).toMatchObject({ end: "waits", operations: 0 });
    expect([memory.written, decodeCommandBlock(memory.block).status]).toEqual([["04030201"], "done"]);
  });

  test("boots its application when RAM holds noise, and nothing when there is none", () => {
    const memory = { ...core("copy"), block: Random.fromSeed("noise").bytes(COMMAND_BLOCK_BYTES) };
    expect(run(memory)).toMatchObject({ end: "application", said: ["Booting (0x1008800)."] });
    const empty = { ...memory, flash: FlashContent.erased(NET_FLASH.bytes, NET_FLASH.pageBytes) };
    expect(run(empty)).toMatchObject({ end: "no application", said: [] });
  });
});
