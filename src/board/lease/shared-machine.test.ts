import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { complaint, deadPid, empty, leave, PORTS, profile, resource } from "../testing/left-locks.ts";
import { takeLease } from "./lease.ts";
import { findLocks, removeLock, takeLock } from "./lock.ts";
import type { LockOwner } from "./owner.ts";

describe("on a machine that users share, a lock", () => {
  const refuse = () => {
    throw Object.assign(new Error("EPERM"), { code: "EPERM" });
  };

  test("of another user's dead run is taken over though its file stays, and is then held by one", () => {
    const folder = empty();
    const left = leave(folder, { pid: deadPid() });
    const lock = takeLock(resource, "lab", folder, refuse);
    expect(lock.from?.token).toBe(left.token);
    expect(readdirSync(folder)).toHaveLength(2);
    expect(findLocks(folder)).toMatchObject([{ life: "alive", owner: { pid: process.pid } }]);
    expect(complaint(() => takeLock(resource, "lab", folder, refuse))).toContain("3: port /dev/ttyX is in use by ");
    lock.release();
    takeLock(resource, "lab", folder).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("follows a chain of dead users, and what was passed over is cleared away", () => {
    const folder = empty();
    leave(folder, { pid: deadPid() });
    for (const _ of [1, 2, 3]) {
      takeLock(resource, "lab", folder, refuse);
      const [last] = findLocks(folder);
      if (last === undefined || last.owner === "unknown") throw new RangeError("no lock");
      writeFileSync(last.path, JSON.stringify({ ...last.owner, pid: deadPid(), started: undefined }));
    }
    expect(readdirSync(folder)).toHaveLength(4);
    const lock = takeLock(resource, "lab", folder);
    expect(readdirSync(folder)).toHaveLength(1);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  const isRoot = process.geteuid?.() === 0;
  (isRoot ? test : test.skip)("of one user number is taken over by another in a sticky folder (wants root)", () => {
    const folder = empty();
    chmodSync(folder, 0o1777);
    const as = <T>(user: number, act: () => T): T => {
      process.seteuid?.(user);
      try {
        return act();
      } finally {
        process.seteuid?.(0);
      }
    };
    as(64_001, () => leave(folder, { pid: deadPid() }));
    const lock = as(64_002, () => takeLock(resource, "lab", folder));
    expect(readdirSync(folder)).toHaveLength(2);
    expect(complaint(() => as(64_001, () => takeLock(resource, "lab", folder)))).toContain("is in use by ");
    as(64_002, () => lock.release());
    as(64_001, () => takeLock(resource, "lab", folder).release());
    expect(readdirSync(folder)).toEqual([]);
  });

  test("says in its file and its name which driver and channel, and no program, argument or address", async () => {
    const folder = empty();
    const switches = [
      'driver: command, on: [/opt/sw, "--token=SECRET", on], off: [/opt/sw, "--token=SECRET", off], cuts: soc',
      'driver: http, on: { url: "https://sw.lab/SECRET" }, off: { url: "https://sw.lab/SECRET" }, cuts: soc',
    ];
    for (const power of switches) {
      const loaded = profile("driver: lcus, port: { path: /dev/ttyUSB0 }, channel: 1, contact: NC, cuts: soc", power);
      await using lease = await takeLease(loaded, { folder, ports: PORTS });
      expect(lease.notes).toEqual([]);
      const names = readdirSync(folder);
      const texts = names.map((name) => readFileSync(join(folder, name), "utf8"));
      expect(names.every((name) => /^(port|power)-[0-9a-f]{24}\.lock$/.test(name))).toBe(true);
      expect(texts.join()).toMatch(/"the power switch (command|http)"/);
      expect([...names, ...texts].join()).not.toMatch(/SECRET|sw\.lab|\/opt/);
      await expect(takeLease(loaded, { folder, ports: PORTS })).rejects.toThrow(/^(?!.*SECRET)/s);
    }
  });

  test.each([
    ["a pipe", (path: string) => spawnSync("mkfifo", [path])],
    ["a folder", (path: string) => mkdirSync(path)],
    ["a link", (path: string) => symlinkSync("/etc/hostname", path)],
    ["a link to nowhere", (path: string) => symlinkSync("/nowhere/at/all", path)],
    ["an endless file", (path: string) => symlinkSync("/dev/zero", path)],
    ["a long file", (path: string) => writeFileSync(path, JSON.stringify({ x: "y".repeat(5000) }))],
  ])("that is %s is nobody's: held, and it is not waited for", (_, lay) => {
    const folder = empty();
    const lock = takeLock(resource, "lab", folder);
    const path = findLocks(folder)[0]?.path ?? "";
    lock.release();
    lay(path);
    expect(complaint(() => takeLock(resource, "lab", folder))).toMatch(/^3: the lock .* cannot be read\./);
  });

  test.each<[string, Partial<LockOwner>]>([
    ["whose token is a path", { token: "/../../precious" }],
    ["of a group of processes", { pid: -1 }],
  ])("%s cannot be read, so nothing is done with it", (_, changes) => {
    const folder = empty();
    leave(folder, { pid: deadPid(), ...changes });
    expect(complaint(() => takeLock(resource, "lab", folder))).toMatch(/^3: the lock .* cannot be read\./);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test("is removed only where it is a file that is named as one", () => {
    const folder = empty();
    const other = join(folder, "package.lock");
    writeFileSync(other, "{}");
    expect(findLocks(folder)).toEqual([]);
    expect(complaint(() => removeLock({ path: other, owner: "unknown", life: "unknown" }))).toContain("none of ours");
    const lock = takeLock(resource, "lab", folder);
    const path = findLocks(folder)[0]?.path ?? "";
    lock.release();
    symlinkSync(other, path);
    expect(complaint(() => removeLock({ path, owner: "unknown", life: "unknown" }))).toContain("none of ours");
    expect(readdirSync(folder)).toHaveLength(2);
  });
});

describe("the folder of the locks", () => {
  test("is sticky and everybody's, also one that an earlier release made", () => {
    const folder = join(empty(), "locks");
    takeLock(resource, "lab", folder).release();
    expect(statSync(folder).mode & 0o7777).toBe(0o1777);
    chmodSync(folder, 0o777);
    takeLock(resource, "lab", folder).release();
    expect(statSync(folder).mode & 0o7777).toBe(0o1777);
  });

  test.each([
    ["a pipe", (path: string) => void spawnSync("mkfifo", [path])],
    ["a file", (path: string) => writeFileSync(path, "")],
  ])("is refused when it is %s, without a wait, and nothing of it is changed", (_, lay) => {
    const path = join(empty(), "locks");
    lay(path);
    const mode = statSync(path).mode;
    expect(complaint(() => takeLock(resource, "lab", path))).toMatch(/^3: /);
    expect(statSync(path).mode).toBe(mode);
  });

  test("is refused when it is a link, or open to all and another user's", () => {
    const folder = empty();
    symlinkSync(folder, join(folder, "link"));
    expect(complaint(() => takeLock(resource, "lab", join(folder, "link")))).toMatch(
      /^3: .*\/link, is a link\. Remove it/,
    );
    if (process.getuid?.() !== 0) return;
    chmodSync(folder, 0o777);
    chownSync(folder, 64_001, 64_001);
    expect(complaint(() => takeLock(resource, "lab", folder))).toMatch(/chmod 1777/);
  });
});
