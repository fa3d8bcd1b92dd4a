/** `npm test` with modules and context of each test file's own: what a file leaves behind must not be what another needs. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const env = { ...process.env, HIL_TESTS_APART: "1" };
const { status } = spawnSync("npm", ["test"], { cwd: ROOT, env, stdio: "inherit" });
process.exitCode = status ?? 1;
