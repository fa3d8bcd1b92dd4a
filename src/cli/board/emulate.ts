import { loadProfile, serveEmulated, withFirmware } from "../../board/index.ts";
import { Cleanup, EXIT, Random, RealClock, UsageError } from "../../core/index.ts";
import { openPty } from "../../serial/index.ts";
import { type OptionRows, parseArguments } from "../terminal/arguments.ts";
import type { CliIo } from "../terminal/io.ts";
import { linkedPaths } from "./linked-paths.ts";

const IMAGES_MAX = 8;

const OPTIONS = {
  board: { type: "string", describe: "profile of an emulated board: slots and keys of the build", default: "emulated" },
  net: { type: "string", describe: "image of the network core (repeatable)" },
  link: { type: "string", describe: "also make symbolic links DIR/uart and DIR/net, which do not change" },
  seed: { type: "string", describe: "seed of what the chip draws", default: "1" },
} as const satisfies OptionRows;

/**
 * `hil emulate HEX…`: firmware on an emulated chip as a program. Prints one line of JSON when its UARTs are there, then
 * runs until it is told to stop (Ctrl-C or SIGTERM, which is its normal end); what went wrong inside stands at the end.
 */
export async function emulateCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(io, argv, "hil emulate [MERGED.hex ...] [options]", OPTIONS, IMAGES_MAX);
  if (!args) return EXIT.pass;
  const seed = args.number("seed") ?? 1;
  if (!Number.isSafeInteger(seed) || seed < 0) throw new UsageError("--seed wants a whole number from 0 on.");
  const images = { firmware: args.positional, network: args.texts("net"), cwd: io.cwd };
  const loaded = withFirmware(await loadProfile(args.text("board") ?? "emulated", { cwd: io.cwd }), images);
  const clock = new RealClock();
  await using closing = new Cleanup();
  const app = await openPty({ clock, name: "UART" });
  closing.use("uart", app.link);
  const net = loaded.profile.ports.net && (await openPty({ clock, name: "network core's UART" }));
  if (net) closing.use("network core", net.link);
  const paths = linkedPaths(args.text("link"), io.cwd, { uart: app.path, ...(net && { net: net.path }) }, closing);
  io.out(`${JSON.stringify({ ...paths, pid: process.pid })}\n`);
  const links = net ? [app.link, net.link] : [app.link];
  const found = await serveEmulated(loaded, { links, clock, random: Random.fromSeed(seed), signal: io.signal });
  for (const text of found) io.err(`${text}\n`);
  return EXIT.pass;
}
