import type { PortInfo } from "../../serial/index.ts";
import type { FoundLock } from "../lease/lock.ts";

/** What the doctor may look at: a machine, or a test's picture of one. Nothing here changes anything. */
export interface System {
  /** As `process.platform` says it. */
  readonly platform: string;
  /** As `uname -r` says it. */
  readonly kernel: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file; undefined when it is not there or may not be read. */
  read(path: string): Promise<string | undefined>;
  /** Names in a folder; none when it is not there. */
  entries(folder: string): Promise<readonly string[]>;
  /** Whether this user may read and write a file or device. */
  access(path: string): Promise<"allowed" | "forbidden" | "absent">;
  /** Name of the group that owns a file. */
  groupOf(path: string): Promise<string | undefined>;
  /** Names of the groups that this process is in. */
  groups(): Promise<readonly string[]>;
  ports(): Promise<readonly PortInfo[]>;
  /** Programs that hold a device open, as "minicom (pid 4711)"; only those that this user may see. */
  holders(path: string): Promise<readonly string[]>;
  processes(): Promise<readonly { readonly pid: number; readonly name: string }[]>;
  /** Where a program is; undefined when it cannot be run. */
  program(name: string, profileFile?: string): Promise<string | undefined>;
  /** Whether an optional library is installed. */
  library(name: string): boolean;
  /** The locks of hil on this machine. */
  locks(): Promise<readonly FoundLock[]>;
  /** Milliseconds since 1970. */
  nowMs(): number;
}

/** A USB device, as sysfs shows it. */
export interface UsbDevice {
  /** "1-1.4": the socket it is in. */
  readonly socket: string;
  /** Four hex digits, lower case. */
  readonly vendorId: string;
  readonly productId: string;
  readonly serial: string | undefined;
  readonly product: string | undefined;
  /** "/dev/bus/usb/001/004", what libusb opens. */
  readonly node: string | undefined;
  /** Interface classes, two hex digits. 08 is mass storage. */
  readonly classes: readonly string[];
}

const USB = "/sys/bus/usb/devices";

/** The USB devices of a machine with Linux; none elsewhere. Source: Linux, Documentation/ABI/stable/sysfs-bus-usb. */
export async function usbDevices(system: System): Promise<readonly UsbDevice[]> {
  const names = await system.entries(USB);
  const devices: UsbDevice[] = [];
  for (const socket of names.filter((name) => /^\d+-[\d.]+$/.test(name))) {
    const attribute = async (name: string) => (await system.read(`${USB}/${socket}/${name}`))?.trim();
    const [vendorId, productId, serial, product, bus, device] = await Promise.all(
      ["idVendor", "idProduct", "serial", "product", "busnum", "devnum"].map(attribute),
    );
    if (vendorId === undefined || productId === undefined) continue;
    const own = names.filter((name) => name.startsWith(`${socket}:`));
    const classes = await Promise.all(own.map((name) => system.read(`${USB}/${name}/bInterfaceClass`)));
    const number = (text: string) => text.padStart(3, "0");
    devices.push({
      socket,
      vendorId: vendorId.toLowerCase(),
      productId: productId.toLowerCase(),
      serial,
      product,
      node: bus === undefined || device === undefined ? undefined : `/dev/bus/usb/${number(bus)}/${number(device)}`,
      classes: classes.flatMap((text) => text?.trim() ?? []),
    });
  }
  return devices;
}
