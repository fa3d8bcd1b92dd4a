import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { run } from "./shell.ts";

export interface Tarball {
  readonly path: string;
  /** Names of its files, without `package/` before them. */
  readonly names: readonly string[];
}

/** Packs the project as it is built. @param folder where the tarball goes. */
export function pack(root: string, folder: string): Tarball {
  const said = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], { cwd: root });
  const [{ filename = "" } = {}] = Object.values(JSON.parse(said) as Record<string, { filename?: string }>);
  const path = join(folder, filename);
  const names = run("tar", ["-tzf", path], { cwd: folder })
    .split("\n")
    .filter((name) => name !== "")
    .map((name) => name.replace(/^package\//, ""));
  return { path, names };
}

/** Files that a user has no use for; of the examples, tests are what is to be copied. */
export function needless(names: readonly string[]): readonly string[] {
  return names.filter(
    (name) => !name.startsWith("examples/") && /\.test\.|\/testing\/|\/vectors\/|\.tsbuildinfo$/.test(name),
  );
}

/** Folders of the repository that the README says are not in the package. */
const REPOSITORY_ONLY =
  /^(?:scripts|bench|peers|cases|hil-tests|golden|findings|changes|firmware-fixtures|\.ci|\.cache)(?:\/|$)/;
/** Folders of the package, beside its files at the top. */
const SHIPPED = /^(?:src|docs|examples|boards|scenarios|bin|dist)\//;

/**
 * What the pages of a package name that is not in it: targets of relative links, and paths in code spans that begin with
 * a folder of the package. Anchors and absolute addresses are left to others.
 * @param pages Markdown by name, as in the tarball.
 */
export function deadReferences(pages: ReadonlyMap<string, string>, names: readonly string[]): readonly string[] {
  const isThere = (path: string) =>
    names.some((name) => name === path || name.startsWith(`${path.replace(/\/$/, "")}/`));
  return [...pages].flatMap(([page, text]) => {
    const links = [...text.matchAll(/\]\((?![a-z]+:|#)([^)\s#]+)[^)]*\)/g)].map(([, to = ""]) =>
      normalize(join(dirname(page), to)),
    );
    const spans = [...text.replaceAll(/^```[^]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g)]
      .flatMap(([, span = ""]) => span.split(/[\s,:()"']+/))
      .filter((word) => SHIPPED.test(word) && /^[\w./-]+\.\w+$/.test(word) && !isExample(word));
    return [...links, ...spans]
      .filter((path) => !isThere(path) && !isKnownElsewhere(path))
      .map((path) => `${page}: ${path}`);
  });
}

/** A name in capitals stands for any (`src/power/NAME.ts`), and lab-07 is the reader's own board. */
function isExample(path: string): boolean {
  return /(?:^|\/)(?:[A-Z_]+|lab-\d+)\.\w+$/.test(path);
}

function isKnownElsewhere(path: string): boolean {
  return REPOSITORY_ONLY.test(path) || /\.test\.ts$|\/testing\//.test(path);
}

/** The Markdown pages of an installed package. */
export function pagesOf(folder: string, names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    names.filter((name) => name.endsWith(".md")).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

/** Source maps whose sources are not in the package: a debugger shows nothing then. */
export function blindMaps(folder: string, names: readonly string[]): readonly string[] {
  return names
    .filter((name) => name.endsWith(".js.map"))
    .filter((name) => {
      const { sources, sourcesContent } = JSON.parse(readFileSync(join(folder, name), "utf8")) as {
        sources: string[];
        sourcesContent?: unknown[];
      };
      return (
        sourcesContent === undefined &&
        !sources.every((source) => names.includes(normalize(join(dirname(name), source))))
      );
    });
}
