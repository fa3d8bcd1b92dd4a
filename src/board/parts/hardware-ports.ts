import { dirname } from "node:path";
import { type Clock, ConfigurationError, defined, resolveFrom } from "../../core/index.ts";
import { openPower, type PortOpener, type PowerSwitch, portName } from "../../power/index.ts";
import {
  isNetworkName,
  type Link,
  networkPort,
  openNetworkPort,
  openSerialPort,
  resolvePort,
} from "../../serial/index.ts";
import type { LoadedProfile } from "../profile/profile.ts";
import type { BoardProfile } from "../profile/schema.ts";

/** The serial ports of this machine, and those that others serve on the network, as a profile names them. */
export function hardwarePorts({ file }: Pick<LoadedProfile, "file">, clock: Clock): PortOpener {
  return {
    open: async (port, line) => {
      const address = "path" in port ? networkPort(port.path) : undefined;
      if (address !== undefined) return openNetworkPort(address, { ...line, clock });
      const path = await resolvePort("path" in port ? { path: portFile(file, port.path) } : port);
      return openSerialPort(path, { ...line, clock, name: portName(port) });
    },
  };
}

type SmpPort = NonNullable<BoardProfile["ports"]["smp"]>;

/** The way to a board's SMP server, in the words that name a port on a command line. */
export interface SmpWay {
  /** A path, PROBE:INTERFACE, or a port on the network. */
  readonly port: string;
  readonly baudRate: number;
  readonly hardwareFlowControl: boolean;
  /** How packets lie on the line; undefined: in frames of the console. */
  readonly framing: SmpPort["framing"];
  readonly dtr?: boolean | undefined;
  /** Over Bluetooth LE: the board's name in the air; the port is the adapter's. */
  readonly ble?: string | undefined;
}

/** Where a profile's board serves SMP; undefined of a simulated one, whose ports live only while a command runs. */
export function smpWay({ profile, file }: Pick<LoadedProfile, "profile" | "file">): SmpWay | undefined {
  if (profile.provider !== "hardware") return undefined;
  const served = profile.ports.smp ?? profile.ports.app;
  const port = "path" in served ? portFile(file, served.path) : `${served.jlink}:${served.interface}`;
  const { baudRate, hardwareFlowControl, framing, dtr } = served;
  const { smp } = profile.ports;
  const ble = smp && "ble" in smp ? smp.ble : undefined;
  return { port, baudRate, hardwareFlowControl, framing, dtr, ble };
}

/** A relative path of a port starts at its profile, as all paths there do; a bare name (COM7) is none, nor is a host. */
export function portFile(file: string, path: string): string {
  if (isNetworkName(path)) return path;
  return path.includes("/") ? resolveFrom(file, path) : path;
}

/**
 * Opens one UART of a board and nothing else: no switch, no log, no SMP.
 * @throws ConfigurationError when the profile has no such port, or its board lives only while a command runs;
 *   BenchError.
 */
export function openBoardPort(loaded: LoadedProfile, core: "app" | "net", clock: Clock): Promise<Link> {
  requireHardware(loaded);
  const port = loaded.profile.ports[core];
  if (port === undefined) throw loaded.wrong(["ports"], `name no port "${core}".`, `Add ports.${core} to the profile.`);
  const { baudRate, hardwareFlowControl, dtr } = port;
  return hardwarePorts(loaded, clock).open(port, {
    baudRate,
    hardwareFlowControl,
    ...defined({ dtr }),
  });
}

/** Opens a board's power switch and nothing else. @throws ConfigurationError; BenchError. */
export function openBoardSwitch(loaded: LoadedProfile, clock: Clock): Promise<PowerSwitch> {
  requireHardware(loaded);
  const { driver, options } = loaded.profile.power;
  return openPower({ driver, options }, { links: hardwarePorts(loaded, clock), clock, folder: dirname(loaded.file) });
}

/** A simulated board in this process is born with a command and ends with it: nothing of it can be opened alone. */
function requireHardware({ profile, file }: LoadedProfile): void {
  if (profile.provider === "hardware") return;
  throw new ConfigurationError(
    `${file}: this board is simulated (provider ${profile.provider}) and lives only while a command runs.`,
    "Start `hil twin --link dev` and use a profile with provider: hardware on its ports (docs/twin.md).",
  );
}
