import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { entryAt, wallTime } from "../../core/index.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** What is bundled (bundle.mjs names it, too). */
const ENTRY = fileURLToPath(new URL("hil.ts", import.meta.url));
const BUNDLE = join(import.meta.dirname, "bundle.mjs");
const START = join(import.meta.dirname, "start-program.cjs");
/** Inside the project, so that packages are found. */
const FOLDER = join(ROOT, ".cache", "program");
/** A bundle of other sources may belong to a run that goes on; after this time it does not, in milliseconds. */
const OLD_MS = 3_600_000;

/**
 * The command line of this source as one program, for `node`: made when there is none of just this source. Two processes
 * that want it at the same moment both make it, and one of the two stays.
 */
export function program(): string {
  return join(bundled(), "hil.cjs");
}

/** What users import as mcuboot-hil/jest, likewise: a Jest that a test starts would transform each file of the source. */
export function jestEntry(): string {
  return join(bundled(), "jest.mjs");
}

/** An agent whose boards only wait, and a server whose clock is off. They are bundled from these. */
const SCRIPTED = {
  agent: new URL("lab/scripted-agent.ts", import.meta.url),
  server: new URL("lab/scripted-server.ts", import.meta.url),
} as const;

export function scripted(what: keyof typeof SCRIPTED): string {
  return join(bundled(), basename(SCRIPTED[what].pathname).replace(/\.ts$/, ".mjs"));
}

function bundled(): string {
  const made = join(FOLDER, nameOfSource());
  if (!existsSync(made)) {
    mkdirSync(FOLDER, { recursive: true });
    for (const other of readdirSync(FOLDER)) forgetOld(join(FOLDER, other));
    const making = mkdtempSync(join(FOLDER, "making-"));
    execFileSync(process.execPath, [BUNDLE, making], { cwd: ROOT });
    try {
      renameSync(making, made);
    } catch (error) {
      if (!existsSync(made)) throw error;
      rmSync(making, { recursive: true });
    }
  }
  return made;
}

/** One name for one state of the source, and of what bundles it. */
function nameOfSource(): string {
  const hash = createHash("sha256");
  const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && !path.endsWith(".test.ts"),
  );
  const own = [BUNDLE, ENTRY, START, join(ROOT, "package-lock.json")];
  for (const path of [...files.toSorted().map((name) => join(ROOT, "src", name)), ...own]) {
    hash.update(path).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}

function forgetOld(folder: string): void {
  const changed = entryAt(folder)?.mtimeMs;
  if (changed !== undefined && changed < wallTime().getTime() - OLD_MS)
    rmSync(folder, { recursive: true, force: true });
}
