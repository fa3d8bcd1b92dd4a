import { type Clock, concat, defined, hex, RealClock, sleep, VirtualClock } from "../../core/index.ts";
import { type Link, memoryLinks, openPty, openSerialPort } from "../../serial/index.ts";
import type { Contact, PowerBench, PowerSwitch } from "../index.ts";
import { Coils, type Fault } from "./coils.ts";
import type { PowerRig } from "./contract.ts";

/** A relay board at the far end of a line: takes bytes in any pieces, gives back what it answers. */
export type SerialPeer = (bytes: Uint8Array, coils: Coils) => Uint8Array;

export interface SerialRig extends PowerRig {
  readonly coils: Coils;
  readonly host: { vanish(): void | Promise<void> };
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
  /** "memory" (the default): virtual time. "pty": a serial port of the system, real time. */
  readonly line?: "memory" | "pty" | undefined;
}

const GARBAGE = Uint8Array.of(0x55, 0x02, 0xf3, 0x91, 0x0b);
const SLOW_MS = 60;
/** What was written has arrived after this, in milliseconds, or never will. */
const ARRIVAL_MS = 5000;

/** Both ends of a line, and the unplugging of it. */
interface Line {
  readonly clock: Clock;
  readonly far: Link;
  open(baudRate: number): Promise<Link>;
  vanish(): void | Promise<void>;
}

function memoryLine(baudRate: number | undefined): Line {
  const clock = new VirtualClock();
  const [host, far] = memoryLinks({ clock, ...defined({ baudRate }) });
  return { clock, far, open: async () => host, vanish: () => host.vanish() };
}

async function ptyLine(): Promise<Line> {
  const clock = new RealClock();
  const { link: far, path } = await openPty({ clock });
  const open = (baudRate: number) => openSerialPort(path, { baudRate, clock });
  return { clock, far, open, vanish: async () => far[Symbol.asyncDispose]() };
}

/** A driver and the board it drives. */
export async function serialRig(spec: SerialRigSpec): Promise<SerialRig> {
  const { fault = "works", channel, contact } = spec;
  const line = await (spec.line === "pty" ? ptyLine() : memoryLine(spec.baudRate));
  const { clock, far } = line;
  const coils = new Coils(spec.coils ?? 8, channel, contact);
  coils.stuck = fault === "refuses";
  const wire: { atUs: number; bytes: string }[] = [];
  const peer = spec.peer();
  let answered: Promise<void> = Promise.resolve();
  const traffic = { toldBytes: 0, heardBytes: 0 };
  const served = (async () => {
    for await (const { atUs, bytes } of far.chunks) {
      wire.push({ atUs, bytes: hex(bytes) });
      traffic.heardBytes += bytes.length;
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
      const host = await line.open(baudRate);
      return counting(host, (bytes) => {
        traffic.toldBytes += bytes;
      });
    },
  };
  const power = await spec.open({ links, clock }).catch(async (error: unknown) => {
    await far[Symbol.asyncDispose]();
    throw error;
  });
  if (fault === "unplugged") await line.vanish();
  return {
    power,
    clock,
    coils,
    wire,
    host: line,
    opened,
    supply: async () => {
      for (let wait = 0; traffic.heardBytes < traffic.toldBytes && wait < ARRIVAL_MS; wait += 1) await sleep(clock, 1);
      return coils.supply;
    },
    history: async () => coils.history,
    async [Symbol.asyncDispose]() {
      await power[Symbol.asyncDispose]();
      await far[Symbol.asyncDispose]();
      await served;
    },
  };
}

/** The same link, telling how many bytes were written to it. */
function counting(link: Link, written: (bytes: number) => void): Link {
  return {
    name: link.name,
    chunks: link.chunks,
    write: async (bytes, signal) => {
      await link.write(bytes, signal);
      written(bytes.length);
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
