import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { oneProgram } from "../../core/testing/one-program.ts";
import { type LoadedProfile, parseProfile } from "../profile/profile.ts";
import { complaint, deadPid, empty, leave, PORTS, PROFILE, profile, resource } from "../testing/left-locks.ts";
import { requireApart, resourcesOf, takeLease } from "./lease.ts";
import { findLocks, LOCKS_VARIABLE, locksFolder, removeLock, takeLock } from "./lock.ts";
import { type LockOwner, lifeOf, ownerNow, readOwner } from "./owner.ts";

const RACER = fileURLToPath(new URL("../testing/lock-racer.ts", import.meta.url));

describe("a lock", () => {
  test("is held by one, says by whom, where and since when, and is gone after its release", () => {
    const folder = empty();
    const lock = takeLock(resource, "lab-07", folder);
    const text = complaint(() => takeLock(resource, "other", folder));
    expect(text).toContain(`3: port /dev/ttyX is in use by `);
    expect(text).toContain(` on ${hostname()} (process ${process.pid}, board lab-07) since 20`);
    expect(text).toContain("hil board release --force");
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
    takeLock(resource, "other", folder).release();
  });

  test("of a process that died is taken over, and the new owner knows from whom", () => {
    const folder = empty();
    const left = leave(folder, { pid: deadPid() });
    const lock = takeLock(resource, "lab", folder);
    expect(lock.from?.token).toBe(left.token);
    expect(findLocks(folder).map(({ life }) => life)).toEqual(["alive"]);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is taken over even when whoever began to take it over died over it", () => {
    const folder = empty();
    const left = leave(folder, { pid: deadPid() });
    const [found] = findLocks(folder);
    const successor = `${found?.path.replace(/\.lock$/, `.${left.token}.lock`)}`;
    writeFileSync(successor, JSON.stringify({ ...left, token: "ab".repeat(8) }));
    const lock = takeLock(resource, "lab", folder);
    expect(lock.from?.token).toBe("ab".repeat(8));
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("of another host is held: nobody here can see whether that process lives", () => {
    const folder = empty();
    leave(folder, { pid: deadPid(), host: "far-away" });
    expect(complaint(() => takeLock(resource, "lab", folder))).toMatch(
      /^3: port \/dev\/ttyX is in use by ci on far-away .* since 2026-11-21 14:03:10 UTC\. If you know that no run/,
    );
  });

  test("that cannot be read is held", () => {
    const folder = empty();
    leave(folder, {});
    writeFileSync(findLocks(folder)[0]?.path ?? "", "{");
    expect(complaint(() => takeLock(resource, "lab", folder))).toMatch(/^3: the lock .* cannot be read\./);
  });

  test("cannot be taken in a folder that cannot be made, and the way out is named", () => {
    const file = join(empty(), "file");
    writeFileSync(file, "");
    expect(complaint(() => takeLock(resource, "lab", join(file, "below")))).toMatch(
      /^3: port \/dev\/ttyX cannot be locked in .*HIL_LOCKS\.$/,
    );
  });

  test("is removed when it is found to be dead, but not when somebody has taken it since", () => {
    const folder = empty();
    leave(folder, { pid: deadPid() });
    const [found] = findLocks(folder);
    if (!found) throw new RangeError("no lock");
    const lock = takeLock(resource, "lab", folder);
    removeLock(found);
    expect(findLocks(folder)).toHaveLength(1);
    lock.release();
    leave(folder, { pid: deadPid() });
    removeLock(found);
    expect(findLocks(folder)).toEqual([]);
  });

  test("never has two owners: six processes race for it, past dead owners and live ones", async () => {
    const folder = empty();
    const [racers, rounds] = [6, 40];
    const dead = String(deadPid());
    const racer = oneProgram(RACER);
    const ends = Array.from({ length: racers }, () => {
      const child = spawn(process.execPath, [racer, folder, String(rounds), dead], {
        stdio: "inherit",
      });
      return new Promise<number | null>((resolve) => child.on("close", resolve));
    });
    expect(await Promise.all(ends)).toEqual(Array.from({ length: racers }, () => 0));
    const lines = readFileSync(join(folder, "diary"), "utf8").trim().split("\n");
    expect(lines).toHaveLength(2 * racers * rounds);
    const overlaps = lines.filter((line, index) => {
      const [what, pid] = line.split(" ");
      return index % 2 === 0 ? what !== "in" : what !== "out" || lines[index - 1] !== `in ${pid}`;
    });
    expect(overlaps).toEqual([]);
    expect(lines.filter((line) => line.endsWith("from the dead")).length).toBeGreaterThan(racers * rounds * 0.3);
    expect(readdirSync(folder).filter((name) => !/^diary$|\.lock$/.test(name))).toEqual([]);
  });
});

describe("whether an owner lives", () => {
  /** A /proc of our own: one process that started at tick 4711, on boot "now". */
  function proc(state: string): string {
    const root = empty();
    mkdirSync(join(root, "sys/kernel/random"), { recursive: true });
    writeFileSync(join(root, "sys/kernel/random/boot_id"), "now\n");
    mkdirSync(join(root, String(process.pid)));
    const fields = `${state} ${Array.from({ length: 18 }, () => "0").join(" ")} 4711 0`;
    writeFileSync(join(root, String(process.pid), "stat"), `${process.pid} (a (odd) name) ${fields}`);
    return root;
  }

  test.each<[string, Partial<LockOwner>, string, string]>([
    ["the same process", { started: "4711", boot: "now" }, "S", "alive"],
    ["a later process of that number", { started: "4712", boot: "now" }, "S", "dead"],
    ["another boot of the host", { started: "4711", boot: "before" }, "S", "dead"],
    ["a zombie", { started: "4711", boot: "now" }, "Z", "dead"],
    ["another host", { host: "far-away" }, "S", "elsewhere"],
  ])("is known of %s", (_, changes, state, life) => {
    const { started: _started, boot: _boot, ...owner } = ownerNow("x", "lab");
    expect(lifeOf({ ...owner, ...changes }, proc(state))).toBe(life);
  });
});

test("the folder of the locks is the variable's, else one that all users of the machine share", () => {
  expect(locksFolder({ [LOCKS_VARIABLE]: "/srv/locks" })).toBe("/srv/locks");
  expect(locksFolder({})).toMatch(/^\/(run\/lock|tmp)\/mcuboot-hil$/);
});

const idsOf = async (loaded: LoadedProfile) => (await resourcesOf(loaded, { ports: PORTS })).map(({ id }) => id);

describe("what a board holds", () => {
  test("is its UART by the probe's serial number, and its channel of the relay", async () => {
    expect(await idsOf(profile())).toEqual([
      "port usb 1050012345 interface 2",
      "power lcus port /dev/ttyUSB0, channel 1",
    ]);
  });

  test("is the same however the profile names the port", async () => {
    const names = ['jlink: "001050012345", interface: 2', "path: /dev/serial/by-id/usb-SEGGER-if02"];
    for (const name of names) expect(await idsOf(profile("path: /dev/ttyACM1", name))).toEqual(await idsOf(profile()));
  });

  test("is the port behind a link", async () => {
    const folder = empty();
    writeFileSync(join(folder, "node"), "");
    symlinkSync(join(folder, "node"), join(folder, "uart"));
    const loaded = profile("path: /dev/ttyACM1", "path: ./uart", join(folder, "lab.yaml"));
    expect((await idsOf(loaded))[0]).toBe(`port ${join(folder, "node")}`);
  });

  test("is nothing for a twin in process", async () => {
    const text = PROFILE.replace("provider: hardware", "provider: twin")
      .replace("/dev/ttyACM1", "twin:app")
      .replace("/dev/ttyUSB0", "twin:relay");
    expect(await resourcesOf(parseProfile(text, "/lab/twin.yaml"))).toEqual([]);
  });

  test("is leased as a whole or not at all, and given back", async () => {
    const folder = empty();
    const options = { folder, ports: PORTS };
    const first = await takeLease(profile(), options);
    expect(first.notes).toEqual([]);
    const other = profile("path: /dev/ttyACM1", "path: /dev/ttyACM9");
    await expect(takeLease(other, options)).rejects.toThrow(/^the power switch lcus \(channel 1\) is in/);
    expect(findLocks(folder)).toHaveLength(2);
    await first[Symbol.asyncDispose]();
    expect(readdirSync(folder)).toEqual([]);
    await using second = await takeLease(other, options);
    expect(second.notes).toEqual([]);
  });

  test("notes a lock that a dead run left", async () => {
    const folder = empty();
    const lease = await takeLease(profile(), { folder, ports: PORTS });
    for (const { path } of findLocks(folder)) {
      const owner = readOwner(path);
      if (owner === undefined || owner === "unknown") throw new RangeError("no owner");
      writeFileSync(path, JSON.stringify({ ...owner, pid: deadPid(), token: "dead".repeat(4) }));
    }
    await using next = await takeLease(profile(), { folder, ports: PORTS });
    expect(next.notes).toHaveLength(2);
    expect(next.notes[0]).toBe("port /dev/ttyACM1 was locked by a run that died: its lock was taken over");
    await lease[Symbol.asyncDispose]();
    expect(existsSync(findLocks(folder)[0]?.path ?? "")).toBe(true);
  });
});

describe("boards that run at once", () => {
  const options = { ports: PORTS };

  test("may share a relay card, each with a channel of its own", async () => {
    const other = PROFILE.replace("ttyACM1", "ttyACM5").replace("channel: 1", "channel: 2");
    await requireApart([profile(), parseProfile(other, "/lab/other.yaml")], options);
    expect(await resourcesOf(profile(), options)).toHaveLength(2);
  });

  test.each([
    ["a port", "channel: 1", "channel: 2", "port /dev/ttyACM1"],
    ["a channel", "ttyACM1", "ttyACM5", "the power switch lcus (channel 1)"],
  ])("may not share %s", async (_, from, to, what) => {
    const other = profile(from, to, "/lab/other.yaml");
    await expect(requireApart([profile(), other], options)).rejects.toMatchObject({
      kind: "configuration",
      message: `/lab/lab.yaml and /lab/other.yaml both use ${what}.`,
    });
  });
});
