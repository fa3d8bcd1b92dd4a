import { createSocket } from "node:dgram";
import { RealClock, sleep } from "../../core/index.ts";
import type { PowerBench, PowerSwitch } from "../index.ts";
import { Coils, type Fault } from "./coils.ts";
import type { PowerRig } from "./contract.ts";
import { elementsOf, integer, integerOf, octets, TAG, tlv } from "./snmp-ber.ts";

/** What stands at the objects of a PDU: `command` takes 1 and 2, `status` says by these values. */
export interface SnmpPeer {
  readonly command: string;
  readonly status: string;
  readonly says: { readonly on: number; readonly off: number };
  readonly community?: string;
}

const SLOW_MS = 30;

/** A driver and the agent of a PDU on the loopback network, in real time. */
export async function snmpRig(spec: {
  readonly open: (udpPort: number, bench: PowerBench) => Promise<PowerSwitch>;
  readonly peer: SnmpPeer;
  readonly outlet: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly fault?: Fault | undefined;
}): Promise<PowerRig> {
  const clock = new RealClock();
  const coils = new Coils(8, spec.outlet);
  const { fault = "works" } = spec;
  const socket = createSocket("udp4");
  socket.on("message", (datagram, { port, address }) => {
    const answer = fault === "silent" ? undefined : answerOf(datagram, spec.peer, coils, fault === "refuses");
    if (!answer) return;
    const told = fault === "garbage" ? answer.map((byte) => byte ^ 0x5a) : answer;
    void sleep(clock, fault === "slow" ? SLOW_MS : 0).then(() => socket.send(told, port, address));
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  const links = { open: () => Promise.reject(new Error("no port is needed")) };
  const power = await spec.open(socket.address().port, { links, clock, env: spec.env ?? {} });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  if (fault === "unplugged") socket.close();
  return {
    power,
    clock,
    supply: async () => coils.supply,
    history: async () => coils.history,
    async [Symbol.asyncDispose]() {
      await power[Symbol.asyncDispose]();
      if (fault !== "unplugged") socket.close();
      await closed;
    },
  };
}

function answerOf(datagram: Uint8Array, peer: SnmpPeer, coils: Coils, refuses: boolean): Uint8Array | undefined {
  const [version, community, pdu] = elementsOf(elementsOf(datagram)?.[0]?.content ?? new Uint8Array()) ?? [];
  const [id, , , objects] = elementsOf(pdu?.content ?? new Uint8Array()) ?? [];
  const [name, value] =
    elementsOf(elementsOf(objects?.content ?? new Uint8Array())?.[0]?.content ?? new Uint8Array()) ?? [];
  if (Buffer.from(community?.content ?? "").toString() !== (peer.community ?? "private")) return undefined;
  const path = oidText(name?.content ?? new Uint8Array());
  const outlet = Number(path.split(".").at(-1));
  const sets = pdu?.tag === 0xa3;
  const known = [peer.command, peer.status].some((object) => path === `1.3.6.1.4.1.${object}.${outlet}`);
  const error = refuses && sets ? 5 : known && outlet <= coils.count ? 0 : 2;
  if (error === 0 && sets) coils.set(outlet, integerOf(value) === 1);
  const state = sets ? (integerOf(value) ?? 0) : peer.says[coils.get(outlet) ? "on" : "off"];
  const object = tlv(TAG.sequence, tlv(TAG.oid, name?.content ?? new Uint8Array()), integer(state));
  const body = [integer(integerOf(id) ?? 0), integer(error), integer(error === 0 ? 0 : 1), tlv(TAG.sequence, object)];
  return tlv(TAG.sequence, integer(integerOf(version) ?? 0), octets(peer.community ?? "private"), tlv(0xa2, ...body));
}

function oidText(bytes: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of bytes.subarray(1)) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const first = bytes[0] ?? 0;
  return [Math.floor(first / 40), first % 40, ...arcs].join(".");
}
