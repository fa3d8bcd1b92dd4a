/** CI's step "nodes" with every suite beside the code, not a sample: some minutes for each release of Node. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const env = { ...process.env, HIL_CI_SUITES: "src scripts", HIL_CI_LIMITED: "1" };
const { status } = spawnSync("bash", [".ci/run", "nodes"], { cwd: ROOT, env, stdio: "inherit" });
process.exitCode = status ?? 1;
