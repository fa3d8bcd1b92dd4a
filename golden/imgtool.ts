import { imageCases, negativeCases } from "./imgtool-images.ts";
import { imgtoolManifest } from "./imgtool-manifest.ts";
import { cliCase, dumpCase, keyCase, zipCase } from "./imgtool-outputs.ts";
import type { GoldenResult, GoldenRunner } from "./report.ts";

/** Runs a folder of imgtool vectors: images built again byte by byte, damaged files, command lines, dumps, keys. */
export const runImgtool: GoldenRunner = async function* (folder, manifest): AsyncGenerator<GoldenResult> {
  const cases = imgtoolManifest.parse(manifest);
  for (const vector of cases.vectors) yield* imageCases(folder, vector);
  for (const negative of cases.negative) yield* negativeCases(folder, negative);
  for (const run of cases.cli) yield cliCase(folder, run);
  for (const dump of cases.dumpinfo) yield dumpCase(folder, dump);
  for (const output of cases.key_outputs) yield keyCase(folder, output);
  for (const zip of cases.dfu_zips) yield zipCase(folder, zip);
};
