import { isHilError, messageOf } from "../../core/index.ts";
import { portName } from "../../power/index.ts";
import { discoverBoards, portsOf, stablePathOf } from "../discovery.ts";
import { programsOf } from "../flash/programs.ts";
import { healthFile } from "../lease/health.ts";
import { readablePasswords } from "../parts/reach.ts";
import { loadCalibration } from "../profile/calibration-file.ts";
import { FLASH_TOOLS } from "../profile/flash-tools.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import { switchesOf } from "../profile/recovery-schema.ts";
import type { DoctorCheck, DoctorFinding, Surroundings } from "./check.ts";

const DAY_MS = 86_400_000;
/** Relays warm up, wear and are re-wired: an older measurement is worth a new one. */
const CALIBRATION_DAYS_MAX = 30;
/** From this kernel on, uhubctl switches through a file that stays switched. Source: uhubctl issues 458 and 474. */
const HUB_KERNEL = 6;
const HUB_REPEATS = 100;

/** What the profiles name, and the machine has or has not. */
export const PROFILE_CHECKS: readonly DoctorCheck[] = [
  {
    id: "ports",
    looksAt: "are the profiles' ports there, and named for good",
    look: ports,
    source: "udev: by-id, by-path",
  },
  { id: "probes", looksAt: "can the J-Links be told apart", look: probes, source: "clones share serial numbers" },
  { id: "tools", looksAt: "are the programs there that the profiles ask for", look: tools, source: "PATH" },
  {
    id: "secrets",
    looksAt: "are the profiles' environment variables set, and can nobody read them on their way",
    look: secrets,
    source: "fields that end in _env; plain HTTP to an address that is not private (RFC 1918, RFC 4193)",
  },
  {
    id: "hub-kernel",
    looksAt: "does the kernel switch hub ports on again",
    platforms: ["linux"],
    look: hubKernel,
    source: "uhubctl issues 474 and 458",
  },
  {
    id: "health",
    looksAt: "are boards marked as dirty or bad",
    look: marks,
    source: "NAME.health.json beside the profile",
  },
  {
    id: "calibration",
    looksAt: "are the switches' latencies measured, and lately",
    look: calibrations,
    source: "hil board calibrate",
  },
];

/** A board that an earlier run could not bring back. */
async function marks(around: Surroundings): Promise<readonly DoctorFinding[]> {
  return real(around).flatMap((loaded): readonly DoctorFinding[] => {
    const where = loaded.profile.name;
    const health = healthFile(loaded.file).load();
    if (health.state === "good") return [];
    if (health.state === "dirty") {
      const what = `a run left it in the middle of something (${health.since.slice(0, 10)}).`;
      return [{ level: "note", where, what, remedy: "The next run brings it back before it begins." }];
    }
    const remedy = `hil board recover --board ${loaded.file} programs its baseline and clears the mark.`;
    return [{ level: "problem", where, what: `it is marked bad: ${health.because}.`, remedy }];
  });
}

const real = ({ profiles }: Surroundings) => profiles.filter(({ profile }) => profile.provider === "hardware");

async function ports(around: Surroundings): Promise<readonly DoctorFinding[]> {
  const { system, ports: there } = around;
  const found: DoctorFinding[] = [];
  for (const loaded of real(around)) {
    for (const { field, port } of portsOf(loaded.profile)) {
      const where = `${loaded.profile.name}, ${field}`;
      const path = await stablePathOf(port, loaded, there);
      if (path === undefined || (await system.access(path)) === "absent") {
        found.push({
          level: "problem",
          where,
          what: `${portName(port)} is not there.`,
          remedy: "Plug it in and switch it on, or correct the profile: `hil board list` shows what is there.",
        });
      } else if (/^\/dev\/tty(ACM|USB)\d+$/.test(path)) {
        const known = there.find((entry) => entry.path === path);
        found.push({
          level: "note",
          where,
          what: `${path} may be another device tomorrow.`,
          remedy: `Name it by ${known?.stablePath ?? "/dev/serial/by-path/…"}, or by jlink and interface.`,
        });
      }
    }
  }
  return found;
}

async function probes({ ports: there }: Surroundings): Promise<readonly DoctorFinding[]> {
  return discoverBoards(there).flatMap(({ serial, doubts }) =>
    doubts.map((what) => ({
      level: "note" as const,
      where: `J-Link ${serial}`,
      what,
      remedy: "Name its ports by path in the profile, and plug in one such probe at a time for flashing.",
    })),
  );
}

async function tools(around: Surroundings): Promise<readonly DoctorFinding[]> {
  const { system, profiles } = around;
  const found: DoctorFinding[] = [];
  for (const loaded of profiles.filter(({ profile }) => profile.provider !== "twin")) {
    for (const { program, what } of programsOf(loaded)) {
      if ((await system.program(program, loaded.file)) !== undefined) continue;
      found.push({
        level: "problem",
        where: `${loaded.profile.name}, ${what}`,
        what: `the program ${program} cannot be run.`,
        remedy: "Install it, put its folder into PATH, or name it in the profile.",
      });
    }
    if (switchesOf(loaded.profile).some(({ driver }) => driver === "hid-relay") && !system.library("node-hid")) {
      found.push({
        level: "problem",
        where: `${loaded.profile.name}, power`,
        what: "the library node-hid is not installed.",
        remedy: "npm install node-hid",
      });
    }
    if (await nrfutilIsBare(loaded, around)) {
      found.push({
        level: "problem",
        where: `${loaded.profile.name}, flasher`,
        what: "nrfutil is there, its command `device` is not.",
        remedy: "nrfutil install device",
      });
    }
  }
  const known = await Promise.all(FLASH_TOOLS.map(({ program }) => system.program(program)));
  if (known.every((path) => path === undefined)) {
    found.push({
      level: "note",
      where: "PATH",
      what: `none of ${FLASH_TOOLS.map(({ program }) => program).join(", ")} is there.`,
      remedy: "Without a flasher hil uploads baselines over SMP, and cannot bring back a bricked board.",
    });
  }
  return found;
}

/** nrfutil is a launcher: each command is a program of its own, which `nrfutil install` puts into a folder. */
async function nrfutilIsBare({ profile, file }: LoadedProfile, { system }: Surroundings): Promise<boolean> {
  if (profile.flasher?.tool !== "nrfutil" || profile.flasher.executable !== undefined) return false;
  if ((await system.program("nrfutil", file)) === undefined) return false;
  const home = system.env["NRFUTIL_HOME"] ?? `${system.env["HOME"] ?? ""}/.nrfutil`;
  const there = (await system.program("nrfutil-device")) ?? (await system.program(`${home}/bin/nrfutil-device`));
  return there === undefined;
}

async function secrets(around: Surroundings): Promise<readonly DoctorFinding[]> {
  const missing = real(around).flatMap(({ profile }) =>
    switchesOf(profile)
      .flatMap(({ options }) => namesOfSecrets(options))
      .filter(({ name }) => (around.system.env[name] ?? "") === "")
      .map(({ field, name }) => ({
        level: "problem" as const,
        where: `${profile.name}, power.${field}`,
        what: `the environment has no ${name}.`,
        remedy: "Set it where hil is started; the profile holds only its name.",
      })),
  );
  const readable = real(around).flatMap((loaded) =>
    readablePasswords(loaded).map((address) => ({
      level: "note" as const,
      where: loaded.profile.name,
      what: `it sends a password to ${address} in clear, and that is no private network.`,
      remedy: "Use https://, or put the switch into a network of its own.",
    })),
  );
  return [...missing, ...readable];
}

/** Fields that name a variable, or a map of them, wherever they stand. */
function namesOfSecrets(options: unknown, path = ""): { readonly field: string; readonly name: string }[] {
  if (typeof options !== "object" || options === null) return [];
  return Object.entries(options).flatMap(([key, value]) => {
    const field = path === "" ? key : `${path}.${key}`;
    if (!key.endsWith("_env")) return namesOfSecrets(value, field);
    if (typeof value === "string") return [{ field, name: value }];
    const inner: readonly unknown[] = typeof value === "object" && value !== null ? Object.values(value) : [];
    return inner.flatMap((name) => (typeof name === "string" ? [{ field, name }] : []));
  });
}

async function hubKernel(around: Surroundings): Promise<readonly DoctorFinding[]> {
  const major = Number.parseInt(around.system.kernel, 10);
  if (!(major < HUB_KERNEL)) return [];
  return real(around)
    .filter(({ profile: { power } }) => power.driver === "uhubctl" && Number(power.options["repeat"]) < HUB_REPEATS)
    .map(({ profile }) => ({
      level: "problem" as const,
      where: `${profile.name}, power.repeat`,
      what: `kernel ${around.system.kernel} switches a hub's port on again when the device is polled.`,
      remedy: `Write repeat: ${HUB_REPEATS}, or use a kernel from ${HUB_KERNEL}.0 on.`,
    }));
}

async function calibrations(around: Surroundings): Promise<readonly DoctorFinding[]> {
  const finding = (name: string, level: DoctorFinding["level"], what: string): DoctorFinding => ({
    level,
    where: name,
    what,
    remedy: "hil board calibrate measures it.",
  });
  return real(around).flatMap(({ profile }) => {
    try {
      const date = loadCalibration(profile)?.date;
      if (date === undefined) return [finding(profile.name, "note", "its switch was never measured.")];
      const days = Math.floor((around.system.nowMs() - Date.parse(date)) / DAY_MS);
      if (days <= CALIBRATION_DAYS_MAX) return [];
      return [finding(profile.name, "note", `its switch was measured ${days} days ago (${date.slice(0, 10)}).`)];
    } catch (error) {
      if (!isHilError(error)) throw error;
      return [finding(profile.name, "problem", messageOf(error))];
    }
  });
}
