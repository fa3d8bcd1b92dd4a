import type { Cleanup, Clock } from "../../core/index.ts";
import { aroundSwitch, type PowerSwitch } from "../../power/index.ts";
import { type Link, type NetworkPort, networkPort, type Uart } from "../../serial/index.ts";
import {
  type BleTransport,
  framingRow,
  openBleTransport,
  type SmpTransport,
  UDP_PORT,
  UdpTransport,
} from "../../smp/index.ts";
import type { BoardProfile } from "../profile/schema.ts";

type SmpPort = NonNullable<BoardProfile["ports"]["smp"]>;
/** Of the profile, what says where SMP goes. */
type Ports = Pick<BoardProfile, "ports">;

/** The port that SMP is served on: its own, or the application's UART. */
function smpPort({ ports }: Ports): SmpPort {
  return ports.smp ?? ports.app;
}

function udpOf(profile: Ports): NetworkPort | undefined {
  const port = smpPort(profile);
  const address = "path" in port ? networkPort(port.path) : undefined;
  return address?.kind === "udp" ? address : undefined;
}

/** Bits a second of what SMP's packets go over; undefined over UDP, and over the air. */
export function smpBaudRate(profile: Ports): number | undefined {
  return udpOf(profile) === undefined && bleOf(profile) === undefined ? smpPort(profile).baudRate : undefined;
}

/** The board's name in the air, where SMP goes that way. */
function bleOf(profile: Ports): string | undefined {
  const port = smpPort(profile);
  return "ble" in port ? port.ble : undefined;
}

/** True where packets lie on the application's UART in a way that leaves no room for a log. */
export function isLogless({ ports }: Ports): boolean {
  return ports.smp === undefined && !framingRow(ports.app.framing ?? "console").carriesLog;
}

/** What SMP goes over: the application's UART, another port, or UDP. */
export async function smpTransport(
  profile: Ports,
  bench: {
    readonly clock: Clock;
    readonly uart: Uart;
    readonly opened: (port: SmpPort) => Promise<Uart>;
    /** The port as it is: an adapter's stays when the board loses its power. */
    readonly link: (port: SmpPort) => Promise<Link>;
    /** How long a board may take until it is in the air, in milliseconds. */
    readonly airMs: number;
    readonly closing: Cleanup;
  },
): Promise<SmpTransport> {
  const { clock, closing } = bench;
  const { smp } = profile.ports;
  const board = bleOf(profile);
  if (smp !== undefined && board !== undefined)
    return openBleTransport(await bench.link(smp), { clock, board, limitMs: bench.airMs });
  const udp = udpOf(profile);
  if (udp !== undefined) return UdpTransport.open({ host: udp.host, port: udp.port ?? UDP_PORT, clock });
  const uart = smp === undefined ? bench.uart : closing.use("smp port", await bench.opened(smp));
  return framingRow(smpPort(profile).framing ?? "console").open(uart, { clock });
}

/** The switch of a board in the air: its link is let go with its power, as it would linger till its supervision ends. */
export function lettingGo(power: PowerSwitch, transport: SmpTransport): PowerSwitch {
  const air = "letGo" in transport ? (transport as BleTransport) : undefined;
  if (air === undefined) return power;
  return aroundSwitch(power, {
    set: async (state, options) => {
      const sent = await power.set(state, options);
      if (state === "off") void air.letGo();
      return sent;
    },
    arm: power.arm?.bind(power),
  });
}
