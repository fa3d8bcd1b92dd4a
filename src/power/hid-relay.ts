import { z } from "zod";
import { BenchError, ConfigurationError, messageOf, within } from "../core/index.ts";
import { contactOption, cutsOption, type PowerBench, powerDriver, realTimeOnly } from "./driver.ts";
import { type HidDevice, nodeHidFinder } from "./hid-device.ts";
import { DCTTECH_STATE_BYTES, dcttechState, HID_FAMILIES, type HidFamilyName, hidFamily } from "./hid-frames.ts";
import { energised, suppliedBy } from "./switch.ts";

/** How long a transfer may take, in milliseconds. */
const TRANSFER_MS = 1_000;
/** Boards of one kind that are looked through for the one that is meant. */
const BOARDS_MAX = 32;

/** HID relays; the reports stand in hid-frames.ts. Needs the library node-hid, which is not installed with hil. */
export const hidRelay = powerDriver({
  name: "hid-relay",
  options: z.strictObject({
    family: z.enum(HID_FAMILIES.map(({ name }) => name)),
    relay: z.int().min(1).max(8),
    board: z
      .string()
      .regex(/^[\x21-\x7e]{5}$/, { error: "expected the five characters that a dcttech board calls itself" })
      .optional()
      .describe("dcttech only; left out, there may be only one board"),
    device: z.string().min(1).max(200).optional().describe("the system's name, like /dev/hidraw3, for several boards"),
    contact: contactOption,
    cuts: cutsOption,
  }),
  facts: ({ cuts, family }) => ({ cuts, readsBack: hidFamily(family).readsBack, latency: "10 ms" }),
  async open({ family, relay, board, device, contact }, bench) {
    if (!bench.hid) realTimeOnly("hid-relay", bench.clock);
    const row = hidFamily(family);
    if (board !== undefined && !row.readsBack) {
      throw new ConfigurationError(`boards of the family ${family} have no name.`, "Use `device` instead of `board`.");
    }
    const opened = await theOne(family, { board, device }, bench);
    const transfer = <T>(what: string, work: () => Promise<T>) => transferred(`${what} of ${opened.path}`, work, bench);
    return {
      async set(state, signal) {
        signal?.throwIfAborted();
        const report = Uint8Array.from(row.report(relay, energised(state, contact)));
        await transfer("a command", () => opened.device.send(row.channel, report));
        return { sentAtUs: bench.clock.nowUs() };
      },
      async read() {
        const state = await transfer("the state", () => stateOf(opened.device));
        return state ? suppliedBy((state.bits & (1 << (relay - 1))) !== 0, contact) : "unknown";
      },
      [Symbol.asyncDispose]: () => opened.device[Symbol.asyncDispose](),
    };
  },
});

async function stateOf(device: HidDevice) {
  const report = await device.receive("feature", DCTTECH_STATE_BYTES, TRANSFER_MS);
  return report && dcttechState(report);
}

async function transferred<T>(what: string, work: () => Promise<T>, { clock }: PowerBench): Promise<T> {
  try {
    return await within(clock, TRANSFER_MS, what, work);
  } catch (error) {
    throw new BenchError(`HID: ${what} failed: ${messageOf(error)}`, "Check the cable and udev's rights.", {
      cause: error,
    });
  }
}

/** Opens the only board that fits; writes to none. @throws BenchError when none fits, or more than one. */
async function theOne(
  family: HidFamilyName,
  wanted: { readonly board: string | undefined; readonly device: string | undefined },
  bench: PowerBench,
): Promise<{ readonly path: string; readonly device: HidDevice }> {
  const row = hidFamily(family);
  const found = await (bench.hid ?? nodeHidFinder)(row.vendorId, row.productId);
  const opened: { path: string; device: HidDevice; fits: boolean }[] = [];
  try {
    for (const { path, product, open } of found.slice(0, BOARDS_MAX)) {
      if (!row.product.test(product) || (wanted.device !== undefined && wanted.device !== path)) continue;
      const one = { path, device: await transferred(`opening ${path}`, open, bench), fits: false };
      opened.push(one);
      one.fits = wanted.board === undefined || (await boardName(one.device, path, bench)) === wanted.board;
    }
    const fitting = opened.filter(({ fits }) => fits);
    const [only] = fitting;
    if (only && fitting.length === 1) {
      for (const { device } of opened) if (device !== only.device) await device[Symbol.asyncDispose]();
      return only;
    }
    throw new BenchError(
      `${fitting.length === 0 ? "no" : fitting.length} HID relay boards of the family ${family} fit.`,
      fitting.length === 0 ? "Check cable, family and udev's rights." : "Name one by `device` or `board`.",
    );
  } catch (error) {
    for (const { device } of opened) await device[Symbol.asyncDispose]();
    throw error;
  }
}

async function boardName(device: HidDevice, path: string, bench: PowerBench): Promise<string | undefined> {
  return (await transferred(`the name of ${path}`, () => stateOf(device), bench))?.board;
}
