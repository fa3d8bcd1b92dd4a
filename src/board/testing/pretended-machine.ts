import type { System } from "../doctor/system.ts";

/** A machine as a test describes it. */
export interface Pretended {
  readonly platform?: string;
  readonly kernel?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text files by path; folders follow from them. */
  readonly files?: Readonly<Record<string, string>>;
  /** Paths that are there but not ours. */
  readonly forbidden?: readonly string[];
  /** Paths that are there and ours, besides the files. */
  readonly devices?: readonly string[];
  readonly groups?: readonly string[];
  readonly owners?: Readonly<Record<string, string>>;
  readonly ports?: Awaited<ReturnType<System["ports"]>>;
  readonly holders?: Readonly<Record<string, readonly string[]>>;
  readonly processes?: Awaited<ReturnType<System["processes"]>>;
  readonly programs?: readonly string[];
  readonly libraries?: readonly string[];
  readonly locks?: Awaited<ReturnType<System["locks"]>>;
  readonly nowMs?: number;
}

/** A system that the doctor can look at: nothing of the machine that runs the test shows through. */
export function pretendedMachine(picture: Pretended = {}): System {
  const files = picture.files ?? {};
  return {
    platform: picture.platform ?? "linux",
    kernel: picture.kernel ?? "6.8.0",
    env: picture.env ?? {},
    read: async (path) => files[path],
    async entries(folder) {
      const inside = Object.keys(files).filter((path) => path.startsWith(`${folder}/`));
      return [...new Set(inside.map((path) => path.slice(folder.length + 1).split("/")[0] ?? ""))];
    },
    async access(path) {
      if (picture.forbidden?.includes(path)) return "forbidden";
      const listed = picture.ports?.some((port) => port.path === path || port.stablePath === path) ?? false;
      return listed || files[path] !== undefined || picture.devices?.includes(path) ? "allowed" : "absent";
    },
    groupOf: async (path) => picture.owners?.[path],
    groups: async () => picture.groups ?? [],
    ports: async () => picture.ports ?? [],
    holders: async (path) => picture.holders?.[path] ?? [],
    processes: async () => picture.processes ?? [],
    program: async (name) => (picture.programs?.includes(name) ? `/usr/bin/${name}` : undefined),
    library: (name) => picture.libraries?.includes(name) ?? false,
    locks: async () => picture.locks ?? [],
    nowMs: () => picture.nowMs ?? 0,
  };
}

/** Files of sysfs for a USB device. */
export function usbFiles(
  socket: string,
  facts: {
    readonly vendorId: string;
    readonly productId: string;
    readonly serial?: string;
    readonly product?: string;
    readonly classes?: readonly string[];
  },
): Record<string, string> {
  const root = `/sys/bus/usb/devices/${socket}`;
  const classes = (facts.classes ?? []).map((code, index) => [`${root}:1.${index}/bInterfaceClass`, `${code}\n`]);
  return {
    [`${root}/idVendor`]: `${facts.vendorId}\n`,
    [`${root}/idProduct`]: `${facts.productId}\n`,
    [`${root}/busnum`]: "1\n",
    [`${root}/devnum`]: "4\n",
    ...(facts.serial === undefined ? {} : { [`${root}/serial`]: `${facts.serial}\n` }),
    ...(facts.product === undefined ? {} : { [`${root}/product`]: `${facts.product}\n` }),
    ...Object.fromEntries(classes),
  };
}
