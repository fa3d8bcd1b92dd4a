import { concat, fromHex, hex, RealClock, sleep } from "../src/core/index.ts";
import { type CborMap, encodeMap, encodeSmpHeader, type SmpTransport } from "../src/smp/index.ts";

const clock = new RealClock();

/** A name, and a packet to send. */
export type NamedPacket = readonly [string, Uint8Array];

/** CBOR that no SMP client sends. */
export const ODD_VALUES = [
  ["a tag", "c101"],
  ["text in pieces", "7f6178ff"],
  ["bytes in pieces", "5f4178ff"],
  ["a half float", "f93c00"],
  ["a double", "fb3ff0000000000000"],
  ["an unassigned simple value", "e0"],
  ["a simple value of a byte", "f8ff"],
  ["undefined", "f7"],
  ["a nested indefinite list", "9f9f01ffff"],
  ["a map with a key twice", "a2616101616102"],
  ["a map with numbers for keys", "a10102"],
  ["twenty levels", `${"81".repeat(20)}01`],
  ["an integer of eight bytes", "1bffffffffffffffff"],
  ["an integer longer than it must be", "1800"],
] as const;

/** A request with sequence 7; a write to group 0, command 0, in version 2 unless told. A body in hex goes out as it is. */
export function request(
  fields: { op?: number; version?: number; group?: number; id?: number; length?: number },
  body: CborMap | string,
) {
  const payload = typeof body === "string" ? fromHex(body) : encodeMap(body);
  const { op = 2, version = 1, group = 0, id = 0, length = payload.length } = fields;
  return concat(encodeSmpHeader({ op, version, reserved: 0, flags: 0, length, group, sequence: 7, id }), payload);
}

/** What a server answers to a packet: waits until it does, at most `waitMs`, and a little for more. */
export async function answersTo(transport: SmpTransport, packet: Uint8Array, waitMs: number): Promise<string[]> {
  const found: string[] = [];
  const stop = transport.onPacket(({ bytes }) => found.push(hex(bytes)));
  await transport.send(packet);
  for (let waited = 0; waited < waitMs && found.length === 0; waited += 20) await sleep(clock, 20);
  await sleep(clock, 30);
  stop();
  return found;
}

/** Sends every packet to both, in order; returns what differs. */
export async function compare(
  battery: readonly (readonly [string, Uint8Array])[],
  theirs: SmpTransport,
  ours: SmpTransport,
  waitMs: number,
) {
  const differences: string[] = [];
  for (const [name, packet] of battery) {
    const [zephyr, we] = [await answersTo(theirs, packet, waitMs), await answersTo(ours, packet, 40)];
    if (zephyr.join() === we.join()) continue;
    differences.push(`${name}: ${hex(packet)}\n  Zephyr ${zephyr.join()}\n  we     ${we.join()}`);
  }
  return differences;
}
