import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  type FlashContent,
  type FlashOperation,
  imageBytesLimit,
  statusOffset,
  trailerBytesOf,
} from "../src/mcuboot/index.ts";
import type { LeakWatch } from "./mcuboot-leak.ts";
import type {
  BootedRow,
  VectorCase,
  VectorExpect,
  VectorFile,
  VectorManifest,
  VectorMultiCuts,
  VectorSweep,
} from "./mcuboot-schema.ts";
import { cutBoot, runScript } from "./mcuboot-script.ts";
import { carryOut, stepsOf } from "./mcuboot-steps.ts";
import { drive, tornOf, VectorWorld } from "./mcuboot-world.ts";
import type { GoldenResult, GoldenRunner } from "./report.ts";

/** Traces of the MCUboot bootloader: folders whose manifest has `configs`. */
export const runMcuboot: GoldenRunner = function* (folder, manifest) {
  for (const { id, file } of (manifest as VectorManifest).configs) {
    const vectors = JSON.parse(gunzipSync(readFileSync(join(folder, file))).toString("utf8")) as VectorFile;
    yield* runConfig(folder, id, vectors);
  }
};

function* runConfig(folder: string, id: string, vectors: VectorFile): Iterable<GoldenResult> {
  const world = new VectorWorld(folder, vectors.config, vectors.images);
  yield* check("geometry", id, vectors.config as unknown as VectorExpect, geometryOf(world));
  for (const entry of vectors.cases ?? []) yield* runCase(world, entry);
  for (const entry of vectors.scripts ?? []) yield* runScript(world, entry);
}

function geometryOf(world: VectorWorld): VectorExpect {
  const { build, config } = world;
  return {
    trailer_size: trailerBytesOf(build),
    status_offset_primary: statusOffset(build, world.area("primary0")),
    max_image_size: config.max_image_size === null ? null : imageBytesLimit(build, 0),
  };
}

function* runCase(world: VectorWorld, entry: VectorCase): Iterable<GoldenResult> {
  const watch = world.watch(entry.leak_watch);
  const name = `${world.config.id} ${entry.name}`;
  const flash = world.initialFlash(entry.initial);
  yield* check("initial flash", name, { flash_sha256: entry.initial.flash_sha256 }, { flash_sha256: flash.sha256() });
  for (const [index, step] of entry.steps.entries()) {
    const before = flash.snapshot();
    const found = carryOut(world, flash, step, watch);
    yield* check("step", `${name} step ${index} ${step.op}`, step.expect, found);
    for (const sweep of entry.sweeps ?? []) {
      if (sweep.step === index) yield* runSweep(world, `${name} step ${index}`, before, entry, sweep, watch);
    }
    for (const cuts of entry.multi_cuts ?? []) {
      if (cuts.step === index) yield* runMultiCuts(world, `${name} step ${index}`, before, cuts, watch);
    }
  }
}

/** A power cut at every operation of one step, each followed by boots without a cut. */
function* runSweep(
  world: VectorWorld,
  name: string,
  before: FlashContent,
  entry: VectorCase,
  sweep: VectorSweep,
  watch: LeakWatch,
): Iterable<GoldenResult> {
  const step = entry.steps[sweep.step];
  const flash = before.snapshot();
  const steps = step === undefined ? undefined : stepsOf(world, flash, step);
  if (steps === undefined) throw new RangeError(`${name}: a sweep over a step that writes nothing`);
  const rows = new Map(sweep.rows.map((row) => [row[0], row]));
  const results: GoldenResult[] = [];
  let index = 0;
  drive(steps, flash, (operation) => {
    const row = rows.get(index);
    if (row !== undefined) {
      rows.delete(index);
      const cut = cutAt(flash, operation, sweep.torn);
      const found = [index, world.hash(cut), watch.bits(cut), ...bootsAfter(world, cut, sweep.boots_after, watch)];
      results.push(...check("cut row", `${name} ${sweep.torn} cut ${index}`, { row }, { row: found }));
    }
    index += 1;
    return false;
  });
  yield* results;
  for (const k of rows.keys())
    yield { kind: "cut row", name: `${name} cut ${k}`, status: "failed", reason: "no such operation" };
}

/** Several cuts one after the other, then boots without a cut. */
function* runMultiCuts(
  world: VectorWorld,
  name: string,
  before: FlashContent,
  cuts: VectorMultiCuts,
  watch: LeakWatch,
): Iterable<GoldenResult> {
  for (const [index, row] of cuts.rows.entries()) {
    let flash = before;
    const found: unknown[] = [];
    for (const [k, torn] of row.cuts) {
      const { result, after } = cutBoot(world, flash, k, torn);
      found.push([k, torn, result, world.hash(after), watch.bits(after)]);
      flash = after;
    }
    const after = bootsAfter(world, flash, row.after.length, watch);
    yield* check("cut sequence", `${name} sequence ${index}`, { ...row }, { cuts: found, after });
  }
}

function cutAt(flash: FlashContent, operation: FlashOperation, torn: VectorSweep["torn"]): FlashContent {
  const cut = flash.snapshot();
  const kind = tornOf(torn);
  if (kind !== undefined) cut.apply(operation, kind);
  return cut;
}

function bootsAfter(world: VectorWorld, cut: FlashContent, boots: number, watch: LeakWatch): BootedRow[] {
  const rows: BootedRow[] = [];
  let flash = cut;
  for (let count = 0; count < boots; count += 1) {
    const booted = world.boot(flash);
    flash = booted.flash;
    rows.push([booted.result, booted.operations, world.hash(flash), watch.bits(flash)]);
  }
  return rows;
}

/** Compares what the vectors hold, and only that; the first difference is the reason. */
export function* check(
  kind: string,
  name: string,
  expected: VectorExpect,
  found: VectorExpect,
): Iterable<GoldenResult> {
  for (const [field, wanted] of Object.entries(expected)) {
    if (!(field in found) || JSON.stringify(found[field]) === JSON.stringify(wanted)) continue;
    const detail = firstDifference(wanted, found[field]);
    yield { kind, name: `${name}: ${field} ${detail}`, status: "failed", reason: `${field} differs` };
    return;
  }
  yield { kind, name, status: "passed" };
}

function firstDifference(wanted: unknown, found: unknown): string {
  if (!Array.isArray(wanted) || !Array.isArray(found)) {
    return `is ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`;
  }
  const length = Math.max(wanted.length, found.length);
  const at = Array.from({ length }, (_, index) => index).find(
    (index) => JSON.stringify(wanted[index]) !== JSON.stringify(found[index]),
  );
  return `[${at}] is ${JSON.stringify(found[at ?? 0])}, expected ${JSON.stringify(wanted[at ?? 0])}`;
}
