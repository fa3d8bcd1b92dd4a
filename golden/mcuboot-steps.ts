import { createHash } from "node:crypto";
import { fromHex } from "../src/core/index.ts";
import {
  type BootResult,
  boot,
  confirm,
  type FlashContent,
  type FlashOperation,
  operationBytes,
  readTrailer,
  type Steps,
  setPending,
  swapRow,
  swapRules,
} from "../src/mcuboot/index.ts";
import type { LeakWatch } from "./mcuboot-leak.ts";
import type { VectorExpect, VectorStep } from "./mcuboot-schema.ts";
import { drive, tornOf, type VectorWorld } from "./mcuboot-world.ts";

/** A step that writes to the flash by the rules; uploads and pokes are not. */
export function stepsOf(world: VectorWorld, flash: FlashContent, step: VectorStep): Steps<unknown> | undefined {
  if (step.op === "boot") return boot(flash, world.build);
  if (step.op === "set_pending") return setPending(flash, world.build, step.image, step.permanent);
  return step.op === "confirm" ? confirm(flash, world.build, step.image) : undefined;
}

/** Carries out a step on `flash` and answers what the vectors would have written down of it. */
export function carryOut(world: VectorWorld, flash: FlashContent, step: VectorStep, watch: LeakWatch): VectorExpect {
  const facts = act(world, flash, step);
  return { ...facts, ...stateOf(world, flash), leak: watch.bits(flash) };
}

function act(world: VectorWorld, flash: FlashContent, step: VectorStep): VectorExpect {
  const steps = stepsOf(world, flash, step);
  if (steps !== undefined) return run(world, flash, step, steps);
  if (step.op === "upload") {
    world.eraseArea(flash, step.area);
    world.place(flash, step.area, step.off, step.image);
  } else if (step.op === "erase_area") {
    world.eraseArea(flash, step.area);
  } else if (step.op === "poke") {
    flash.load(world.area(step.area).offset + step.off, fromHex(step.hex));
  }
  return {};
}

function run(world: VectorWorld, flash: FlashContent, step: VectorStep, steps: Steps<unknown>): VectorExpect {
  const operations: FlashOperation[] = [];
  const log: string[] = [];
  const cut = step.op === "boot" ? step.cut : undefined;
  const before = (operation: FlashOperation): boolean => {
    if (operations.length === cut) {
      const torn = tornOf(step.op === "boot" ? (step.torn ?? "clean") : "clean");
      if (torn !== undefined) flash.apply(operation, torn);
      return true;
    }
    operations.push(operation);
    return false;
  };
  const driven = drive(steps, flash, before, (line) => log.push(`${line.level}: ${line.text}`));
  const writes = operations.filter((operation) => operation.kind === "write");
  const counters = {
    ops: operations.length,
    erases: operations.length - writes.length,
    writes: writes.length,
    write_bytes: writes.reduce((sum, operation) => sum + operationBytes(operation), 0),
    log,
    trace: operations.map((operation) => traceOf(world, operation)),
  };
  if (!driven.done) return { ...counters, rc: "cut", result: "CUT" };
  return step.op === "boot"
    ? { ...counters, ...resultFacts(world, flash, driven.value as BootResult) }
    : { ...counters, api_rc: driven.value };
}

function resultFacts(world: VectorWorld, flash: FlashContent, result: BootResult): VectorExpect {
  const text = world.resultText(result, flash);
  if (result.kind === "panic" || result.kind === "hang") {
    return { rc: result.kind, result: text, loader_swap_type: world.build.images.map(() => "?") };
  }
  // Direct-XIP never sets a swap type; what stands in the loader's state then has no meaning (README of the vectors).
  const types = world.build.mode === "direct-xip" ? {} : { loader_swap_type: result.swapTypes };
  const shared = { result: text, ...types };
  return result.kind === "run"
    ? { ...shared, rc: "ok", run: text, run_off: result.slots[0] }
    : { ...shared, rc: "fail" };
}

function traceOf(world: VectorWorld, operation: FlashOperation): readonly unknown[] {
  const row = world.config.geometry.areas.find(
    (area) => operation.offset >= area.off && operation.offset < area.off + area.size,
  );
  const place = [row?.id, operation.offset - (row?.off ?? 0), operationBytes(operation)];
  if (operation.kind === "erase") return ["e", ...place];
  return ["w", ...place, createHash("sha256").update(operation.data).digest("hex").slice(0, 8)];
}

function stateOf(world: VectorWorld, flash: FlashContent): VectorExpect {
  const { build } = world;
  const areas: Record<string, string> = {};
  const trailers: Record<string, unknown> = {};
  for (const [name, area] of world.areas) {
    areas[name] = flash.sha256(area.offset, area.bytes);
    const trailer = readTrailer(flash, build, area);
    trailers[name] = {
      magic: trailer.magic,
      swap_type: trailer.swapType,
      copy_done: trailer.copyDone,
      image_ok: trailer.imageOk,
      image_num: trailer.imageNumber,
    };
  }
  const next = build.images.map(
    ({ primary, secondary }) =>
      swapRow(swapRules(build), readTrailer(flash, build, primary), readTrailer(flash, build, secondary))?.result ??
      "none",
  );
  return { flash_sha256: flash.sha256(), areas, trailers, next_swap_type: next };
}
