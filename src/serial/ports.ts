import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { BenchError, defined } from "../core/index.ts";

/** A serial port as the system shows it; what it does not tell is absent. */
export interface PortInfo {
  /** "/dev/ttyACM1", "COM7", "/dev/cu.usbmodem0010500847913". */
  readonly path: string;
  /** A name that survives re-plugging, on Linux: "/dev/serial/by-id/usb-SEGGER_J-Link_001050611489-if02". */
  readonly stablePath?: string;
  /** USB serial number: digits without leading zeros where it is digits, else as it is. */
  readonly serial?: string;
  /** USB interface number: VCOM k of a J-Link is interface 2k. */
  readonly interface?: number;
  /** Four hex digits, lower case. */
  readonly vendorId?: string;
  readonly productId?: string;
  readonly product?: string;
}

/** How a profile names a port: by path, or by the probe's serial number and the USB interface. */
export type PortRef =
  | { readonly path: string }
  | { readonly jlink: string /** USB interface number: 0, 2 or 4 */; readonly interface: number };

/**
 * The canonical form of a probe's serial number: digits without leading zeros. USB shows twelve digits, sticker and
 * tools do not; both mean one probe. Source: Zephyr nrf_common.py, which strips the zeros, too.
 */
export function canonicalSerial(serial: string): string {
  return /^\d+$/.test(serial) ? serial.replace(/^0+(?=\d)/, "") : serial;
}

/**
 * The serial ports of this machine, sorted by path.
 * @param root a directory that stands for "/" in tests (Linux only).
 * @throws BenchError when the system's list cannot be had.
 * Source: on Linux sysfs and /dev/serial/by-id, plain files (serialport's list needs udevadm, which slim containers
 * lack, and leaves the interface number out); elsewhere serialport's list.
 */
export async function listPorts(options: { root?: string } = {}): Promise<PortInfo[]> {
  const found = process.platform === "linux" ? await linuxPorts(options.root ?? "/") : await otherPorts();
  return found.sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
}

/**
 * The path of the port that `ref` means, now: after a board lost its power the same port may have another path.
 * @throws BenchError when none fits or more than one does; the text names what is there.
 */
export async function resolvePort(ref: PortRef, options: { ports?: readonly PortInfo[] } = {}): Promise<string> {
  if ("path" in ref) return ref.path;
  const ports = options.ports ?? (await listPorts());
  const serial = canonicalSerial(ref.jlink);
  const wanted = `interface ${ref.interface} of J-Link ${serial}`;
  const probe = ports.filter((port) => port.serial === serial);
  const matches = probe.filter((port) => port.interface === ref.interface);
  const [match] = matches;
  if (matches.length > 1) {
    const paths = matches.map((port) => port.path).join(" and ");
    throw new BenchError(`${wanted} is on two ports, ${paths}.`, "Two probes share a serial number: name the path.");
  }
  if (match) return match.stablePath ?? match.path;
  if (probe.length > 0) {
    const have = probe.map((port) => `${port.interface ?? "?"} (${port.path})`).join(", ");
    throw new BenchError(`no ${wanted}; it has interface ${have}.`, "Mend `interface` in the board's profile.");
  }
  throw new BenchError(`no ${wanted}. ${summary(ports)}`, "Plug the board in and switch it on, or mend the profile.");
}

function summary(ports: readonly PortInfo[]): string {
  const serials = [...new Set(ports.flatMap((port) => port.serial ?? []))];
  if (serials.length > 0) return `Serial numbers there: ${serials.join(", ")}.`;
  return ports.length === 0 ? "No serial port is there." : `Ports there: ${ports.map((port) => port.path).join(", ")}.`;
}

async function linuxPorts(root: string): Promise<PortInfo[]> {
  const stable = await stableNames(root);
  const names = await readdir(join(root, "sys/class/tty")).catch(() => []);
  const ports: PortInfo[] = [];
  for (const name of names) {
    // A tty without a device behind it is a console or a pseudo-terminal.
    const device = await realpath(join(root, "sys/class/tty", name, "device")).catch(() => undefined);
    if (device === undefined || !/^tty(S|WCH|ACM|USB|AMA|MFD|O|XRUSB)\d+$|^rfcomm\d+$/.test(name)) continue;
    // Ports of the mainboard that no chip stands behind are listed by the kernel as of type 0.
    if ((await attribute(join(root, "sys/class/tty", name), "type")) === "0") continue;
    const usb = await usbFacts(device);
    const stablePath = stable.get(name);
    ports.push({ path: `/dev/${name}`, ...defined({ stablePath }), ...usb });
  }
  return ports;
}

/** Kernel names of ports with the path of the link that names them for good. */
async function stableNames(root: string): Promise<Map<string, string>> {
  const folder = join(root, "dev/serial/by-id");
  const names = new Map<string, string>();
  for (const link of await readdir(folder).catch(() => [])) {
    const target = await readlink(join(folder, link)).catch(() => undefined);
    if (target !== undefined) names.set(basename(target), `/dev/serial/by-id/${link}`);
  }
  return names;
}

/** Walks up from a tty's device to its USB interface (bInterfaceNumber) and device (serial, idVendor). */
async function usbFacts(device: string): Promise<Omit<PortInfo, "path" | "stablePath">> {
  const facts: { -readonly [K in keyof PortInfo]?: PortInfo[K] } = {};
  let folder = device;
  for (let level = 0; level < 4; level += 1) {
    const number = await attribute(folder, "bInterfaceNumber");
    if (number !== undefined) facts.interface = Number.parseInt(number, 16);
    const vendorId = await attribute(folder, "idVendor");
    if (vendorId !== undefined) {
      facts.vendorId = vendorId.toLowerCase();
      const productId = await attribute(folder, "idProduct");
      if (productId !== undefined) facts.productId = productId.toLowerCase();
      const serial = await attribute(folder, "serial");
      if (serial !== undefined) facts.serial = canonicalSerial(serial);
      const product = await attribute(folder, "product");
      if (product !== undefined) facts.product = product;
      break;
    }
    folder = join(folder, "..");
  }
  return facts;
}

async function attribute(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), "utf8").catch(() => undefined);
  return text?.trim();
}

async function otherPorts(): Promise<PortInfo[]> {
  const { SerialPort } = await import("serialport");
  try {
    return (await SerialPort.list()).map(fromSerialportList);
  } catch (error) {
    throw new BenchError("the system's list of serial ports cannot be had.", "Name the port by path.", {
      cause: error,
    });
  }
}

/** What serialport's own list says, in our words (macOS, Windows). Source: @serialport/bindings-cpp. */
export function fromSerialportList(port: {
  path: string;
  serialNumber?: string | undefined;
  vendorId?: string | undefined;
  productId?: string | undefined;
  pnpId?: string | undefined;
}): PortInfo {
  // macOS shows the "tty." twin, which waits for a carrier; its name ends in the serial number and interface + 1.
  const path = port.path.replace("/dev/tty.", "/dev/cu.");
  const windows = /MI_([0-9A-F]{2})/i.exec(port.pnpId ?? "")?.[1];
  const mac = /\/dev\/cu\.usbmodem\d{12}(\d)$/.exec(path)?.[1];
  const number =
    windows === undefined ? (mac === undefined ? undefined : Number(mac) - 1) : Number.parseInt(windows, 16);
  return {
    path,
    ...(port.serialNumber === undefined ? {} : { serial: canonicalSerial(port.serialNumber) }),
    ...defined({ interface: number }),
    ...(port.vendorId === undefined ? {} : { vendorId: port.vendorId.toLowerCase() }),
    ...(port.productId === undefined ? {} : { productId: port.productId.toLowerCase() }),
  };
}
