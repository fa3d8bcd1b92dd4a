import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Cleanup, fromHex, hex, RealClock, sleep } from "../src/core/index.ts";
import { parseImage, tlvsOf } from "../src/image/index.ts";
import { openSerialPort, openTcp, Uart } from "../src/serial/index.ts";
import { ConsoleTransport, SmpClient, SmpSession } from "../src/smp/index.ts";
import { answersTo, compare, type NamedPacket, request } from "./smp-compare.ts";
import { emulatedServer, imageOf, missingFor, nativeServer } from "./smp-servers.ts";
import { twinOfMicrobit } from "./twin-beside.ts";

const VENV = process.env["HIL_PEERS_VENV"] ?? ".cache/peers";
const PYTHON = join(VENV, "bin/python");
const required = process.env["HIL_PEERS_SERVERS"] === "required";
const clock = new RealClock();
let closing = new Cleanup();
afterEach(async () => {
  await closing[Symbol.asyncDispose]();
  closing = new Cleanup();
});

function sideBySide(kind: "native" | "qemu", name: string, body: () => Promise<void>): void {
  const missing = missingFor(kind) ?? (existsSync(PYTHON) ? undefined : `needs ${PYTHON}`);
  if (missing === undefined || required) test(name, body, 240_000);
  else test.skip(`${name}: ${missing}`, body);
}

/** What smpclient sends for its requests, by name. */
function smpclientSends(running: Uint8Array, other: Uint8Array): readonly NamedPacket[] {
  const text = execFileSync(PYTHON, ["peers/smp_requests.py", hex(running), hex(other)], { encoding: "utf8" });
  return (JSON.parse(text) as [string, string][]).map(([name, packet]) => [name, fromHex(packet)]);
}

/** Both versions of each: smpclient speaks the second. */
function inBothVersions(packets: readonly NamedPacket[]): readonly NamedPacket[] {
  return packets.flatMap(([name, packet]): NamedPacket[] => {
    const first = Uint8Array.from(packet);
    first[0] = (first[0] ?? 0) & 0x07;
    return [
      [`${name}, version 2`, packet],
      [`${name}, version 1`, first],
    ];
  });
}

const isAbout =
  (...words: readonly string[]) =>
  ([name]: NamedPacket) =>
    words.some((word) => name.startsWith(word));

function hashOf(image: Uint8Array): Uint8Array {
  return tlvsOf(parseImage(image)).find((entry) => entry.type === 0x10)?.data ?? new Uint8Array();
}

/** The image under another version and hash: the list believes the TLV. */
function otherImage(image: Uint8Array): Uint8Array {
  const other = image.slice();
  other.set([9, 1, 2, 0, 4, 0, 0, 0], 20);
  const tlv = tlvsOf(parseImage(image)).find((entry) => entry.type === 0x10);
  if (tlv) other[tlv.offset + 4] = (other[tlv.offset + 4] ?? 0) ^ 0xff;
  return other;
}

describe("the twin beside Zephyr 4.4, asked as smpclient asks", () => {
  sideBySide("native", "answers echo, info, parameters, groups, shell and files byte for byte", async () => {
    const { path } = closing.use("server", await nativeServer("serial_bigrx", clock));
    const link = await openSerialPort(path, { baudRate: 115_200, clock });
    const theirs = new ConsoleTransport(closing.use("uart", Uart.open(link, { clock })), { clock });
    const image = Uint8Array.from(readFileSync(imageOf("microbit swap")));
    const ours = await twinOfMicrobit(image, clock, closing, { filesAt: "/lfs1" });
    // The first command of its shell says nothing.
    await answersTo(theirs, request({ group: 9 }, { argv: ["kernel", "version"] }), 1_000);
    const named = smpclientSends(new Uint8Array(32), new Uint8Array(32)).filter(
      isAbout(
        "echo",
        "parameters",
        "info",
        "groups: first",
        "groups: beyond",
        "groups: details",
        "shell",
        "file",
        "statistics: nobody",
      ),
    );
    expect(await compare(inBothVersions(named), theirs, ours, 1_000)).toEqual([]);
  });

  sideBySide("qemu", "follows it through list, test, confirm and erase of the same images", async () => {
    const { path, port } = closing.use("server", await emulatedServer("microbit swap", clock));
    await sleep(clock, 3_000);
    const uart = closing.use("uart", Uart.open(await openTcp({ host: "127.0.0.1", port, clock }), { clock }));
    const theirs = new ConsoleTransport(uart, { clock });
    const image = Uint8Array.from(readFileSync(path));
    const other = otherImage(image);
    const ours = await twinOfMicrobit(image, clock, closing);
    for (const transport of [theirs, ours]) await new SmpClient(new SmpSession(transport, { clock })).upload(other);
    const named = smpclientSends(hashOf(image), hashOf(other)).filter(
      isAbout("list", "test", "confirm", "erase", "echo", "parameters"),
    );
    expect(await compare(named, theirs, ours, 4_000)).toEqual([]);
  });
});
