import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { program } from "./program.ts";

const BIN = "node_modules/.bin";

/**
 * Makes a folder into a project that has hil among its packages, as a CI server's checkout has.
 * @param more programs beside it, by name: lines of sh.
 */
export function makeCiProject(folder: string, more: Readonly<Record<string, string>> = {}): void {
  const bin = join(folder, BIN);
  mkdirSync(bin, { recursive: true });
  const programs = {
    hil: `exec '${process.execPath}' '${program()}' "$@"`,
    // `npx --no-install`, without npm's own start, which takes longer than the run.
    npx: 'shift\nname=$1\nshift\nexec "$(dirname "$0")/$name" "$@"',
    ...more,
  };
  for (const [name, lines] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${lines}\n`);
    chmodSync(join(bin, name), 0o755);
  }
}

/** Runs lines of a CI file in such a project, as its server's shell does. */
export function ciShell(folder: string, lines: string, env: Readonly<Record<string, string>> = {}) {
  return spawnSync("bash", ["-c", lines], {
    cwd: folder,
    encoding: "utf8",
    env: { PATH: `${join(folder, BIN)}:${process.env["PATH"] ?? ""}`, HOME: folder, HIL_LOCKS: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
