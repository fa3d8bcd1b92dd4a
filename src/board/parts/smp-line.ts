import type { Cleanup, Clock } from "../../core/index.ts";
import { type NetworkPort, networkPort, type Uart } from "../../serial/index.ts";
import { framingRow, type SmpTransport, UDP_PORT, UdpTransport } from "../../smp/index.ts";
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

/** Bits a second of what SMP's packets go over; undefined over UDP. */
export function smpBaudRate(profile: Ports): number | undefined {
  return udpOf(profile) === undefined ? smpPort(profile).baudRate : undefined;
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
    readonly closing: Cleanup;
  },
): Promise<SmpTransport> {
  const { clock, closing } = bench;
  const { smp } = profile.ports;
  const udp = udpOf(profile);
  if (udp !== undefined) return UdpTransport.open({ host: udp.host, port: udp.port ?? UDP_PORT, clock });
  const uart = smp === undefined ? bench.uart : closing.use("smp port", await bench.opened(smp));
  return framingRow(smpPort(profile).framing ?? "console").open(uart, { clock });
}
