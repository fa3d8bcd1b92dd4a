import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { Mutant } from "./mutant-table.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Folders of the model whose suites are asked. What is built upon it (judge, sweep, explain) takes longer, and is not. */
const MODEL = ["boot", "builds", "flash", "steps", "swap", "trailer"] as const;

function suitesIn(folder: string): string[] {
  const suites = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith(".test.ts"));
  if (suites.length === 0) throw new RangeError(`${folder} has no suite`);
  return suites.map((name) => join(folder, name));
}

/** Who noticed a mutant first; "nobody" is a hole in the suites. */
export type Noticed = "golden traces" | "unit tests" | "nobody";

/** A file of the source, and what is compiled in its place. */
interface Broken {
  readonly path: string;
  readonly text: string;
}

/** Runs the suites of the model with one mutant at a time. The source itself is not touched: a mutant is made as its file is compiled. */
export class MutantSuites implements Disposable {
  readonly #folder: string;
  /** The model's own suites: no suite at all would fail as a suite that notices does. */
  readonly #suites = MODEL.flatMap((room) => suitesIn(join("src", "mcuboot", room)));

  constructor() {
    // Inside the project, so that packages are found.
    const cache = join(ROOT, ".cache");
    mkdirSync(cache, { recursive: true });
    this.#folder = mkdtempSync(join(cache, "mutants-"));
  }

  /** True when the suites pass without a mutant: else they prove nothing. */
  async isSound(): Promise<boolean> {
    return (await this.#golden()) && this.#unit();
  }

  /** Runs the suites on a mutant: the golden traces of this repository, then the tests beside the model. */
  async try(mutant: Mutant): Promise<Noticed> {
    const path = join(ROOT, "src", "mcuboot", mutant.file);
    const broken = { path, text: mutated(readFileSync(path, "utf8"), mutant) };
    if (!(await this.#golden(broken))) return "golden traces";
    return this.#unit(broken) ? "nobody" : "unit tests";
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** As one program: files that lie beside a source are found from there. */
  async #golden(broken?: Broken): Promise<boolean> {
    const outfile = join(this.#folder, "golden.mjs");
    await build({
      entryPoints: [join(ROOT, "golden", "main.ts")],
      outfile,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      packages: "external",
      plugins: [
        {
          name: "mutant",
          setup(making) {
            making.onLoad({ filter: /\.ts$/ }, ({ path }) => {
              const text = path === broken?.path ? broken.text : readFileSync(path, "utf8");
              const url = JSON.stringify(pathToFileURL(path).href);
              return { contents: text.replaceAll("import.meta.url", url), loader: "ts" };
            });
          },
        },
      ],
    });
    return this.#succeeds([outfile]);
  }

  #unit(broken?: Broken): boolean {
    const jest = [
      "--experimental-vm-modules",
      "--disable-warning=ExperimentalWarning",
      "node_modules/jest/bin/jest.js",
    ];
    return this.#succeeds(
      [...jest, "--selectProjects", "unit", "--runInBand", "--bail", "--runTestsByPath", ...this.#suites],
      { HIL_MUTANT: JSON.stringify(broken ?? {}) },
    );
  }

  #succeeds(argv: readonly string[], more: Readonly<Record<string, string>> = {}): boolean {
    const { MCUBOOT_HIL_VECTORS: _, HIL_TEST_FOLDER: own, ...env } = process.env;
    // Jest's cache is where the Jest that runs this has its own, and not in the folder of this test file.
    const TMPDIR = own === undefined ? tmpdir() : dirname(own);
    return (
      spawnSync(process.execPath, argv, { cwd: ROOT, env: { ...env, ...more, TMPDIR }, stdio: "ignore" }).status === 0
    );
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
