import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ScratchFolder } from "../../src/core/index.ts";
import type { Mutant } from "./mutant-table.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** What the suites need of the source tree. */
const COPIED = ["src", "golden", "scripts", "package.json", "jest.config.ts", "tsconfig.json"] as const;

/** Folders of the model whose suites are asked. What is built upon it (judge, sweep, explain) takes longer, and is not. */
const MODEL = ["boot", "builds", "flash", "steps", "swap", "trailer"] as const;

function suitesIn(folder: string): string[] {
  const suites = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".test.ts"));
  if (suites.length === 0) throw new RangeError(`${folder} has no suite`);
  return suites.map((name) => join(folder, name));
}

/** Who noticed a mutant first; "nobody" is a hole in the suites. */
export type Noticed = "golden traces" | "unit tests" | "nobody";

/** A copy of the source in which one mutant at a time can live. */
export class MutantTree implements Disposable {
  readonly #folder = new ScratchFolder("mutants").path;
  /** The model's own suites: no suite at all would fail as a suite that notices does. */
  readonly #suites = MODEL.flatMap((room) => suitesIn(join("src", "mcuboot", room)));

  constructor() {
    for (const name of COPIED) cpSync(join(ROOT, name), join(this.#folder, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(this.#folder, "node_modules"));
  }

  /** True when the suites pass without a mutant: else they prove nothing. */
  isSound(): boolean {
    return this.#golden() && this.#unit();
  }

  /** Runs the suites on a mutant: the golden traces of this repository, then the tests beside the model. */
  try(mutant: Mutant): Noticed {
    const path = join(this.#folder, "src", "mcuboot", mutant.file);
    const sound = readFileSync(path, "utf8");
    writeFileSync(path, mutated(sound, mutant));
    try {
      if (!this.#golden()) return "golden traces";
      return this.#unit() ? "nobody" : "unit tests";
    } finally {
      writeFileSync(path, sound);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #golden(): boolean {
    return this.#succeeds(["--import", "tsx", "golden/main.ts"]);
  }

  #unit(): boolean {
    const jest = [
      "--experimental-vm-modules",
      "--disable-warning=ExperimentalWarning",
      "node_modules/jest/bin/jest.js",
    ];
    return this.#succeeds([
      ...jest,
      "--selectProjects",
      "unit",
      "--runInBand",
      "--bail",
      "--runTestsByPath",
      ...this.#suites,
    ]);
  }

  #succeeds(argv: readonly string[]): boolean {
    const { MCUBOOT_HIL_VECTORS: _, ...env } = process.env;
    return spawnSync(process.execPath, argv, { cwd: this.#folder, env, stdio: "ignore" }).status === 0;
  }
}

/**
 * The source with the mutant in it.
 * @throws RangeError when its place is not there exactly once: the table no longer fits the source.
 */
export function mutated(source: string, { file, find, replace, rule }: Mutant): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new RangeError(`src/mcuboot/${file} has "${find}" ${parts.length - 1} times, not once (mutant: ${rule})`);
  }
  return parts.join(replace);
}
