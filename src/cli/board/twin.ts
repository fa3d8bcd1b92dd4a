import { BlockList, isIP } from "node:net";
import { BLE_NAME_BYTES_MAX, BlePeripheral } from "../../ble/index.ts";
import { type LoadedProfile, loadProfile, makeTwin, radioOf, TWIN_MTU } from "../../board/index.ts";
import { requireFaultsAct } from "../../campaign/index.ts";
import { Cleanup, type Clock, EXIT, Random, RealClock, UsageError, whenAborted } from "../../core/index.ts";
import { networkPort, openNetworkPort, openPty, openSerialPort, serveTcp } from "../../serial/index.ts";
import { SMP_GATT, UdpServerTransport } from "../../smp/index.ts";
import { withFaults } from "../run/faults.ts";
import { type OptionRows, type Parsed, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { linkedPaths } from "./linked-paths.ts";

/** What twins and their lines go at, in bits a second. */
const BAUD_RATES = { least: 300, most: 1_000_000 };
const PORT_MAX = 65_535;
/** Of an HCI controller's UART. Source: Zephyr's samples/bluetooth/hci_uart. */
const AIR_BAUD_RATE = 1_000_000;

const OPTIONS = {
  board: { type: "string", describe: 'twin profile: a YAML file, or "twin"', default: "twin" },
  baud: { type: "string", describe: "pace of the UART in bits a second (default: the profile's)" },
  link: { type: "string", describe: "also make symbolic links DIR/uart and DIR/relay, which do not change" },
  fault: { type: "string", describe: "switch a fault on (repeatable)" },
  udp: { type: "string", describe: "serve SMP over UDP as well: PORT, or ADDRESS:PORT (default address 127.0.0.1)" },
  tcp: { type: "string", describe: "serve the UART over TCP, not on a pseudo-terminal: PORT, or ADDRESS:PORT" },
  rfc2217: { type: "string", describe: "the same as RFC 2217 has it (a terminal server): PORT, or ADDRESS:PORT" },
  air: {
    type: "string",
    describe:
      "serve SMP over Bluetooth LE as well, on the HCI controller at PATH, tcp:HOST:PORT or rfc2217://HOST:PORT",
  },
  "air-name": {
    type: "string",
    describe: "name that it advertises (default: ports.smp.ble of the profile, or hil-twin)",
  },
  seed: { type: "string", describe: "seed of what the twin draws", default: "1" },
} as const satisfies OptionRows;

/**
 * `hil twin`: the simulated board as a program. Prints one line of JSON when it is ready, then runs until it is told to
 * stop (Ctrl-C or SIGTERM, which is its normal end).
 */
export async function twinCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil twin [options]", OPTIONS, 0);
  if (!args) return EXIT.pass;
  const loaded = withFaults(await loadProfile(args.text("board") ?? "twin", { cwd: io.cwd }), args.texts("fault"));
  requireFaultsAct(loaded);
  const baudRate = args.whole("baud", BAUD_RATES) ?? loaded.profile.ports.app.baudRate;
  const udp = addressOf("udp", args.text("udp"));
  for (const text of openPortWarnings(args)) io.err(`hil: warning: ${text}\n`);
  const clock = new RealClock();
  await using closing = new Cleanup();
  const app = await openUart(args, clock);
  closing.use("uart", app.link);
  const relay = await openPty({ clock, name: "twin's relay" });
  closing.use("relay", relay.link);
  const net = loaded.profile.ports.net && (await openPty({ clock, name: "twin's network core" }));
  if (net) closing.use("network core", net.link);
  const paced = { ...loaded.profile, ports: { app: { ...loaded.profile.ports.app, baudRate } } };
  const random = Random.fromSeed(args.whole("seed") ?? 1);
  const links = { app: app.link, relay: relay.link, ...(net && { net: net.link }) };
  const smpAlso = udp && closing.use("UDP", await UdpServerTransport.open({ ...udp, clock }));
  const radio = await openRadio(args, loaded, clock, closing);
  const twin = closing.use(
    "twin",
    makeTwin({ ...loaded, profile: paced }, { clock, random, links, smpAlso, ...radio }),
  );
  const paths = linkedPaths(
    args.text("link"),
    io.cwd,
    { ...(app.path !== undefined && { uart: app.path }), relay: relay.path, ...(net && { net: net.path }) },
    closing,
  );
  // Bytes that come before the board listens are lost: whoever reads this line may talk at once.
  if (twin.machine.powered) await Promise.race([twin.machine.settled, whenAborted(io.signal)]);
  const ports = { ...(smpAlso && { udp: smpAlso.port }), ...app.served };
  io.out(`${JSON.stringify({ ...paths, ...ports, pid: process.pid })}\n`);
  await whenAborted(io.signal);
  twin.check();
  return EXIT.pass;
}

/** The HCI controller that `--air` names, with a board's SMP service on it. @throws UsageError; BenchError; TimeoutError. */
async function openRadio(args: Parsed, { profile }: LoadedProfile, clock: Clock, closing: Cleanup) {
  const path = args.text("air");
  const own = profile.ports.smp && "ble" in profile.ports.smp ? profile.ports.smp.ble : undefined;
  const name = args.text("air-name") ?? own ?? "hil-twin";
  if (Buffer.byteLength(name) > BLE_NAME_BYTES_MAX || name === "")
    throw new UsageError(`--air-name takes 1 to ${BLE_NAME_BYTES_MAX} bytes.`);
  if (path === undefined) return {};
  const line = { baudRate: AIR_BAUD_RATE, hardwareFlowControl: true, clock };
  const address = networkPort(path);
  if (address?.kind === "udp") throw new UsageError("--air wants an HCI controller: UDP carries no bytes in a row.");
  const link = address === undefined ? await openSerialPort(path, line) : await openNetworkPort(address, line);
  const peripheral = await BlePeripheral.open(link, { clock, name, ...SMP_GATT, mtu: TWIN_MTU });
  closing.use("radio", peripheral);
  return { radio: radioOf(peripheral) };
}

/** The addresses of this machine alone. Source: RFC 6890. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8);
LOOPBACK.addAddress("::1", "ipv6");

/** What is to be said of ports that other machines reach: SMP knows no password. */
function openPortWarnings(args: Parsed): readonly string[] {
  return (["udp", "tcp", "rfc2217"] as const).flatMap((kind) => {
    const address = addressOf(kind, args.text(kind));
    if (address === undefined || LOOPBACK.check(address.host, isIP(address.host) === 6 ? "ipv6" : "ipv4")) return [];
    const who = "whoever reaches this machine may use it, without a password";
    return [`--${kind} listens at ${address.host}, which is not this machine's own: ${who}.`];
  });
}

/** The UART's other end: a pseudo-terminal, or a TCP port. @throws UsageError; BenchError. */
async function openUart(args: Parsed, clock: Clock) {
  const asked = (["tcp", "rfc2217"] as const).flatMap((kind) => {
    const address = addressOf(kind, args.text(kind));
    return address === undefined ? [] : [{ kind, address }];
  });
  const [first, second] = asked;
  if (second !== undefined) throw new UsageError("--tcp and --rfc2217 both serve the one UART.", "Leave one out.");
  if (first === undefined) {
    const { link, path } = await openPty({ clock, name: "twin's UART" });
    return { link, path, served: {} };
  }
  const link = await serveTcp({ ...first.address, clock, rfc2217: first.kind === "rfc2217" });
  return { link, path: undefined, served: { [first.kind]: link.port } };
}

/** "1337", "[::1]:1337" and the like. @throws UsageError. */
function addressOf(
  option: string,
  text: string | undefined,
): { readonly host: string; readonly port: number } | undefined {
  if (text === undefined) return undefined;
  const at = text.lastIndexOf(":");
  const host = at < 0 ? "127.0.0.1" : text.slice(0, at).replace(/^\[(.*)\]$/u, "$1");
  const port = Number(text.slice(at + 1));
  const isPort = /^\d+$/u.test(text.slice(at + 1)) && port <= PORT_MAX;
  if (!isPort || isIP(host) === 0) throw new UsageError(`--${option} wants PORT or ADDRESS:PORT, not "${text}".`);
  return { host, port };
}
