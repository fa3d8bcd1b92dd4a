/** All of smpclient's own integration tests on the twin, of which CI takes a sample: some minutes. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const env = { ...process.env, HIL_SMP_SUITE: "1" };
const jest = ["run", "--silent", "jest", "--", "--selectProjects", "peers", "peers/smp-suite.test.ts"];
const { status } = spawnSync("npm", jest, { cwd: ROOT, env, stdio: "inherit" });
process.exitCode = status ?? 1;
