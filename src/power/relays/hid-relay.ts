import { z } from "zod";
import { BenchError, type Clock, ConfigurationError, messageOf, within } from "../../core/index.ts";
import { contactOption, cutsOption, type PowerBench, powerDriver, realTimeOnly } from "../driver/driver.ts";
import { type HidDevice, nodeHidFinder } from "../driver/hid-device.ts";
import { energised, suppliedBy } from "../driver/switch.ts";
import {
  DCTTECH_STATE_BYTES,
  dcttechState,
  HID_FAMILIES,
  type HidFamily,
  type HidFamilyName,
  hidFamily,
} from "./hid-frames.ts";
import { LCUS_ANSWER_MS, LCUS_SPACING_MS } from "./lcus-frames.ts";

/** How long a transfer may take, in milliseconds. */
const TRANSFER_MS = 1_000;
/** Boards of one kind that are looked through for the one that is meant. */
const BOARDS_MAX = 32;
/** Reports of earlier commands that are thrown away before a question. */
const STALE_REPORTS_MAX = 16;

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
      .describe("dcttech only; needed where there are several boards"),
    device: z.string().min(1).max(200).optional().describe("the system's name, like /dev/hidraw3, for several boards"),
    contact: contactOption,
    cuts: cutsOption,
    ask: z.boolean().default(true).describe("ask for the state after every command; false for a board that is silent"),
  }),
  facts: ({ cuts, family, ask }) => ({
    cuts,
    readsBack: ask && hidFamily(family).status !== undefined,
    latency: "10 ms",
  }),
  async open({ family, relay, board, device, contact }, bench) {
    if (!bench.hid) realTimeOnly("hid-relay", bench.clock);
    const row = hidFamily(family);
    if (board !== undefined && family !== "dcttech") {
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
        const isOn = await transfer("the state", () => stateOf(opened.device, row, relay, bench.clock));
        return isOn === undefined ? "unknown" : suppliedBy(isOn, contact);
      },
      [Symbol.asyncDispose]: () => opened.device[Symbol.asyncDispose](),
    };
  },
});

/**
 * Whether a relay is on, by what its board answers; undefined when it does not say. What a board still has to say of
 * the command before is taken first, and keeps the question at its distance from it.
 */
async function stateOf(
  device: HidDevice,
  { channel, status }: HidFamily,
  relay: number,
  clock: Clock,
): Promise<boolean | undefined> {
  if (!status) return undefined;
  if (!status.request) {
    const report = await device.receive(status.channel, status.bytes, TRANSFER_MS);
    return status.stateOf(relay, report ? [report] : []);
  }
  for (let left = STALE_REPORTS_MAX; left > 0; left -= 1) {
    if ((await device.receive(status.channel, status.bytes, LCUS_SPACING_MS)) === undefined) break;
  }
  await device.send(channel, Uint8Array.from(status.request));
  const reports: Uint8Array[] = [];
  const untilUs = clock.nowUs() + LCUS_ANSWER_MS * 1000;
  for (let leftUs = LCUS_ANSWER_MS * 1000; leftUs > 0; leftUs = untilUs - clock.nowUs()) {
    const report = await device.receive(status.channel, status.bytes, Math.ceil(leftUs / 1000));
    if (report === undefined) break;
    reports.push(report);
    const isOn = status.stateOf(relay, reports);
    if (isOn !== undefined) return isOn;
  }
  return undefined;
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
  const asked = () => device.receive("feature", DCTTECH_STATE_BYTES, TRANSFER_MS);
  const report = await transferred(`the name of ${path}`, asked, bench);
  return report && dcttechState(report)?.board;
}
