import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { askUpgrade, imageListOf } from "../src/mcuboot/index.ts";
import { vectorFolders } from "./folders.ts";
import type { VectorCase, VectorFile, VectorManifest } from "./mcuboot-schema.ts";
import { carryOut } from "./mcuboot-steps.ts";
import { VectorWorld } from "./mcuboot-world.ts";

/** What a recorded boot of the real MCUboot came to, and what admission says before the image is asked for. */
interface Compared {
  readonly name: string;
  readonly recorded: string;
  readonly told: string;
}

function* comparedIn(world: VectorWorld, entry: VectorCase): Generator<Compared> {
  const flash = world.initialFlash(entry.initial);
  const watch = world.watch(entry.leak_watch);
  for (const [index, step] of entry.steps.entries()) {
    const next = entry.steps[index + 1];
    if (step.op === "set_pending" && next?.op === "boot" && next.cut === undefined) {
      const listed = imageListOf(flash, world.build);
      const [running, waiting] = [0, 1].map((slot) => listed.find((row) => row.slot === slot));
      const fileBytes = 0;
      const told = askUpgrade(flash, world.build, { hash: waiting?.hash ?? "", fileBytes, permanent: step.permanent });
      const { rc, result } = next.expect as { readonly rc: string; readonly result: string };
      const version = waiting && waiting.version.replace(/^(\d+\.\d+\.\d+)$/, "$1.0").replace(/\.(\d+)$/, "+$1");
      // Nobody can tell two images of one version apart in what was recorded.
      if (waiting?.version !== running?.version || rc !== "ok") {
        const recorded = rc !== "ok" ? "no boot" : result.split("|")[0] === version ? "installs" : "refused";
        yield { name: `${world.config.id} ${entry.name} step ${index}`, recorded, told: told.does };
      }
    }
    carryOut(world, flash, step, watch);
  }
}

test("what admission says of an image is what the recorded MCUboot did with it", () => {
  const rows: Compared[] = [];
  for (const { path, manifest } of vectorFolders(process.env)) {
    if (typeof manifest !== "object" || manifest === null || !("configs" in manifest)) continue;
    for (const { file } of (manifest as VectorManifest).configs) {
      const vectors = JSON.parse(gunzipSync(readFileSync(join(path, file))).toString("utf8")) as VectorFile;
      const world = new VectorWorld(path, vectors.config, vectors.images);
      // One image, swapped or copied: what admission is asked about.
      if (vectors.config.images !== 1 || vectors.config.mode.startsWith("xip")) continue;
      for (const entry of vectors.cases ?? []) rows.push(...comparedIn(world, entry));
    }
  }
  expect(rows.filter(({ recorded, told }) => recorded !== told)).toEqual([]);
  const count = (outcome: string) => rows.filter(({ recorded }) => recorded === outcome).length;
  const asked = { installs: count("installs"), refused: count("refused") };
  expect([asked.installs >= 6, asked.refused >= 6, asked]).toEqual([true, true, asked]);
});
