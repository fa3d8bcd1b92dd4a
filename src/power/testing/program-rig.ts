import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RealClock } from "../../core/index.ts";
import type { PowerBench, PowerState, PowerSwitch } from "../index.ts";
import type { Fault } from "./coils.ts";
import type { PowerRig } from "./contract.ts";

export interface ProgramRig extends PowerRig {
  /** The arguments of every call, in order, words parted by blanks. */
  calls(): Promise<readonly string[]>;
}

/** A script of `sh` in place of a tool: `turn on`, `turn off` move the supply, `$STATE` is its state. */
export interface FakeTool {
  /** What the tool does when it is well; `$*` is its arguments. */
  readonly script: string;
  /** What it prints, and how it ends, when it cannot do what it is told. */
  readonly refusal: string;
}

const HEAD = (folder: string) => `#!/bin/sh
cd '${folder}'
echo "$*" >> calls
touch supply
turn() { [ "$(tail -n 1 supply)" = "$1" ] || echo "$1" >> supply; }
STATE=$(tail -n 1 supply); [ "$STATE" ] || STATE=off
`;

/** A driver and a pretended tool that records its calls, in real time. */
export async function programRig(spec: {
  readonly open: (program: string, bench: PowerBench) => Promise<PowerSwitch>;
  readonly tool: FakeTool;
  readonly fault?: Fault | undefined;
}): Promise<ProgramRig> {
  const folder = await mkdtemp(join(tmpdir(), "hil-tool-"));
  const program = join(folder, "tool");
  const { script, refusal } = spec.tool;
  const bodies: Record<Fault, string> = {
    works: script,
    refuses: refusal,
    silent: "exec sleep 100",
    garbage: "echo '<?>'; exit 0",
    slow: `sleep 0.05\n${script}`,
    unplugged: script,
  };
  await writeFile(program, HEAD(folder) + bodies[spec.fault ?? "works"]);
  await chmod(program, 0o755);
  const clock = new RealClock();
  const links = { open: () => Promise.reject(new Error("no port is needed")) };
  const gone = spec.fault === "unplugged" ? join(folder, "not-installed") : program;
  const power = await spec.open(gone, { links, clock, folder });
  const lines = async (name: string) =>
    (await readFile(join(folder, name), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
  const history = async () => (await lines("supply")) as PowerState[];
  return {
    power,
    clock,
    history,
    calls: () => lines("calls"),
    supply: async () => (await history()).at(-1) ?? "off",
    [Symbol.asyncDispose]: () => power[Symbol.asyncDispose](),
  };
}
