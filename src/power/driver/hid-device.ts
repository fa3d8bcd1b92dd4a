import { BenchError, messageOf } from "../../core/index.ts";

/** A report travels as a feature (control transfer) or as an interrupt report. */
export type HidChannel = "feature" | "interrupt";

/** An open HID device: all that a relay needs of it. Reports begin with the report's number (0: unnumbered). */
export interface HidDevice extends AsyncDisposable {
  send(channel: HidChannel, report: Uint8Array): Promise<void>;
  /**
   * @param bytes room for the report, its number included. Undefined when nothing came; `limitMs` bounds an interrupt
   * report only, a control transfer has the system's own limit.
   */
  receive(channel: HidChannel, bytes: number, limitMs: number): Promise<Uint8Array | undefined>;
}

interface HidFound {
  /** The system's name of the device: `/dev/hidraw3`. */
  readonly path: string;
  /** What the device calls itself; empty when it says nothing. */
  readonly product: string;
  readonly open: () => Promise<HidDevice>;
}

/** Finds HID devices of a vendor and product. */
export type HidFinder = (vendorId: number, productId: number) => Promise<readonly HidFound[]>;

/**
 * The part of node-hid that is used. Source: its 3.4.0, nodehid.d.ts and src/HIDAsync.cc; the README leaves out what a
 * read says when nothing came: an empty buffer. The library is not a dependency.
 */
export interface NodeHid {
  devicesAsync(
    vendorId: number,
    productId: number,
  ): Promise<readonly { readonly path?: string; readonly product?: string }[]>;
  readonly HIDAsync: {
    open(path: string): Promise<{
      write(report: number[]): Promise<number>;
      sendFeatureReport(report: number[]): Promise<number>;
      getFeatureReport(number: number, bytes: number): Promise<Uint8Array>;
      read(limitMs: number): Promise<Uint8Array | undefined>;
      close(): Promise<void>;
    }>;
  };
}

/**
 * Finds devices by node-hid, which is loaded when a HID relay is opened and never before.
 * @throws BenchError that says how to install it.
 */
export const nodeHidFinder: HidFinder = async (vendorId, productId) => devicesOf(await nodeHid(), vendorId, productId);

/** The devices of a vendor and product that node-hid can open: those with a path. */
export async function devicesOf(library: NodeHid, vendorId: number, productId: number): Promise<readonly HidFound[]> {
  const listed = await library.devicesAsync(vendorId, productId);
  return listed.flatMap(({ path, product = "" }) =>
    path === undefined ? [] : [{ path, product, open: () => opened(library, path) }],
  );
}

async function opened(library: NodeHid, path: string): Promise<HidDevice> {
  const device = await library.HIDAsync.open(path);
  return {
    async send(channel, report) {
      const bytes = [...report];
      await (channel === "feature" ? device.sendFeatureReport(bytes) : device.write(bytes));
    },
    async receive(channel, bytes, limitMs) {
      const report = await (channel === "feature" ? device.getFeatureReport(0, bytes) : device.read(limitMs));
      return report === undefined || report.length === 0 ? undefined : report;
    },
    [Symbol.asyncDispose]: () => device.close(),
  };
}

async function nodeHid(name = "node-hid"): Promise<NodeHid> {
  try {
    const loaded = (await import(name)) as { readonly default?: NodeHid } & NodeHid;
    return loaded.default ?? loaded;
  } catch (error) {
    throw new BenchError(
      `HID relays need the library ${name}, which cannot be loaded: ${messageOf(error).split("\n", 1)[0]}`,
      `Run \`npm install ${name}\` beside mcuboot-hil, or use the driver "command" with the program usbrelay.`,
      { cause: error },
    );
  }
}
