import { concat, sleep, utf8, VirtualClock } from "../../core/index.ts";
import type { Contact, PowerBench, PowerSwitch } from "../index.ts";
import { lcusStatusText } from "../relays/lcus-frames.ts";
import { Coils, type Fault } from "./coils.ts";
import type { PowerRig } from "./contract.ts";

export interface HidRig extends PowerRig {
  /** `feature` or `interrupt`, and the report in hexadecimal. */
  readonly sent: readonly string[];
}

const SLOW_MS = 40;
const STATE_BYTES = 9;

/** A driver and pretended HID boards: the first carries the supply on relay `relay`. */
export async function hidRig(spec: {
  readonly open: (bench: PowerBench) => Promise<PowerSwitch>;
  readonly relay: number;
  readonly product: string;
  /** What a report does to the coils, by the family's sheet. */
  readonly peer: (report: Uint8Array, coils: Coils) => readonly Uint8Array[] | void;
  readonly boards?: readonly string[];
  /** Whether the system puts the report's number before an answer. */
  readonly numbered?: boolean;
  readonly contact?: Contact;
  readonly fault?: Fault | undefined;
}): Promise<HidRig> {
  const { fault = "works", boards = ["BITFT"], numbered = true } = spec;
  const clock = new VirtualClock();
  const coils = new Coils(8, spec.relay, spec.contact);
  coils.stuck = fault === "refuses";
  const sent: string[] = [];
  const answers: Uint8Array[] = [];
  let gone = false;
  const work = async () => {
    if (gone) throw new Error("could not write to HID device");
    if (fault === "silent") await new Promise(() => {});
    if (fault === "slow") await sleep(clock, SLOW_MS);
  };
  const hid: NonNullable<PowerBench["hid"]> = async () =>
    boards.map((name, place) => ({
      path: `/dev/hidraw${place}`,
      product: spec.product,
      open: async () => ({
        async send(channel, report) {
          await work();
          sent.push(`${channel} ${Buffer.from(report).toString("hex")}`);
          if (place === 0) answers.push(...(spec.peer(report, coils) ?? []));
        },
        async receive(channel, bytes, limitMs) {
          if (channel === "interrupt") {
            const answer = answers.shift();
            if (answer === undefined) await sleep(clock, limitMs);
            return fault === "garbage" ? answer?.fill(0x07) : answer;
          }
          await work();
          const state = Uint8Array.from([0, ...utf8(name), 0, 0, place === 0 ? coils.bits : 0]);
          if (fault === "garbage") state.fill(0x07);
          return state.subarray(numbered ? 0 : 1, Math.min(bytes, STATE_BYTES));
        },
        async [Symbol.asyncDispose]() {},
      }),
    }));
  const links = { open: () => Promise.reject(new Error("no port is needed")) };
  const power = await spec.open({ links, clock, hid });
  gone = fault === "unplugged";
  return {
    power,
    clock,
    sent,
    supply: async () => coils.supply,
    history: async () => coils.history,
    [Symbol.asyncDispose]: () => power[Symbol.asyncDispose](),
  };
}

/** Text in reports of eight bytes, the last filled up with zeros. */
function reportsOf(text: Uint8Array): Uint8Array[] {
  const count = Math.ceil(text.length / 8);
  return Array.from({ length: count }, (_, at) =>
    concat(text.subarray(at * 8, at * 8 + 8), new Uint8Array(8)).subarray(0, 8),
  );
}

/** What the sheets say that a report does; byte 0 is the report's number. */
export const HID_PEERS = {
  dcttech: (report: Uint8Array, coils: Coils) => {
    if (report[1] === 0xff || report[1] === 0xfd) coils.set(report[2] ?? 0, report[1] === 0xff);
  },
  lcus: (report: Uint8Array, coils: Coils) => {
    const [, head, relay = 0, state = 0, sum] = report;
    if (head !== 0xa0 || sum !== ((0xa0 + relay + state) & 0xff)) return [];
    if (state < 2) coils.set(relay, state === 1);
    const on = Array.from({ length: coils.count }, (_, index) => coils.get(index + 1));
    // A command is answered for its relay, a question for all: late answers must not be taken for the question's.
    return reportsOf(utf8(lcusStatusText(on, state === 2 ? undefined : [relay])));
  },
  ucreatefun: (report: Uint8Array, coils: Coils) => coils.set((report[1] ?? 0) & 0x0f, (report[1] ?? 0) >= 0xf0),
} as const;
