import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { RealClock, sleep, VirtualClock } from "../../core/index.ts";
import { commandSwitch, type PowerState } from "../index.ts";
import { type PowerRig, powerSwitchContract } from "../testing/contract.ts";

const NODE = process.execPath;
/** A program that appends its argument to a file beside it, and one that says what came last. */
const SWITCH = 'echo "$1" >> supply\n';
const STATUS = 'echo "state: $(tail -n 1 supply)"\n';

const links = { open: () => Promise.reject(new Error("no port is needed")) };

async function rig(
  options: Partial<Parameters<typeof commandSwitch.open>[0]> = {},
): Promise<PowerRig & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "hil-power-"));
  await writeFile(join(folder, "supply"), "");
  await writeFile(join(folder, "switch.sh"), SWITCH);
  await writeFile(join(folder, "status.sh"), STATUS);
  const clock = new RealClock();
  const on = ["sh", "./switch.sh", "on"];
  const off = ["sh", "./switch.sh", "off"];
  const power = await commandSwitch.open({ on, off, cuts: "board", ...options }, { links, clock, folder });
  const history = async () =>
    (await readFile(join(folder, "supply"), "utf8")).split("\n").filter((line) => line !== "") as PowerState[];
  return {
    power,
    clock,
    folder,
    history,
    supply: async () => (await history()).at(-1) ?? "off",
    [Symbol.asyncDispose]: () => power[Symbol.asyncDispose](),
  };
}

const status = { run: ["sh", "./status.sh"], on: "state: on", off: "state: off" };

powerSwitchContract("command", { open: () => rig(), readsBack: false });
powerSwitchContract("command with a status", { open: () => rig({ status }), readsBack: true });

/** True as soon as a process is dead, be it that nobody has reaped it yet (Linux); false when it lives on for 10 s. */
async function dies(pid: number): Promise<boolean> {
  const clock = new RealClock();
  while (clock.nowUs() < 10_000_000) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    if (!exists(pid) || /\) [ZX] /.test(stat)) return true;
    await sleep(clock, 2);
  }
  return false;
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the command driver", () => {
  test("runs its words without a shell", async () => {
    await using bench = await rig({ on: ["sh", "./switch.sh", "$(touch broken); echo *"] });
    await bench.power.set("on");
    expect(await bench.history()).toEqual(["$(touch broken); echo *"]);
  });

  test("tells what failed, with the exit code and what was printed, but not the arguments", async () => {
    const off = [NODE, "-e", 'console.error("no such hub"); process.exit(7)', "--", "--password=hunter2"];
    await using bench = await rig({ off });
    const error: unknown = await bench.power.set("off").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: "bench",
      message: `the power command for "off" (${NODE}) ended with exit code 7. It printed: "no such hub".`,
    });
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  test("takes other exit codes for success when the profile says so", async () => {
    await using bench = await rig({ off: [NODE, "-e", "process.exit(7)"], ok_exit: [0, 7] });
    await expect(bench.power.set("off")).resolves.toHaveProperty("sentAtUs");
  });

  test("fails on a text that means failure, although the exit code is 0", async () => {
    await using bench = await rig({
      off: [NODE, "-e", 'console.log("No compatible devices")'],
      fail_text: "No compat",
    });
    await expect(bench.power.set("off")).rejects.toMatchObject({ kind: "bench" });
  });

  test("says that a program is not there", async () => {
    await using bench = await rig({ on: ["./no-such-program"] });
    await expect(bench.power.set("on")).rejects.toMatchObject({
      kind: "bench",
      message: expect.stringContaining("cannot run ./no-such-program"),
    });
  });

  test("kills a program that hangs with all its children, even one that ignores SIGTERM", async () => {
    const hang = 'trap "" TERM; sleep 1000 & echo $! > pid; while :; do wait; done';
    await using bench = await rig({ off: ["sh", "-c", hang], timeout_ms: 700, kill_after_ms: 50 });
    await expect(bench.power.set("off")).rejects.toMatchObject({
      kind: "bench",
      message: expect.stringContaining(`waited 700 ms for the power command for "off"`),
    });
    const pid = Number(await readFile(join(bench.folder, "pid"), "utf8"));
    expect(await dies(pid)).toBe(true);
  });

  test("ends its program when it is given up", async () => {
    await using bench = await rig({ off: ["sleep", "100"] });
    const stop = new AbortController();
    const cut = bench.power.set("off", { signal: stop.signal });
    stop.abort(new Error("Ctrl-C"));
    await expect(cut).rejects.toThrow("Ctrl-C");
  });

  test("reads unknown when the status text says neither or both", async () => {
    await using bench = await rig({ status: { ...status, on: "state", off: "state" } });
    expect(await bench.power.read?.()).toBe("unknown");
  });

  test("refuses virtual time, and patterns that are none", async () => {
    const right = { on: ["a"], off: ["b"], cuts: "board" } as const;
    const bench = { links, clock: new VirtualClock() };
    await expect(commandSwitch.openFrom(right, bench)).rejects.toMatchObject({ kind: "configuration" });
    const wrong = commandSwitch.openFrom({ ...right, fail_text: "(" }, { links, clock: new RealClock() });
    await expect(wrong).rejects.toMatchObject({
      message: expect.stringContaining('fail_text is "("; expected a regular'),
    });
  });
});
