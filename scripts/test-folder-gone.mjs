import { existsSync, readdirSync, rmSync } from "node:fs";

/** What tools of others leave, which is theirs: a cache each. */
const CACHES = /^(?:tsx-\d+|node-compile-cache|jest_\w+|esbuild-\w+)$/;

/** After all tests: nothing may be left. Each test file takes its own folder away (test-environment.mjs). */
export default function folderIsGone() {
  const folder = process.env.HIL_TEST_FOLDER;
  if (folder === undefined || !existsSync(folder)) return;
  const left = readdirSync(folder).filter((name) => !CACHES.test(name));
  rmSync(folder, { recursive: true, force: true });
  if (left.length > 0) throw new Error(`temporary files that the tests left in TMPDIR: ${left.join(", ")}`);
}
