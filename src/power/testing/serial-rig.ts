import { concat, hex, sleep, VirtualClock } from "../../core/index.ts";
import { type MemoryLink, memoryLinks } from "../../serial/index.ts";
import type { Contact, PowerBench, PowerSwitch } from "../index.ts";
import { Coils, type Fault } from "./coils.ts";
import type { PowerRig } from "./contract.ts";

/** A relay board at the far end of a line: takes bytes in any pieces, gives back what it answers. */
export type SerialPeer = (bytes: Uint8Array, coils: Coils) => Uint8Array;

export interface SerialRig extends PowerRig {
  readonly coils: Coils;
  readonly host: MemoryLink;
  /** What the board was sent, one entry a write, in hexadecimal. */
  readonly wire: { readonly atUs: number; readonly bytes: string }[];
  readonly opened: { readonly port: unknown; readonly baudRate: number }[];
}

export interface SerialRigSpec {
  readonly open: (bench: PowerBench) => Promise<PowerSwitch>;
  readonly peer: () => SerialPeer;
  readonly baudRate?: number;
  readonly coils?: number;
  /** The coil, from 1, that carries the supply. */
  readonly channel: number;
  readonly contact?: Contact | undefined;
  readonly fault?: Fault | undefined;
}

const GARBAGE = Uint8Array.of(0x55, 0x02, 0xf3, 0x91, 0x0b);
const SLOW_MS = 60;

/** A driver and the board it drives, on a line in memory, in virtual time. */
export async function serialRig(spec: SerialRigSpec): Promise<SerialRig> {
  const { fault = "works", channel, contact } = spec;
  const clock = new VirtualClock();
  const [host, far] = memoryLinks({ clock, ...(spec.baudRate === undefined ? {} : { baudRate: spec.baudRate }) });
  const coils = new Coils(spec.coils ?? 8, channel, contact);
  coils.stuck = fault === "refuses";
  const wire: { atUs: number; bytes: string }[] = [];
  const peer = spec.peer();
  let answered: Promise<void> = Promise.resolve();
  const served = (async () => {
    for await (const { atUs, bytes } of far.chunks) {
      wire.push({ atUs, bytes: hex(bytes) });
      if (fault === "silent") continue;
      const answer = peer(bytes, coils);
      const told = fault === "garbage" ? concat(GARBAGE, GARBAGE).subarray(0, answer.length + 1) : answer;
      answered = answered.then(async () => {
        if (fault === "slow") await sleep(clock, SLOW_MS);
        for (const piece of [told.subarray(0, 1), told.subarray(1)]) if (piece.length > 0) await far.write(piece);
      });
    }
    await answered;
  })().catch(() => {});
  const opened: SerialRig["opened"] = [];
  const links: PowerBench["links"] = {
    open: async (port, { baudRate }) => {
      opened.push({ port, baudRate });
      return host;
    },
  };
  const power = await spec.open({ links, clock });
  if (fault === "unplugged") host.vanish();
  return {
    power,
    clock,
    coils,
    wire,
    host,
    opened,
    supply: async () => coils.supply,
    history: async () => coils.history,
    async [Symbol.asyncDispose]() {
      await power[Symbol.asyncDispose]();
      await far[Symbol.asyncDispose]();
      await served;
    },
  };
}
