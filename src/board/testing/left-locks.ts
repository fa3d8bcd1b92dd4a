import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "@jest/globals";
import { isHilError } from "../../core/index.ts";
import type { PortInfo } from "../../serial/index.ts";
import { findLocks, takeLock } from "../lease/lock.ts";
import { type LockOwner, ownerNow } from "../lease/owner.ts";
import { type LoadedProfile, parseProfile } from "../profile/profile.ts";

/** A new folder of locks. */
export const empty = () => mkdtempSync(join(tmpdir(), "hil-locks-"));
export const resource = { kind: "port", id: "port /dev/ttyX", name: "port /dev/ttyX" } as const;

/** The number of a process that has ended. */
export const deadPid = () => spawnSync(process.execPath, ["-e", "0"]).pid;

/** A lock that somebody else left, as a file. */
export function leave(folder: string, changes: Partial<LockOwner>): LockOwner {
  const lock = takeLock(resource, "lab", folder);
  const [found] = findLocks(folder);
  const { started: _, ...owner } = ownerNow(resource.name, "lab");
  const left: LockOwner = { ...owner, user: "ci", since: "2026-11-21T14:03:10.000Z", ...changes };
  writeFileSync(found?.path ?? "", JSON.stringify(left));
  expect(lock.from).toBeUndefined();
  return left;
}

/** Exit code and text of what something throws. */
export function complaint(act: () => unknown): string {
  try {
    act();
    return "none";
  } catch (error) {
    return isHilError(error) ? `${error.exitCode}: ${error.paragraph()}` : "not one of ours";
  }
}

/** A board of the lab, as text. */
export const PROFILE = `schema: 1
name: lab
provider: hardware
ports: { app: { path: /dev/ttyACM1 } }
power: { driver: lcus, port: { path: /dev/ttyUSB0 }, channel: 1, contact: NC, cuts: soc }
slots:
  primary: { offset: 0x10000, bytes: 0x10000 }
  secondary: { offset: 0x20000, bytes: 0x10000 }
keys: { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" }
`;

export const PORTS: readonly PortInfo[] = [
  { path: "/dev/ttyACM1", stablePath: "/dev/serial/by-id/usb-SEGGER-if02", serial: "1050012345", interface: 2 },
  { path: "/dev/ttyUSB0" },
];

/** The same, with something changed. */
export const profile = (from = "", to = "", file = "/lab/lab.yaml"): LoadedProfile =>
  parseProfile(from === "" ? PROFILE : PROFILE.replace(from, to), file);
