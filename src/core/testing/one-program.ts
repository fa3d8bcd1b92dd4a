import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";

/**
 * A program of the source as one file for `node`, for a test that starts it several times: `tsx` would load it
 * file by file each time, which takes a second of processor time and more.
 * @param entry path of its first file. Files that lie beside its sources are not found from where it comes to lie.
 */
export function oneProgram(entry: string): string {
  const outfile = join(mkdtempSync(join(tmpdir(), "hil-program-")), "program.mjs");
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
  });
  return outfile;
}
