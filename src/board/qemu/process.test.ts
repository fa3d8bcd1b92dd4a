import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { RealClock, sleep } from "../../core/index.ts";
import { GuardedProcess } from "./process.ts";

const clock = new RealClock();
const NEVER = new AbortController().signal;

async function until(what: () => boolean): Promise<boolean> {
  for (let asked = 0; asked < 1_000 && !what(); asked += 1) await sleep(clock, 20);
  return what();
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a program ends with the one who started it, and its folder goes with it", async () => {
  let pid = 0;
  const started = GuardedProcess.start((folder) => ["/bin/sh", "-c", `: > ${folder}/up; exec sleep 600`]);
  expect(await until(() => existsSync(join(started.folder, "up")))).toBe(true);
  pid = started.pid ?? 0;
  expect(runs(pid)).toBe(true);
  await started[Symbol.asyncDispose]();
  expect(runs(pid)).toBe(false);
  expect(existsSync(started.folder)).toBe(false);
  expect(started.hasEnded).toBe(true);
});

test("a program that ends at once is told with what it said", async () => {
  await using started = GuardedProcess.start(() => ["/bin/sh", "-c", "echo no such machine >&2; exit 1"]);
  await expect(started.failure(NEVER)).rejects.toMatchObject({
    kind: "bench",
    message: "QEMU ended at once: no such machine.",
  });
  expect(existsSync(started.folder)).toBe(false);
});

test("a program that is not there is told like one that ends", async () => {
  await using started = GuardedProcess.start(() => ["/nonexistent/qemu"]);
  await expect(started.failure(NEVER)).rejects.toThrow(/QEMU ended at once: .*\/nonexistent\/qemu/);
});
