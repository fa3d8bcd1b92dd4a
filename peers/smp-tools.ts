import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const VENV = process.env["HIL_PEERS_VENV"] ?? ".cache/peers";
export const PYTHON = join(VENV, "bin/python");
export const SMPMGR = join(VENV, "bin/smpmgr");
const run = promisify(execFile);

/**
 * The classic mcumgr in Go: HIL_MCUMGR, the peers' folder, a cache outside the repo, then PATH. Registries have not
 * carried it at all times, so it may be missing even where the others are required.
 */
export const MCUMGR = [
  process.env["HIL_MCUMGR"],
  join(VENV, "bin/mcumgr"),
  join(homedir(), ".cache/mcuboot-hil/bin/mcumgr"),
].find((path) => path !== undefined && existsSync(path));

/** What a client needs to run here and how to have it; undefined when it is here. */
export function missingClient(name: "smpclient" | "smpmgr" | "mcumgr-toolkit" | "mcumgr"): string | undefined {
  if (name === "mcumgr") {
    const hint = "`go install github.com/apache/mynewt-mcumgr-cli/mcumgr@latest`, or set HIL_MCUMGR to a built one";
    return MCUMGR === undefined ? `needs the Go mcumgr: ${hint}` : undefined;
  }
  const hint = "install .ci/peers.txt into a venv and set HIL_PEERS_VENV to it";
  if (name === "smpmgr") return existsSync(SMPMGR) ? undefined : `needs ${SMPMGR}; ${hint}`;
  const module = name.replaceAll("-", "_");
  const found = spawnSync(PYTHON, ["-c", `import ${module}`]).status === 0;
  return found ? undefined : `needs the Python package ${name}; ${hint}`;
}

/** The same of smpclient's way over an HCI controller, which its extra brings. */
export function missingBumbleClient(): string | undefined {
  const found = spawnSync(PYTHON, ["-c", "import smpclient.transport.bumble"]).status === 0;
  return found ? undefined : "needs smpclient[bumble]; install .ci/peers.txt into a venv and set HIL_PEERS_VENV to it";
}

/** Both streams of a client that must end well. */
export async function output(program: string, args: readonly string[], timeoutMs = 100_000): Promise<string> {
  try {
    const { stdout, stderr } = await run(program, [...args], { timeout: timeoutMs });
    return `${stdout}${stderr}`;
  } catch (error) {
    const said = typeof error === "object" && error !== null && "stdout" in error ? String(error.stdout) : "";
    throw new Error(`${program} ${args.join(" ")} failed: ${said.slice(-1_000)}`, { cause: error });
  }
}

/** The steps that smp_upgrade.py reports, by name. */
export async function pythonSteps(args: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const { stdout } = await run(PYTHON, ["peers/smp_upgrade.py", ...args], { timeout: 250_000 });
  const steps = new Map<string, unknown>();
  for (const line of stdout.trim().split("\n")) {
    const { step, value } = JSON.parse(line) as { step: string; value: unknown };
    steps.set(step, value);
  }
  return steps;
}
