import { lstatSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { loadProfile, makeTwin } from "../../board/index.ts";
import {
  Cleanup,
  ConfigurationError,
  EXIT,
  makeFolder,
  messageOf,
  Random,
  RealClock,
  UsageError,
  whenAborted,
} from "../../core/index.ts";
import { openPty } from "../../serial/index.ts";
import { UdpServerTransport } from "../../smp/index.ts";
import { withFaults } from "../run/faults.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";

/** What twins and their lines go at, in bits a second. */
const BAUD_RATES = { least: 300, most: 1_000_000 };
const PORT_MAX = 65_535;

const OPTIONS = {
  board: { type: "string", describe: 'twin profile: a YAML file, or "twin"', default: "twin" },
  baud: { type: "string", describe: "pace of the UART in bits a second (default: the profile's)" },
  link: { type: "string", describe: "also make symbolic links DIR/uart and DIR/relay, which do not change" },
  fault: { type: "string", describe: "switch a fault on (repeatable)" },
  udp: { type: "string", describe: "serve SMP over UDP as well: PORT, or ADDRESS:PORT (default address 127.0.0.1)" },
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
  const baudRate = args.whole("baud", BAUD_RATES) ?? loaded.profile.ports.app.baudRate;
  const udp = udpOf(args.text("udp"));
  const clock = new RealClock();
  await using closing = new Cleanup();
  const app = await openPty({ clock, name: "twin's UART" });
  closing.use("uart", app.link);
  const relay = await openPty({ clock, name: "twin's relay" });
  closing.use("relay", relay.link);
  const net = loaded.profile.ports.net && (await openPty({ clock, name: "twin's network core" }));
  if (net) closing.use("network core", net.link);
  const paced = { ...loaded.profile, ports: { app: { ...loaded.profile.ports.app, baudRate } } };
  const random = Random.fromSeed(args.whole("seed") ?? 1);
  const links = { app: app.link, relay: relay.link, ...(net && { net: net.link }) };
  const smpAlso = udp && closing.use("UDP", await UdpServerTransport.open({ ...udp, clock }));
  const twin = closing.use("twin", makeTwin({ ...loaded, profile: paced }, { clock, random, links, smpAlso }));
  const paths = named(
    args.text("link"),
    io.cwd,
    { uart: app.path, relay: relay.path, ...(net && { net: net.path }) },
    closing,
  );
  // Bytes that come before the board listens are lost: whoever reads this line may talk at once.
  if (twin.machine.powered) await Promise.race([twin.machine.settled, whenAborted(io.signal)]);
  const ports = smpAlso ? { udp: smpAlso.port } : {};
  io.out(`${JSON.stringify({ ...paths, ...ports, pid: process.pid })}\n`);
  await whenAborted(io.signal);
  twin.check();
  return EXIT.pass;
}

/** "1337", "[::1]:1337" and the like. @throws UsageError. */
function udpOf(text: string | undefined): { readonly host: string; readonly port: number } | undefined {
  if (text === undefined) return undefined;
  const at = text.lastIndexOf(":");
  const host = at < 0 ? "127.0.0.1" : text.slice(0, at).replace(/^\[(.*)\]$/u, "$1");
  const port = Number(text.slice(at + 1));
  const isPort = /^\d+$/u.test(text.slice(at + 1)) && port <= PORT_MAX;
  if (!isPort || isIP(host) === 0) throw new UsageError(`--udp wants PORT or ADDRESS:PORT, not "${text}".`);
  return { host, port };
}

/**
 * Paths under which programs find the lines; with a folder, links that stay the same from run to run. A link of an
 * earlier twin is replaced; a file that is none is somebody's, and stays.
 */
function named<T extends Record<string, string>>(
  folder: string | undefined,
  cwd: string,
  paths: T,
  closing: Cleanup,
): T {
  if (folder === undefined) return paths;
  const absolute = resolve(cwd, folder);
  try {
    makeFolder(absolute);
    const links = Object.entries(paths).map(([name, target]) => {
      const link = join(absolute, name);
      if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(link);
      symlinkSync(target, link);
      closing.add(`link ${name}`, () => removeLink(link, target));
      return [name, link];
    });
    return Object.fromEntries(links);
  } catch (error) {
    const hint = "Name a folder you may write to with --link DIR.";
    throw new ConfigurationError(`cannot make links in ${folder}: ${messageOf(error)}.`, hint, { cause: error });
  }
}

/** A twin that was started later with the same folder owns the link now: that one stays. */
function removeLink(link: string, target: string): void {
  try {
    if (readlinkSync(link) === target) rmSync(link, { force: true });
  } catch {
    // It is gone already.
  }
}
