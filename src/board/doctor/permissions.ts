import { type DoctorCheck, type DoctorFinding, LINUX, type Surroundings, usbName } from "./check.ts";
import type { UsbDevice } from "./system.ts";

/** USB devices that libusb programs open, and whose programs they are. */
const LIBUSB_DEVICES = [
  { vendorId: "1366", productId: undefined, name: "J-Link", users: "nrfutil, nrfjprog, JLinkExe, probe-rs" },
] as const;

/** HID devices that switch power. Source: seller's pages; Yepkit's udev rules. */
const HID_DEVICES = [
  { vendorId: "16c0", productId: "05df", name: "USB relay (dcttech)" },
  { vendorId: "5131", productId: "2007", name: "USB relay (LCUS HID)" },
  { vendorId: "0519", productId: "2018", name: "USB relay (ucreatefun)" },
  ...["f2f7", "f0cd", "f11b", "efed", "0042"].map((productId) => ({ vendorId: "04d8", productId, name: "YKUSH hub" })),
];

const RELOAD = "Then: sudo udevadm control --reload && sudo udevadm trigger; plug it in again.";
const HIDRAW = "/sys/class/hidraw";

/** Everything that a user may be forbidden. */
export const PERMISSION_CHECKS: readonly DoctorCheck[] = [
  {
    id: "groups",
    looksAt: "may this user open the serial ports",
    platforms: LINUX,
    look: serialPorts,
    source: "Debian and Fedora: ttyACM and ttyUSB belong to dialout; Arch: uucp",
  },
  {
    id: "udev-usb",
    looksAt: "may this user open the J-Links, as flashers do",
    platforms: LINUX,
    look: libusbNodes,
    source: "SEGGER's 99-jlink.rules; Nordic's nrf-udev",
  },
  {
    id: "udev-hid",
    looksAt: "may this user open HID relays and YKUSH hubs",
    platforms: LINUX,
    look: hidNodes,
    source: "usbrelay issues 15 and 101; Yepkit's ykushcmd",
  },
];

async function serialPorts({ system, ports }: Surroundings): Promise<readonly DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  const own = await system.groups();
  for (const port of ports) {
    if ((await system.access(port.path)) !== "forbidden") continue;
    const group = await system.groupOf(port.path);
    const member = group !== undefined && own.includes(group);
    found.push({ level: "problem", where: port.path, ...forbiddenPort(group, member) });
  }
  return found;
}

/**
 * Groups that serial ports belong to. Whoever owns a port otherwise (root, disk …) owns more than ports: to join that
 * group is never the remedy. Source: Debian, Fedora, SUSE: dialout; Arch: uucp; Raspberry Pi OS, udev rules of SEGGER:
 * plugdev.
 */
const PORT_GROUPS = ["dialout", "uucp", "plugdev"];

function forbiddenPort(group: string | undefined, member: boolean): Pick<DoctorFinding, "what" | "remedy"> {
  if (group === undefined || member) {
    return {
      what: "this user may not open it, though in its group.",
      remedy: member
        ? `Give its group read and write: a udev rule with MODE="0660". ${RELOAD}`
        : "sudo usermod -aG dialout $USER, then log out and in again (a container needs --group-add).",
    };
  }
  if (PORT_GROUPS.includes(group)) {
    return {
      what: `this user may not open it: not in group ${group}.`,
      remedy: `sudo usermod -aG ${group} $USER, then log out and in again (a container needs --group-add).`,
    };
  }
  return {
    what: `this user may not open it: it belongs to group ${group}, which is no group for ports.`,
    remedy: `Do not join ${group}: give the port to dialout by a udev rule with GROUP="dialout", MODE="0660". ${RELOAD}`,
  };
}

async function libusbNodes({ system, usb }: Surroundings): Promise<readonly DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  for (const device of usb) {
    const row = LIBUSB_DEVICES.find(({ vendorId }) => vendorId === device.vendorId);
    if (!row || device.node === undefined) continue;
    if ((await system.access(device.node)) !== "forbidden") continue;
    found.push({
      level: "problem",
      where: usbName(device),
      what: `this user may not open ${device.node}: ${row.users} will not find it.`,
      remedy: ruleText("70-hil-jlink.rules", `SUBSYSTEM=="usb", ATTR{idVendor}=="${row.vendorId}"`),
    });
  }
  return found;
}

async function hidNodes({ system }: Surroundings): Promise<readonly DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  for (const name of await system.entries(HIDRAW)) {
    const described = (await system.read(`${HIDRAW}/${name}/device/uevent`)) ?? "";
    // HID_ID=0003:000016C0:000005DF: bus, vendor, product.
    const ids = /^HID_ID=[0-9A-F]{4}:0000([0-9A-F]{4}):0000([0-9A-F]{4})/im.exec(described);
    const [vendorId, productId] = [ids?.[1]?.toLowerCase(), ids?.[2]?.toLowerCase()];
    const row = HID_DEVICES.find((entry) => entry.vendorId === vendorId && entry.productId === productId);
    if (!row || (await system.access(`/dev/${name}`)) !== "forbidden") continue;
    const match = `SUBSYSTEM=="hidraw", ATTRS{idVendor}=="${row.vendorId}", ATTRS{idProduct}=="${row.productId}"`;
    found.push({
      level: "problem",
      where: `${row.name} (/dev/${name})`,
      what: "this user may not open it.",
      remedy: ruleText("70-hil-relay.rules", match),
    });
  }
  return found;
}

function ruleText(file: string, match: string): string {
  return `Write into /etc/udev/rules.d/${file}: ${match}, MODE="0660", GROUP="dialout". ${RELOAD}`;
}

/** For tests: which USB devices are looked at. */
export function isProbe({ vendorId }: UsbDevice): boolean {
  return LIBUSB_DEVICES.some((row) => row.vendorId === vendorId);
}
