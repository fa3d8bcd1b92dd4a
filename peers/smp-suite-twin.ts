import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { makeTwin, parseProfile } from "../src/board/index.ts";
import { type Clock, Random, RealClock } from "../src/core/index.ts";
import { type Link, memoryLinks, openPty } from "../src/serial/index.ts";
import { UdpServerTransport } from "../src/smp/index.ts";

/** A row of smpclient's manifest.json, as far as it matters here. */
export interface SuiteServer {
  readonly transport: "serial" | "serial_raw" | "shell" | "udp";
  readonly buf_size: number;
  readonly buf_count: number;
  readonly config: string;
  readonly groups: readonly string[];
  readonly ip_family: "ipv4" | "ipv6" | null;
}

const BAUD_RATE = 1_000_000;
const UDP_PORT = 1337;
const SECONDARY_OFFSET = 0x84000;

/** The default twin without keys, its server built as `row` says. */
export function suiteProfile(row: SuiteServer): string {
  const built = {
    framing: row.transport === "serial_raw" ? "raw" : "console",
    params: !row.config.includes("noparams"),
    ...(row.config.includes("line512") ? { line_bytes: 512 } : {}),
    ...(row.groups.includes("fs") ? { files: "/lfs1" } : {}),
  };
  return `schema: 1
name: suite
provider: twin
ports: { app: { path: "twin:app", baud_rate: ${BAUD_RATE} } }
power: { driver: lcus, port: { path: "twin:relay" }, channel: 1, contact: NC, cuts: soc }
bootloader: { mode: swap-move }
slots:
  primary: { offset: 0x10000, bytes: 0x74000 }
  secondary: { offset: ${SECONDARY_OFFSET}, bytes: 0x74000 }
keys: { signing: none }
images: { encryption: none }
smp: { buffer_bytes: ${row.buf_size}, buffer_count: ${row.buf_count} }
twin: { smp: ${JSON.stringify(built)} }
`;
}

/**
 * The twin as one of the servers of smpclient's suite; it serves until the process is killed.
 * @param overTcp its UART is a socket, as an emulator's is.
 * @returns the line that the suite waits for, and what takes a client of that socket.
 */
export async function serveTwin(
  row: SuiteServer,
  imageFile: string,
  overTcp: boolean,
): Promise<{ readonly ready: string; readonly connect: (socket: Socket, before?: Uint8Array) => void }> {
  const clock = new RealClock();
  const factoryImage = readFileSync(imageFile);
  const { link: app, path, connect } = overTcp ? tcpUart(clock) : { connect: () => {}, ...(await openPty({ clock })) };
  const [, relay] = memoryLinks({ clock, names: ["relay", "twin's relay"] });
  const host = row.ip_family === "ipv6" ? "::1" : "127.0.0.1";
  const smpAlso = row.transport === "udp" ? await UdpServerTransport.open({ host, port: UDP_PORT, clock }) : undefined;
  const loaded = parseProfile(suiteProfile(row), "suite.yaml");
  const twin = makeTwin(loaded, { clock, random: Random.fromSeed(1), factoryImage, links: { app, relay }, smpAlso });
  // In its other slot it has what it ran before, as a board that was upgraded once: with the first pages of slot 0
  // written anew, serial recovery lists nothing else. (The suite's own board loads images into RAM, and lists any header.)
  twin.flash.program(SECONDARY_OFFSET, factoryImage);
  await twin.machine.settled;
  return { ready: smpAlso ? "smp_udp: Started" : `uart connected to pseudotty: ${path}`, connect };
}

/** The UART as an emulator offers it: one client at a time, and the line stays when it goes. */
function tcpUart(clock: Clock): { link: Link; path: string; connect: (socket: Socket, before?: Uint8Array) => void } {
  const [link, far] = memoryLinks({ clock, names: ["twin's UART", "socket"] });
  let client: Socket | undefined;
  const connect = (socket: Socket, before: Uint8Array = new Uint8Array()) => {
    client = socket;
    void far.write(before);
    socket.on("data", (bytes) => void far.write(bytes));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      if (client === socket) client = undefined;
    });
  };
  void (async () => {
    for await (const { bytes } of far.chunks) client?.write(bytes);
  })();
  return { link, path: "a socket", connect };
}
