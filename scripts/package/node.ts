import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./shell.ts";

/**
 * A release of Node by the npm package `node`, installed below `folder` if it is not there yet.
 * @param release major number, "22".
 * @returns path of its program.
 */
export function nodeOf(release: string, folder: string): string {
  if (!/^\d{2}$/.test(release)) throw new RangeError(`"${release}" is no major release of Node`);
  const home = join(folder, `node-${release}`);
  const program = join(home, "node_modules/node/bin/node");
  if (!existsSync(program)) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), JSON.stringify({ private: true }));
    run("npm", ["install", "--silent", "--no-save", "--no-audit", "--no-fund", "--prefer-offline", `node@${release}`], {
      cwd: home,
    });
  }
  return program;
}

/** For a shell: `tsx scripts/package/node.ts 22 FOLDER` prints the folder of that release's program. */
const [release, folder] = process.argv.slice(2);
if (import.meta.filename === process.argv[1] && release !== undefined && folder !== undefined) {
  console.log(dirname(nodeOf(release, folder)));
}
