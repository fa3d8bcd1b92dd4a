import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const VENV = process.env["HIL_AIR_VENV"] ?? ".cache/peers-air";
const PYTHON = join(VENV, "bin/python");

/** What virtual controllers need here and how to have it; undefined when it is here. */
export function missingAir(): string | undefined {
  const found = existsSync(PYTHON) && spawnSync(PYTHON, ["-c", "import bumble.controller"]).status === 0;
  return found ? undefined : "needs bumble 0.0.236: install .ci/peers-air.txt into a venv and set HIL_AIR_VENV to it";
}

/** Bluetooth controllers that hear each other, each behind a pseudo-terminal, as a process of Python. */
export async function virtualAir(count: number) {
  const child = spawn(PYTHON, ["peers/virtual_air.py", String(count)], { stdio: ["pipe", "pipe", "ignore"] });
  const over = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async () => {
    const line = await lines.next();
    if (line.done) throw new Error("the virtual controllers ended");
    return JSON.parse(line.value) as { readonly paths?: readonly string[] };
  };
  const { paths = [] } = await said();
  return {
    paths,
    /** `lose`, `unplug I`, `mute I OPCODE`: done when this resolves. */
    async tell(line: string): Promise<void> {
      child.stdin.write(`${line}\n`);
      await said();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill("SIGKILL");
      await over;
    },
  };
}
