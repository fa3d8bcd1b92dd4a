/**
 * What the README promises, as a stranger meets it: the tarball, installed elsewhere. Run by `.ci/run package`, after a
 * build.
 *
 *   tsx scripts/package/check.ts            everything, on this Node
 *   tsx scripts/package/check.ts 22 24      imports, Jest and a run on these releases, too (scripts/package/node.ts)
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScratchFolder } from "../../src/core/index.ts";
import {
  bareProject,
  checkExample,
  checkGlobalExpect,
  checkImports,
  checkJest,
  checkSuites,
  checkTypes,
  copySuites,
  type Example,
  examplesOf,
  fullProject,
} from "./consumer.ts";
import { nodeOf } from "./node.ts";
import { run, step } from "./shell.ts";
import { blindMaps, deadReferences, needless, pack, pagesOf, type Tarball } from "./tarball.ts";

const ROOT = join(import.meta.dirname, "../..");
const CACHE = join(ROOT, ".cache");
/** Pages whose programs are tried. */
const PROGRAMS = ["jest.md", "api.md"] as const;
/** Judges of packages, pinned; installed beside the work, so that their dependencies are not ours. */
const JUDGES = ["publint@0.3.25", "@arethetypeswrong/cli@0.18.5"] as const;

function none(found: readonly string[], what: string): void {
  if (found.length > 0) throw new Error(`${what}:\n${found.join("\n")}`);
}

function contents(work: string, tarball: Tarball): void {
  const folder = join(work, "unpacked");
  mkdirSync(folder);
  run("tar", ["-xzf", tarball.path, "--strip-components=1", "-C", folder], { cwd: work });
  none(needless(tarball.names), "the tarball holds files that are for tests only");
  none(deadReferences(pagesOf(folder, tarball.names), tarball.names), "pages name files that are not in the package");
  none(blindMaps(folder, tarball.names), "source maps name sources that are not in the package");
}

/** publint and attw say nothing; what attw is told to pass over stands here, with the reason. */
function judged(work: string, tarball: Tarball): void {
  const folder = join(work, "judges");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  run("npm", ["install", "--silent", "--no-audit", "--no-fund", "--prefer-offline", ...JUDGES], { cwd: folder });
  run("npx", ["--no-install", "publint", tarball.path, "--strict"], { cwd: folder });
  // esm-only: `require` of ESM is Node's own since 20.19, and attw 0.18 does not know of it.
  run("npx", ["--no-install", "attw", tarball.path, "--profile", "esm-only"], { cwd: folder });
}

/** A campaign on the twin in an empty folder: its record is there, and no key in it. */
function campaign(work: string, project: string, node: string): void {
  const folder = mkdtempSync(join(work, "run-"));
  const hil = join(project, "node_modules/mcuboot-hil/bin/hil.js");
  run(node, [hil, "run", "--cuts", "4"], { cwd: folder });
  const [record = ""] = readdirSync(join(folder, "runs"));
  readFileSync(join(folder, "runs", record, "run.json"));
  const keys = run("grep", ["-rl", "PRIVATE KEY", "runs"], { cwd: folder, ok: [1] });
  none(keys.split("\n").filter(Boolean), "a private key is in the record");
}

function examples(project: string): readonly Example[] {
  const docs = join(project, "node_modules/mcuboot-hil/docs");
  const all = PROGRAMS.filter((page) => readdirSync(docs).includes(page)).flatMap((page) =>
    examplesOf(page, readFileSync(join(docs, page), "utf8")),
  );
  for (const { file, text } of all) writeFileSync(join(project, file), text);
  return all;
}

function main(releases: readonly string[], work: string): void {
  const tarball = pack(ROOT, work);
  step("contents, pages, source maps", () => contents(work, tarball));
  const [bare, full] = [join(work, "bare"), join(work, "full")];
  for (const folder of [bare, full]) mkdirSync(folder);
  step("installed into an empty project, and into one with Jest and TypeScript", () => {
    bareProject(bare, tarball.path);
    fullProject(full, tarball.path, ROOT);
  });
  const programs = examples(full);
  const suites = copySuites(full, ROOT);
  step("publint and attw", () => judged(work, tarball));
  step("types of every entry: nodenext (ESM, CommonJS), bundler", () => {
    checkTypes(full, [...programs.map(({ file }) => file), ...suites]);
  });
  step("the matchers at the global expect of @types/jest", () => checkGlobalExpect(full));
  step("examples/jest, copied: its types, and its tests", () => checkExample(full, ROOT, process.execPath));
  step("hil-tests/, copied into that project", () => checkSuites(full, "hil-tests", process.execPath));
  for (const node of [process.execPath, ...releases.map((release) => nodeOf(release, CACHE))]) {
    const on = ` on Node ${run(node, ["--version"], { cwd: work }).trim()}`;
    step(`import and require of every entry${on}`, () => checkImports(bare, node));
    step(`the pages' tests in Jest${on}`, () => checkJest(full, programs, node));
    step(`a campaign on the twin${on}`, () => campaign(work, bare, node));
  }
}

using work = new ScratchFolder("package");
main(process.argv.slice(2), work.path);
