/**
 * All property tests under many seeds: `npx tsx scripts/nightly/properties.ts [SEEDS] [FIRST]`. The tests of one commit
 * always draw the same cases (scripts/property-seed.ts); this is where new ones come from. A seed that fails is printed;
 * `HIL_PROPERTY_SEED=N npm test` shows it again.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [seeds, first] = [Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 1000)];
const root = join(import.meta.dirname, "../..");
const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => join("src", name))
  .filter((name) => readFileSync(join(root, name), "utf8").includes('from "fast-check"'));

const failed: number[] = [];
for (let seed = first; seed < first + seeds; seed += 1) {
  const env = { ...process.env, HIL_PROPERTY_SEED: String(seed) };
  const args = ["run", "--silent", "jest", "--", "--selectProjects", "unit", "--runTestsByPath", ...files];
  const { status, stderr } = spawnSync("npm", args, { cwd: root, env, encoding: "utf8" });
  console.log(`seed ${seed}: ${status === 0 ? "passed" : "FAILED"}`);
  if (status === 0) continue;
  failed.push(seed);
  console.log(stderr);
}
console.log(`${files.length} suites under ${seeds} seeds from ${first}: ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
