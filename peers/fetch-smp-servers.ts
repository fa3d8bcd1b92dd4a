// Fetches the Zephyr SMP servers that smpclient's source package carries for its own tests, for peers/smp-servers.test.ts.
// usage: npx tsx peers/fetch-smp-servers.ts [python]
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { SMP_SERVERS } from "./smp-servers.ts";

const python = process.argv[2] ?? join(process.env["HIL_PEERS_VENV"] ?? ".cache/peers", "bin/python");
const { folder, name, version, sha256 } = SMP_SERVERS;
mkdirSync(folder, { recursive: true });
const archive = join(folder, `${name}-${version}.tar.gz`);
if (!existsSync(archive)) download();
const found = createHash("sha256").update(readFileSync(archive)).digest("hex");
if (found !== sha256) {
  rmSync(archive);
  throw new Error(`${archive} has SHA-256 ${found}, not ${sha256}: thrown away`);
}
const inside = `${name}-${version}/tests/fixtures/smp-server`;
execFileSync("tar", ["-xzf", archive, "-C", folder, "--strip-components=4", inside]);
for (const file of readdirSync(folder)) if (file.endsWith(".exe")) chmodSync(join(folder, file), 0o755);
console.log(`${readdirSync(folder).length} files in ${folder}`);

/** The source package, by name and version; nothing of it is built or run. */
function download(): void {
  const options = ["--quiet", "--no-deps", "--no-binary", name, "--dest", folder, "--disable-pip-version-check"];
  execFileSync(python, ["-m", "pip", "download", ...options, `${name}==${version}`], { stdio: "inherit" });
}
