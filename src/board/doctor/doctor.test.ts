import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { PortInfo } from "../../serial/index.ts";
import { spreadOf } from "../calibrate/calibrate.ts";
import { type HealthMark, healthFile } from "../lease/health.ts";
import { calibrationOf, saveCalibration } from "../profile/calibration-file.ts";
import { type LoadedProfile, parseProfile } from "../profile/profile.ts";
import { type Pretended, pretendedMachine, usbFiles } from "../testing/pretended-machine.ts";
import type { DoctorFinding } from "./check.ts";
import { DOCTOR_CHECKS, diagnose, hasProblem } from "./doctor.ts";

const POWER = "{ driver: lcus, port: { path: /dev/relay }, channel: 1, contact: NO, cuts: soc }";

function profile(more: { app?: string; power?: string; flasher?: string; file?: string } = {}): LoadedProfile {
  const { app = "{ path: /dev/app }", power = POWER, flasher, file = "/lab/dk.yaml" } = more;
  return parseProfile(
    `schema: 1
name: dk
provider: hardware
ports: { app: ${app} }
power: ${power}
${flasher === undefined ? "" : `flasher: ${flasher}`}
slots: { primary: { offset: 0x10000, bytes: 0x74000 }, secondary: { offset: 0x84000, bytes: 0x74000 } }
images: { encryption: none }
keys: { signing: "builtin:twin-sign-p256.pem" }
`,
    file,
  );
}

const JLINK = { vendorId: "1366", productId: "1051", serial: "001050012345", product: "J-Link" };
const acm = (index: number, more: Partial<PortInfo> = {}): PortInfo => ({
  path: `/dev/ttyACM${index}`,
  serial: "1050012345",
  interface: 2 * index,
  vendorId: "1366",
  productId: "1051",
  ...more,
});

/** What one check finds on a machine. */
async function found(
  id: string,
  picture: Pretended,
  profiles: readonly LoadedProfile[] = [],
): Promise<readonly DoctorFinding[]> {
  const diagnoses = await diagnose(pretendedMachine(picture), profiles);
  return diagnoses.find((diagnosis) => diagnosis.id === id)?.findings ?? [];
}

const CALIBRATION = {
  off: { latencyUs: 8000, uncertaintyUs: 1000, seen: spreadOf([8000]), blindUs: 100 },
  on: { firstByte: spreadOf([30_000]) },
};

function calibrated(days: number): LoadedProfile {
  const loaded = profile({ file: join(mkdtempSync(join(tmpdir(), "hil-doctor-")), "dk.yaml") });
  saveCalibration(loaded.profile, calibrationOf(CALIBRATION, loaded.profile, new Date(Date.UTC(2026, 0, 1))));
  expect(days).toBeGreaterThan(0);
  return loaded;
}

function marked(mark: (health: HealthMark) => void): LoadedProfile {
  const loaded = profile({ file: join(mkdtempSync(join(tmpdir(), "hil-doctor-")), "dk.yaml") });
  mark(healthFile(loaded.file));
  return loaded;
}

const JANUARY = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const CH340 = { vendorId: "1a86", productId: "7523" };

/** One row a way in which a bench is broken: the check that sees it, and words of what it says. */
const BROKEN: readonly {
  readonly check: string;
  readonly when: string;
  readonly machine: Pretended;
  readonly profiles?: () => readonly LoadedProfile[];
  readonly level: DoctorFinding["level"];
  readonly says: RegExp;
  readonly todo: RegExp;
}[] = [
  {
    check: "groups",
    when: "the user is not in the ports' group",
    machine: { ports: [acm(0)], forbidden: ["/dev/ttyACM0"], owners: { "/dev/ttyACM0": "dialout" }, groups: ["users"] },
    level: "problem",
    says: /ttyACM0: this user may not open it: not in group dialout/,
    todo: /usermod -aG dialout \$USER/,
  },
  ...["root", "disk", "wheel"].map((group) => ({
    check: "groups",
    when: `the port belongs to ${group}`,
    machine: { ports: [acm(0)], forbidden: ["/dev/ttyACM0"], owners: { "/dev/ttyACM0": group }, groups: ["users"] },
    level: "problem" as const,
    says: new RegExp(`belongs to group ${group}, which is no group for ports`),
    todo: new RegExp(`^(?!.*usermod).*Do not join ${group}: .*GROUP="dialout"`),
  })),
  {
    check: "groups",
    when: "the group is right and its mode is not",
    machine: { ports: [acm(0)], forbidden: ["/dev/ttyACM0"], owners: { "/dev/ttyACM0": "uucp" }, groups: ["uucp"] },
    level: "problem",
    says: /may not open it, though in its group/,
    todo: /MODE="0660"/,
  },
  {
    check: "udev-usb",
    when: "no rule gives the J-Link to users",
    machine: { files: usbFiles("1-1.4", JLINK), forbidden: ["/dev/bus/usb/001/004"] },
    level: "problem",
    says: /J-Link 1050012345 \(USB 1-1\.4\): this user may not open \/dev\/bus\/usb\/001\/004: nrfutil/,
    todo: /ATTR\{idVendor\}=="1366", MODE="0660", GROUP="dialout".*udevadm control --reload/,
  },
  {
    check: "udev-hid",
    when: "no rule gives a HID relay to users",
    machine: {
      files: { "/sys/class/hidraw/hidraw3/device/uevent": "DRIVER=hid-generic\nHID_ID=0003:000016C0:000005DF\n" },
      forbidden: ["/dev/hidraw3"],
    },
    level: "problem",
    says: /USB relay \(dcttech\) \(\/dev\/hidraw3\): this user may not open it/,
    todo: /ATTRS\{idVendor\}=="16c0", ATTRS\{idProduct\}=="05df"/,
  },
  {
    check: "modemmanager",
    when: "it runs and nobody told it to leave boards alone",
    machine: {
      ports: [acm(0)],
      processes: [{ pid: 812, name: "ModemManager" }],
      files: { "/sys/class/tty/ttyACM0/dev": "166:0\n", "/run/udev/data/c166:0": "E:ID_MM_CANDIDATE=1\n" },
    },
    level: "problem",
    says: /ttyACM0: ModemManager runs and may talk to this port/,
    todo: /ATTRS\{idVendor\}=="1366", ENV\{ID_MM_DEVICE_IGNORE\}="1"/,
  },
  {
    check: "brltty",
    when: "a CH340 relay is plugged in and has no port",
    machine: { files: usbFiles("1-2", CH340), processes: [{ pid: 5, name: "brltty" }] },
    level: "problem",
    says: /1 CH340 adapters are plugged in, and 0 have a port; brltty runs/,
    todo: /systemctl mask --now brltty-udev/,
  },
  {
    check: "holders",
    when: "a terminal has a port of the list open",
    machine: { ports: [acm(0)], holders: { "/dev/ttyACM0": ["minicom (pid 7)"] } },
    level: "note",
    says: /ttyACM0: held open by minicom \(pid 7\)/,
    todo: /close it before a run/,
  },
  {
    check: "holders",
    when: "a terminal has a profile's port open",
    machine: { holders: { "/dev/app": ["cat (pid 8)"] } },
    profiles: () => [profile()],
    level: "note",
    says: /\/dev\/app: held open by cat/,
    todo: /half of the bytes/,
  },
  {
    check: "mass-storage",
    when: "a J-Link shows a drive",
    machine: { files: usbFiles("1-1", { ...JLINK, classes: ["ff", "08", "02"] }) },
    level: "problem",
    says: /J-Link 1050012345 .*mass storage drive is on/,
    todo: /JLinkExe -USB 1050012345, then MSDDisable/,
  },
  {
    check: "stale-locks",
    when: "minicom died with a port locked",
    machine: { files: { "/var/lock/LCK..ttyACM0": "      4711\n" } },
    level: "note",
    says: /LCK\.\.ttyACM0: left behind by process 4711/,
    todo: /sudo rm \/var\/lock\/LCK\.\.ttyACM0/,
  },
  {
    check: "stale-locks",
    when: "a lock of hil cannot be read",
    machine: { locks: [{ path: "/run/lock/mcuboot-hil/a.lock", owner: "unknown", life: "unknown" }] },
    level: "problem",
    says: /a\.lock: a lock whose owner cannot be asked: it cannot be read/,
    todo: /hil board release --force/,
  },
  {
    check: "ports",
    when: "a profile's J-Link is not plugged in",
    machine: { devices: ["/dev/relay"] },
    profiles: () => [profile({ app: '{ jlink: "1050012345", interface: 2 }' })],
    level: "problem",
    says: /dk, ports\.app: J-Link 1050012345 VCOM1 is not there/,
    todo: /hil board list/,
  },
  {
    check: "ports",
    when: "a profile names a port by a number that changes",
    machine: { devices: ["/dev/relay"], ports: [acm(1, { stablePath: "/dev/serial/by-id/x-if02" })] },
    profiles: () => [profile({ app: "{ path: /dev/ttyACM1 }" })],
    level: "note",
    says: /ttyACM1 may be another device tomorrow/,
    todo: /by-id\/x-if02/,
  },
  {
    check: "probes",
    when: "two probes share a serial number",
    machine: { ports: [acm(0), acm(1), acm(0, { path: "/dev/ttyACM2" }), acm(1, { path: "/dev/ttyACM3" })] },
    level: "note",
    says: /two probes share this serial number/,
    todo: /by path/,
  },
  {
    check: "tools",
    when: "a profile's flasher is not installed",
    machine: { programs: ["pyocd"] },
    profiles: () => [profile({ flasher: '{ tool: nrfjprog, serial: "1" }' })],
    level: "problem",
    says: /dk, flasher: the program nrfjprog cannot be run/,
    todo: /PATH/,
  },
  {
    check: "tools",
    when: "a switch's program is not installed",
    machine: { programs: ["pyocd"] },
    profiles: () => [profile({ power: "{ driver: uhubctl, hub: 1-1, port: 2 }" })],
    level: "problem",
    says: /dk, power: the program uhubctl cannot be run/,
    todo: /PATH/,
  },
  {
    check: "tools",
    when: "nrfutil has no command for devices",
    machine: { programs: ["nrfutil"], env: { HOME: "/home/me" } },
    profiles: () => [profile({ flasher: '{ tool: nrfutil, serial: "1" }' })],
    level: "problem",
    says: /its command `device` is not/,
    todo: /nrfutil install device/,
  },
  {
    check: "tools",
    when: "a HID relay has no library",
    machine: { programs: ["pyocd"] },
    profiles: () => [profile({ power: "{ driver: hid-relay, family: dcttech, relay: 1, contact: NO, cuts: soc }" })],
    level: "problem",
    says: /node-hid is not installed/,
    todo: /npm install node-hid/,
  },
  {
    check: "tools",
    when: "no flasher is installed at all",
    machine: {},
    level: "note",
    says: /none of nrfutil, nrfjprog/,
    todo: /over SMP/,
  },
  {
    check: "secrets",
    when: "a password's variable is not set",
    machine: {},
    profiles: () => [
      profile({
        power: "{ driver: tasmota, url: http://plug, relay: 1, user: u, password_env: PLUG_SECRET, cuts: board }",
      }),
    ],
    level: "problem",
    says: /power\.password_env: the environment has no PLUG_SECRET/,
    todo: /Set it/,
  },
  {
    check: "hub-kernel",
    when: "an old kernel re-powers hub ports",
    machine: { kernel: "5.15.0-91-generic" },
    profiles: () => [profile({ power: "{ driver: uhubctl, hub: 1-1, port: 2 }" })],
    level: "problem",
    says: /kernel 5\.15\.0-91-generic switches a hub's port on again/,
    todo: /repeat: 100/,
  },
  {
    check: "health",
    when: "an earlier run could not bring a board back",
    machine: {},
    profiles: () => [marked((mark) => mark.markBad("it did not answer"))],
    level: "problem",
    says: /dk: it is marked bad: it did not answer/,
    todo: /hil board recover --board .*clears the mark/,
  },
  {
    check: "health",
    when: "a run was killed",
    machine: {},
    profiles: () => [marked((mark) => mark.markDirty("a run was under way"))],
    level: "note",
    says: /dk: a run left it in the middle of something/,
    todo: /brings it back/,
  },
  {
    check: "calibration",
    when: "a switch was never measured",
    machine: {},
    profiles: () => [profile()],
    level: "note",
    says: /dk: its switch was never measured/,
    todo: /hil board calibrate/,
  },
  {
    check: "calibration",
    when: "a switch was measured long ago",
    machine: { nowMs: JANUARY + 45 * DAY_MS },
    profiles: () => [calibrated(45)],
    level: "note",
    says: /measured 45 days ago \(2026-01-01\)/,
    todo: /hil board calibrate/,
  },
];

describe("the doctor finds", () => {
  test.each(BROKEN)("$check: $when", async ({ check, machine, profiles, level, says, todo }) => {
    const findings = await found(check, machine, profiles?.() ?? []);
    expect(findings.map((finding) => finding.level)).toContain(level);
    const [first] = findings.filter((finding) => finding.level === level);
    expect(`${first?.where}: ${first?.what}`).toMatch(says);
    expect(first?.remedy).toMatch(todo);
  });

  test("something in every row of its table: a row that nothing sets off is not tested", () => {
    const rows = DOCTOR_CHECKS.map(({ id }) => id);
    expect([...new Set(BROKEN.map(({ check }) => check))].toSorted()).toEqual(rows.toSorted());
  });
});

/** A machine on which all is well, with everything plugged in that the broken ones have. */
const SOUND: Pretended = {
  ports: [acm(0), acm(1), { path: "/dev/ttyUSB0", ...CH340 }],
  devices: ["/dev/app", "/dev/relay"],
  files: {
    ...usbFiles("1-1", { ...JLINK, classes: ["ff", "02", "0a"] }),
    ...usbFiles("1-2", CH340),
    "/sys/class/tty/ttyACM0/dev": "166:0\n",
    "/sys/class/tty/ttyACM1/dev": "166:1\n",
    "/sys/class/tty/ttyUSB0/dev": "188:0\n",
    "/run/udev/data/c166:0": "E:ID_MM_DEVICE_IGNORE=1\n",
    "/run/udev/data/c166:1": "E:ID_MM_CANDIDATE=0\n",
    "/run/udev/data/c188:0": "E:ID_MM_PORT_IGNORE=1\n",
    "/var/lock/LCK..ttyUSB0": "      12\n",
    "/proc/12/comm": "minicom\n",
    "/sys/class/hidraw/hidraw0/device/uevent": "HID_ID=0003:0000046D:0000C31C\n",
  },
  processes: [
    { pid: 1, name: "systemd" },
    { pid: 9, name: "ModemManager" },
  ],
  programs: ["nrfutil", "nrfutil-device"],
  nowMs: JANUARY + 5 * DAY_MS,
};

describe("the doctor is quiet", () => {
  test("about a sound machine and its calibrated board", async () => {
    const diagnoses = await diagnose(pretendedMachine(SOUND), [calibrated(5)]);
    expect(diagnoses.filter(({ outcome }) => outcome !== "ok")).toEqual([]);
    expect(hasProblem(diagnoses)).toBe(false);
  });

  test("about boards that are simulated: nothing of the machine is theirs", async () => {
    const twin = parseProfile(
      `schema: 1
name: twin
provider: twin
ports: { app: { path: "twin:app" } }
power: { driver: lcus, port: { path: "twin:relay" }, channel: 1, contact: NC, cuts: soc }
slots: { primary: { offset: 0x10000, bytes: 0x74000 }, secondary: { offset: 0x84000, bytes: 0x74000 } }
images: { encryption: none }
keys: { signing: "builtin:twin-sign-p256.pem" }
`,
      "/lab/twin.yaml",
    );
    const diagnoses = await diagnose(pretendedMachine(SOUND), [twin]);
    expect(diagnoses.flatMap(({ findings }) => findings)).toEqual([]);
  });

  test("about what only Linux has, elsewhere, and says that it did not look", async () => {
    const diagnoses = await diagnose(pretendedMachine({ platform: "darwin", programs: ["nrfutil"] }), []);
    const skipped = diagnoses.filter(({ outcome }) => outcome === "not here").map(({ id }) => id);
    expect(skipped).toContain("groups");
    expect(skipped).not.toContain("tools");
  });

  test("in no row because a look failed: that is told, and the others go on", async () => {
    const broken = { ...pretendedMachine(SOUND), processes: () => Promise.reject(new Error("no /proc here")) };
    const diagnoses = await diagnose(broken, []);
    const manager = diagnoses.find(({ id }) => id === "modemmanager");
    expect(manager).toMatchObject({ outcome: "not known" });
    expect(manager?.findings[0]?.what).toContain("no /proc here");
    expect(diagnoses).toHaveLength(DOCTOR_CHECKS.length);
  });
});
