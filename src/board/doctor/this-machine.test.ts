import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { diagnose } from "./doctor.ts";
import { thisMachine } from "./this-machine.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-machine-"));
mkdirSync(join(folder, "bin"));
writeFileSync(join(folder, "bin/tool"), "#!/bin/sh\n");
chmodSync(join(folder, "bin/tool"), 0o755);
writeFileSync(join(folder, "bin/text"), "not a program");
const machine = thisMachine({ PATH: join(folder, "bin"), HIL_LOCKS: join(folder, "locks") });

describe("this machine, as the doctor sees it", () => {
  test("reads files and folders, and takes what is not there for absent", async () => {
    expect(await machine.read(join(folder, "bin/text"))).toBe("not a program");
    expect(await machine.read(join(folder, "nothing"))).toBeUndefined();
    expect((await machine.entries(join(folder, "bin"))).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(["text", "tool"]);
    expect(await machine.entries(join(folder, "nothing"))).toEqual([]);
    expect([await machine.access(join(folder, "bin/text")), await machine.access(join(folder, "nothing"))]).toEqual([
      "allowed",
      "absent",
    ]);
  });

  test("finds programs in PATH by name, and others from the profile on; what cannot be run is none", async () => {
    expect(await machine.program("tool")).toBe(join(folder, "bin/tool"));
    expect(await machine.program("text")).toBeUndefined();
    expect(await machine.program("./bin/tool", join(folder, "lab.yaml"))).toBe(join(folder, "bin/tool"));
  });

  test("knows its processes, groups and libraries", async () => {
    if (process.platform === "linux") {
      expect((await machine.processes()).some(({ pid }) => pid === process.pid)).toBe(true);
      expect((await machine.groups()).length).toBeGreaterThan(0);
      expect(await machine.groupOf("/dev/null")).toBe("root");
    }
    expect([machine.library("zod"), machine.library("no-such-library")]).toEqual([true, false]);
  });

  test("can be diagnosed whatever it is: every check comes to an end", async () => {
    const outcomes = (await diagnose(machine, [])).map(({ outcome }) => outcome);
    expect(outcomes).not.toContain("not known");
  });
});
