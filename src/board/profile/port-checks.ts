import type { FieldPath } from "../../core/index.ts";
import { isNetworkName, networkPort } from "../../serial/index.ts";
import { AIR_PORT, type ProfileFields } from "./schema.ts";

/** Takes what is wrong with a field. */
export type Complain = (path: FieldPath, message: string) => void;

/** Names of ports on the network that mean nothing, and bytes where only packets can go. */
export function checkNetworkPorts({ ports, power }: Pick<ProfileFields, "ports" | "power">, complain: Complain): void {
  for (const [path, port] of [
    [["ports", "app", "path"], ports.app],
    [["ports", "net", "path"], ports.net],
    [["ports", "smp", "path"], ports.smp],
    [["power", "port", "path"], power["port"]],
  ] as const) {
    if (typeof port !== "object" || port === null || !("path" in port)) continue;
    const name = String(port.path);
    const address = networkPort(name);
    if (isNetworkName(name) && address === undefined)
      complain(path, "is no port on the network: write tcp:HOST:PORT, rfc2217://HOST:PORT or udp:HOST:PORT.");
    else if (address?.kind === "udp" && port !== ports.smp)
      complain(path, "must carry bytes: over UDP only SMP goes (ports.smp).");
    else if (address?.kind === "udp" && ports.smp?.framing !== undefined)
      complain(["ports", "smp", "framing"], "has no use over UDP: a datagram is a packet.");
  }
  if (ports.smp !== undefined && ports.app.framing !== undefined)
    complain(["ports", "app", "framing"], "has no use: SMP is on ports.smp.");
}

/** What is simulated serves SMP on its UART; a twin over the air of its process, too. */
export function checkSmpPort({ provider, ports }: ProfileFields, complain: Complain): void {
  const { smp } = ports;
  if (smp === undefined) return;
  const isAir = "path" in smp && smp.path === AIR_PORT;
  if (provider === "hardware") {
    if (isAir) complain(["ports", "smp", "path"], "is missing: the port of the HCI adapter, or jlink and interface.");
    return;
  }
  if (provider === "twin" && "ble" in smp) {
    if (!isAir) complain(["ports", "smp"], "names an adapter: the air of a simulated board is in this process.");
    return;
  }
  const also = provider === "twin" ? ", or over the air (ble)" : "";
  complain(["ports", "smp"], `is only for hardware: what is simulated here serves SMP on ports.app${also}.`);
}
