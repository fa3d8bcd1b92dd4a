import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { findLocks, LOCKS_VARIABLE, ownerNow, parseProfile, resourcesOf, takeLock } from "../../board/index.ts";
import { memoryIo } from "../testing/memory-io.ts";
import { boardReleaseCommand } from "./release.ts";

const PROFILE = `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: lcus, port: { path: /dev/ttyUSB0 }, channel: 1, contact: NC, cuts: soc }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem" }
images: { encryption: none }
`;

let locks: string;
const other = { kind: "port", id: "port /dev/ttyZ", name: "port /dev/ttyZ" } as const;

/** A lock of the lab's port whose owner is dead, and one of another port whose owner lives. */
beforeEach(async () => {
  locks = mkdtempSync(join(tmpdir(), "hil-locks-"));
  const [port] = await resourcesOf(parseProfile(PROFILE, "/lab/lab.yaml"));
  if (!port) throw new RangeError("no port");
  takeLock(port, "lab", locks);
  const { started: _, ...owner } = { ...ownerNow(port.name, "lab"), pid: spawnSync(process.execPath, ["-e", "0"]).pid };
  writeFileSync(findLocks(locks)[0]?.path ?? "", JSON.stringify(owner));
  takeLock(other, "other", locks);
});

async function release(...argv: string[]) {
  const io = memoryIo({ env: { [LOCKS_VARIABLE]: locks } });
  writeFileSync(join(io.cwd, "lab.yaml"), PROFILE);
  return { code: await boardReleaseCommand(argv, io), out: io.printed(), err: io.complained() };
}

describe("hil board release", () => {
  test("frees what the dead left, keeps what the living hold, and ends with 3 as long as something is held", async () => {
    const { code, out, err } = await release();
    expect(out).toMatch(/^released {2}port \/dev\/ttyACM1: .* its process is gone$/m);
    expect(out).toMatch(/^held {6}port \/dev\/ttyZ: .*board other.* its process lives$/m);
    expect(err).toContain("1 lock still held");
    expect(code).toBe(3);
    expect(findLocks(locks).map(({ life }) => life)).toEqual(["alive"]);
  });

  test("of a board leaves the others' alone", async () => {
    expect(await release("--board", "lab.yaml")).toMatchObject({ code: 0, err: "" });
    expect(findLocks(locks)).toHaveLength(1);
    expect(await release("--board", "lab.yaml", "--force")).toMatchObject({ code: 0, out: "nothing is locked\n" });
  });

  test("with --force frees all", async () => {
    expect(await release("--force")).toMatchObject({
      code: 0,
      out: expect.stringContaining("released  port /dev/ttyZ"),
    });
    expect(findLocks(locks)).toEqual([]);
  });
});
