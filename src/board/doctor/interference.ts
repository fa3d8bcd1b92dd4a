import type { PortInfo } from "../../serial/index.ts";
import { portsOf, stablePathOf } from "../discovery.ts";
import { type DoctorCheck, type DoctorFinding, LINUX, type Surroundings, usbName } from "./check.ts";
import { isProbe } from "./permissions.ts";
import type { System } from "./system.ts";

/** Vendors of boards, kits and cheap adapters, which no modem manager has any business with. */
const OURS: readonly string[] = ["1366", "1915", "2fe3", "1a86"];
const CH340 = { vendorId: "1a86", productId: "7523" } as const;
const MASS_STORAGE = "08";
const UUCP_LOCKS = "/var/lock";

/** Everything else on the machine that gets in the way. */
export const INTERFERENCE_CHECKS: readonly DoctorCheck[] = [
  {
    id: "modemmanager",
    looksAt: "does ModemManager talk to boards",
    platforms: LINUX,
    look: modemManager,
    source: "ModemManager: ID_MM_DEVICE_IGNORE, ID_MM_PORT_IGNORE, ID_MM_CANDIDATE; nRF-Sniffer-802.15.4 issue 15",
  },
  {
    id: "brltty",
    looksAt: "does brltty take CH340 relays away",
    platforms: LINUX,
    look: brltty,
    source: "brltty before 6.5 claims 1a86:7523; arduino-ide issue 1788",
  },
  {
    id: "holders",
    looksAt: "does another program hold a port",
    platforms: LINUX,
    look: holders,
    source: "/proc/PID/fd",
  },
  {
    id: "mass-storage",
    looksAt: "is the J-Links' mass storage off",
    platforms: LINUX,
    look: massStorage,
    source: "Zephyr smp_svr: with the drive on, the virtual port loses large packets; SEGGER wiki, MSDDisable",
  },
  {
    id: "stale-locks",
    looksAt: "locks of programs that died",
    look: staleLocks,
    source: "UUCP lock files LCK..NAME with a pid; hil's own locks",
  },
];

async function modemManager({ system, ports }: Surroundings): Promise<readonly DoctorFinding[]> {
  const manager = (await system.processes()).find(({ name }) => name === "ModemManager");
  if (!manager) return [];
  const found: DoctorFinding[] = [];
  for (const port of ports.filter(({ vendorId }) => vendorId !== undefined && OURS.includes(vendorId))) {
    if (await isIgnored(system, port)) continue;
    found.push({
      level: "problem",
      where: port.path,
      what: "ModemManager runs and may talk to this port: for the first seconds it is busy, and AT commands reach the board.",
      remedy:
        `Write into /etc/udev/rules.d/70-hil-no-modem.rules: ATTRS{idVendor}=="${port.vendorId}", ` +
        'ENV{ID_MM_DEVICE_IGNORE}="1" (or: sudo systemctl disable --now ModemManager). ' +
        "Then: sudo udevadm control --reload; plug the board in again.",
    });
  }
  return found;
}

/** What udev has written down about a port's device node. */
async function isIgnored(system: System, { path }: PortInfo): Promise<boolean> {
  const number = (await system.read(`/sys/class/tty/${path.replace("/dev/", "")}/dev`))?.trim();
  const facts = number === undefined ? undefined : await system.read(`/run/udev/data/c${number}`);
  return facts !== undefined && /^E:ID_MM_(?:(?:DEVICE|PORT)_IGNORE=1|CANDIDATE=0)$/m.test(facts);
}

async function brltty({ system, usb, ports }: Surroundings): Promise<readonly DoctorFinding[]> {
  const relays = usb.filter((device) => device.vendorId === CH340.vendorId && device.productId === CH340.productId);
  const shown = ports.filter(({ vendorId, productId }) => vendorId === CH340.vendorId && productId === CH340.productId);
  if (relays.length <= shown.length) return [];
  const runs = (await system.processes()).some(({ name }) => name.startsWith("brltty"));
  const which = relays.map(usbName).join(", ");
  return [
    {
      level: "problem",
      where: which,
      what: `${relays.length} CH340 adapters are plugged in, and ${shown.length} have a port${runs ? "; brltty runs" : ""}.`,
      remedy: runs
        ? "sudo systemctl mask --now brltty-udev brltty (or remove brltty); plug the relay in again."
        : "Look at `sudo dmesg` for ch341: brltty takes these devices on some distributions; remove it.",
    },
  ];
}

async function holders({ system, ports, profiles }: Surroundings): Promise<readonly DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  const paths = new Set(ports.map(({ path }) => path));
  for (const loaded of profiles.filter(({ profile }) => profile.provider === "hardware")) {
    for (const { port } of portsOf(loaded.profile)) {
      const path = await stablePathOf(port, loaded, ports);
      // The stable name of a port that is in the list already.
      if (path !== undefined && !ports.some(({ stablePath }) => stablePath === path)) paths.add(path);
    }
  }
  for (const path of paths) {
    const programs = await system.holders(path);
    if (programs.length === 0) continue;
    found.push({
      level: "note",
      where: path,
      what: `held open by ${programs.join(" and ")}.`,
      remedy: "Two programs on one port each get half of the bytes: close it before a run.",
    });
  }
  return found;
}

async function massStorage({ usb }: Surroundings): Promise<readonly DoctorFinding[]> {
  return usb
    .filter((device) => isProbe(device) && device.classes.includes(MASS_STORAGE))
    .map((device) => ({
      level: "problem" as const,
      where: usbName(device),
      what: "its mass storage drive is on: uploads over its virtual port lose large packets.",
      remedy: `JLinkExe -USB ${device.serial?.replace(/^0+(?=\d)/, "") ?? "SERIAL"}, then MSDDisable, then unplug it and plug it in.`,
    }));
}

async function staleLocks({ system }: Surroundings): Promise<readonly DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  for (const name of (await system.entries(UUCP_LOCKS)).filter((entry) => entry.startsWith("LCK..tty"))) {
    const path = `${UUCP_LOCKS}/${name}`;
    const pid = Number((await system.read(path))?.trim());
    if (!Number.isInteger(pid) || pid <= 0 || (await system.read(`/proc/${pid}/comm`)) !== undefined) continue;
    found.push({
      level: "note",
      where: path,
      what: `left behind by process ${pid}, which is no more: minicom and kermit will not open that port.`,
      remedy: `sudo rm ${path}`,
    });
  }
  for (const { path, owner, life } of await system.locks()) {
    if (life === "alive") continue;
    const whose = owner === "unknown" ? "it cannot be read" : `${owner.resource}, of ${owner.board}`;
    found.push({
      level: life === "dead" ? "note" : "problem",
      where: path,
      what: life === "dead" ? `a run died and left it: ${whose}.` : `a lock whose owner cannot be asked: ${whose}.`,
      remedy: life === "dead" ? "The next run takes it over." : "If no run uses it: hil board release --force.",
    });
  }
  return found;
}
