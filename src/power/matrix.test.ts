import { describe, expect, test } from "@jest/globals";
import {
  commandSwitch,
  conrad,
  denkovi,
  devantech,
  gpio,
  hidRelay,
  http,
  kmtronic,
  lcus,
  modbusRtu,
  netio,
  numato,
  POWER_DRIVERS,
  ppk2,
  resetSwitch,
  shelly,
  snmpPdu,
  tasmota,
  uhubctl,
  ykush,
} from "./index.ts";
import type { Fault } from "./testing/coils.ts";
import { conradPeer } from "./testing/conrad-peer.ts";
import type { PowerRig } from "./testing/contract.ts";
import { cutterRig } from "./testing/cutter/rig.ts";
import { denkoviPeer } from "./testing/denkovi-peer.ts";
import { devantechPeer } from "./testing/devantech-peer.ts";
import { FAKE_GPIOSET, FAKE_NRFUTIL_RESET, FAKE_UHUBCTL, FAKE_YKUSHCMD } from "./testing/fake-tools.ts";
import { HID_PEERS, hidRig } from "./testing/hid-rig.ts";
import { netioPeer, shelly1Peer, shelly2Peer, tasmotaPeer, webRelayPeer } from "./testing/http-peers.ts";
import { type HttpPeer, httpRig } from "./testing/http-rig.ts";
import { kmtronicPeer } from "./testing/kmtronic-peer.ts";
import { lcusPeer } from "./testing/lcus-peer.ts";
import { modbusPeer } from "./testing/modbus-peer.ts";
import { numatoPeer } from "./testing/numato-peer.ts";
import { ppk2Peer } from "./testing/ppk2-peer.ts";
import { type FakeTool, programRig } from "./testing/program-rig.ts";
import { type SerialPeer, serialRig } from "./testing/serial-rig.ts";
import { snmpRig } from "./testing/snmp-rig.ts";

type Open<T extends { open: (options: never, bench: never) => unknown }> = Parameters<T["open"]>[0];
type Bench = Parameters<typeof lcus.open>[1];
type Switch = ReturnType<typeof lcus.open>;

const relay = { port: { path: "mem" }, contact: "NO", cuts: "soc" } as const;
const SERIAL = new Set<unknown>();
const serial = (open: (bench: Bench) => Switch, peer: () => SerialPeer) => {
  const rig = (fault: Fault, line?: "pty") => serialRig({ open, peer, channel: 1, coils: 8, fault, line });
  SERIAL.add(rig);
  return rig;
};
const cutterOn = (fault: Fault, line?: "pty") => cutterRig({ fault, line });
SERIAL.add(cutterOn);
const web = (open: (url: string, bench: Bench) => Switch, peer: HttpPeer) => (fault: Fault) =>
  httpRig({ open, peer, outlet: 1, fault, env: { TOKEN: "hunter2" } });
const tool = (open: (program: string, bench: Bench) => Switch, fake: FakeTool) => (fault: Fault) =>
  programRig({ open, tool: fake, fault });
const hid = (family: "dcttech" | "lcus" | "ucreatefun") => (fault: Fault) =>
  hidRig({
    open: (bench) => hidRelay.open({ family, relay: 1, contact: "NO", cuts: "soc" }, bench),
    relay: 1,
    product: family === "dcttech" ? "USBRelay1" : "HIDRelay",
    peer: HID_PEERS[family],
    fault,
  });
const quick = { cuts: "board", timeout_ms: 300 } as const;

function webRelay(url: string): Open<typeof http> {
  const at = { url: `${url}/outlet/1`, headers_env: { "x-token": "TOKEN" } };
  const status = { ...at, field: "outlets.1.closed", on: true, off: false };
  return { ...quick, on: { ...at, method: "PUT", body: "on" }, off: { ...at, method: "PUT", body: "off" }, status };
}

function script(program: string): Open<typeof commandSwitch> {
  const status = { run: [program, "status"], on: "is on", off: "is off" };
  return { ...quick, on: [program, "on"], off: [program, "off"], status };
}

const FAKE_COMMAND: FakeTool = {
  script: 'case "$1" in status) echo "is $STATE";; *) turn "$1";; esac',
  refusal: "exit 3",
};

/**
 * What each driver makes of `set("on")` on each kind of switch. "obeys": the supply followed. "blind": the driver saw
 * nothing wrong and the supply did not follow; only the board's silence can tell. Else: what the BenchError says.
 */
const MATRIX: readonly {
  readonly driver: string;
  readonly rig: (fault: Fault, line?: "pty") => Promise<PowerRig>;
  readonly refuses: string;
  readonly silent: string;
  readonly garbage: string;
  readonly slow?: string;
  readonly unplugged: string;
}[] = [
  {
    driver: "lcus",
    rig: serial((bench) => lcus.open({ ...relay, channel: 1 }, bench), lcusPeer("write-only")),
    refuses: "blind",
    silent: "blind",
    garbage: "obeys",
    unplugged: "closed|vanished",
  },
  {
    driver: "lcus, firmware b",
    rig: serial((bench) => lcus.open({ ...relay, channel: 1, variant: "b" }, bench), lcusPeer("b")),
    refuses: 'says "off"',
    silent: "does not say",
    garbage: "does not say",
    unplugged: "closed|vanished",
  },
  {
    driver: "kmtronic",
    rig: serial((bench) => kmtronic.open({ ...relay, channels: 8, channel: 1 }, bench), kmtronicPeer(8)),
    refuses: 'says "off"',
    silent: "does not say",
    garbage: "does not say",
    unplugged: "closed|vanished",
  },
  {
    driver: "numato",
    rig: serial((bench) => numato.open({ ...relay, relays: 8, relay: 0 }, bench), numatoPeer),
    refuses: 'says "off"',
    silent: "did not answer",
    garbage: "did not answer",
    unplugged: "closed|vanished",
  },
  {
    driver: "devantech",
    rig: serial((bench) => devantech.open({ ...relay, module: "rly08", relay: 1 }, bench), devantechPeer(8)),
    refuses: 'says "off"',
    silent: "did not answer",
    garbage: "is no Devantech rly08",
    unplugged: "closed|vanished",
  },
  {
    driver: "modbus-rtu",
    rig: serial(
      (bench) => modbusRtu.open({ ...relay, coil: 0 }, bench),
      () => modbusPeer(),
    ),
    refuses: "refused: device failure",
    silent: "did not answer",
    garbage: "did not answer",
    unplugged: "closed|vanished",
  },
  {
    driver: "conrad",
    rig: serial(
      (bench) => conrad.open({ ...relay, relay: 1 }, bench),
      () => conradPeer(),
    ),
    refuses: 'refused "on"',
    silent: "did not answer",
    garbage: "did not answer",
    unplugged: "closed|vanished",
  },
  {
    driver: "denkovi",
    rig: serial((bench) => denkovi.open({ ...relay, relay: 1 }, bench), denkoviPeer),
    refuses: "did not answer",
    silent: "did not answer",
    garbage: "did not answer",
    unplugged: "closed|vanished",
  },
  {
    driver: "ppk2",
    rig: serial(
      (bench) => ppk2.open({ port: relay.port, mode: "source", voltage_mv: 3000, cuts: "soc" }, bench),
      ppk2Peer,
    ),
    refuses: "blind",
    silent: "did not answer",
    garbage: "did not answer",
    unplugged: "closed|vanished",
  },
  {
    driver: "cutter",
    rig: cutterOn,
    refuses: "blind",
    silent: "did not answer",
    garbage: "did not answer",
    unplugged: "closed|vanished",
  },
  {
    driver: "http",
    rig: web((url, bench) => http.open(webRelay(url), bench), webRelayPeer),
    refuses: 'says "off"',
    silent: "waited 300 ms",
    garbage: "does not say",
    unplugged: "ECONNREFUSED",
  },
  {
    driver: "tasmota",
    rig: web((url, bench) => tasmota.open({ url, ...quick }, bench), tasmotaPeer({ relays: 1 })),
    refuses: 'refused "on": it answered "{"POWER":"OFF"}"',
    silent: "waited 300 ms",
    garbage: 'refused "on"',
    unplugged: "ECONNREFUSED",
  },
  {
    driver: "shelly",
    rig: web((url, bench) => shelly.open({ url, generation: 1, ...quick }, bench), shelly1Peer),
    refuses: 'says "off"',
    silent: "waited 300 ms",
    garbage: 'refused "on"',
    unplugged: "ECONNREFUSED",
  },
  {
    driver: "shelly, generation 2",
    rig: web((url, bench) => shelly.open({ url, generation: 2, ...quick }, bench), shelly2Peer()),
    refuses: 'says "off"',
    silent: "waited 300 ms",
    garbage: 'refused "on"',
    unplugged: "ECONNREFUSED",
  },
  {
    driver: "netio",
    rig: web((url, bench) => netio.open({ url, output: 1, ...quick }, bench), netioPeer()),
    refuses: 'says "off"',
    silent: "waited 300 ms",
    garbage: 'refused "on"',
    unplugged: "ECONNREFUSED",
  },
  {
    driver: "snmp-pdu",
    rig: (fault) =>
      snmpRig({
        open: (udp_port, bench) =>
          snmpPdu.open(
            { host: "127.0.0.1", udp_port, model: "apc-rpdu", outlet: 1, tries: 2, cuts: "board", timeout_ms: 150 },
            bench,
          ),
        peer: { command: "318.1.1.12.3.3.1.1.4", status: "318.1.1.12.3.5.1.1.4", says: { on: 1, off: 2 } },
        outlet: 1,
        fault,
      }),
    refuses: "refused: genErr",
    silent: "did not answer 2 times",
    garbage: "did not answer 2 times",
    unplugged: "ECONNREFUSED|did not answer",
  },
  {
    driver: "hid-relay, dcttech",
    rig: hid("dcttech"),
    refuses: 'says "off"',
    silent: "waited 1000 ms",
    garbage: "does not say",
    unplugged: "could not write",
  },
  {
    driver: "hid-relay, lcus",
    rig: hid("lcus"),
    refuses: 'says "off"',
    silent: "waited 1000 ms",
    garbage: "does not say",
    unplugged: "could not write",
  },
  {
    driver: "hid-relay, ucreatefun",
    rig: hid("ucreatefun"),
    refuses: "blind",
    silent: "waited 1000 ms",
    garbage: "obeys",
    unplugged: "could not write",
  },
  {
    driver: "command",
    rig: tool((program, bench) => commandSwitch.open({ ...script(program), kill_after_ms: 50 }, bench), FAKE_COMMAND),
    refuses: "ended with exit code 3",
    silent: "waited 300 ms",
    garbage: "does not say",
    unplugged: "cannot run",
  },
  {
    driver: "uhubctl",
    rig: tool(
      (program, bench) => uhubctl.open({ hub: "1-1.4", port: 2, program, timeout_ms: 500 }, bench),
      FAKE_UHUBCTL,
    ),
    refuses: "No compatible devices",
    silent: "waited 500 ms",
    garbage: "does not say",
    unplugged: "cannot run",
  },
  {
    driver: "ykush",
    rig: tool((program, bench) => ykush.open({ port: 2, program, timeout_ms: 500 }, bench), FAKE_YKUSHCMD),
    refuses: "does not say",
    silent: "waited 500 ms",
    garbage: "does not say",
    unplugged: "cannot run",
  },
  {
    driver: "gpio",
    rig: tool((program, bench) => {
      const line = { chip: "gpiochip0", line: 17, on_level: 0, libgpiod: 2, cuts: "soc" } as const;
      return gpio.open({ ...line, program, timeout_ms: 500 }, bench);
    }, FAKE_GPIOSET),
    refuses: "resource busy",
    silent: "waited 500 ms",
    garbage: "blind",
    unplugged: "cannot run",
  },
];

/** What a `set("on")` came to. */
async function outcome(open: () => Promise<PowerRig>): Promise<string> {
  let rig: PowerRig;
  try {
    rig = await open();
  } catch (error) {
    return spoken(error);
  }
  try {
    await rig.power.set("on");
    return (await rig.supply()) === "on" ? "obeys" : "blind";
  } catch (error) {
    return spoken(error);
  } finally {
    await rig[Symbol.asyncDispose]();
  }
}

function spoken(error: unknown): string {
  expect(error).toMatchObject({ kind: "bench", exitCode: 3, hint: expect.stringMatching(/\w/) });
  return (error as Error).message;
}

const CELLS = MATRIX.flatMap(({ driver, rig, ...row }) =>
  Object.entries({ works: "obeys", slow: "obeys", ...row }).map(
    ([fault, expected]) => [driver, fault as Fault, expected, rig] as const,
  ),
);

type Cell = (typeof CELLS)[number];

async function checkCell([, fault, expected, rig]: Cell, line?: "pty"): Promise<void> {
  const said = await outcome(() => rig(fault, line));
  if (expected === "obeys" || expected === "blind") expect(said).toBe(expected);
  else expect(said).toMatch(new RegExp(expected.replaceAll(/[{}().]/g, "\\$&")));
}

describe("the bench matrix", () => {
  test.each(CELLS)("%s, switch %s: %s", async (...cell) => checkCell(cell), 20_000);

  test.each(CELLS.filter(([, , , rig]) => SERIAL.has(rig)))(
    "%s on a port of the system, switch %s: %s",
    async (...cell) => checkCell(cell, "pty"),
    60_000,
  );

  test("has a row for every driver, and six columns a row", () => {
    const rows = new Set(MATRIX.map(({ driver }) => driver.split(",", 1)[0]));
    // The reset driver switches nothing on: its row is below.
    expect(new Set([...rows, "reset"])).toEqual(new Set(POWER_DRIVERS.map(({ name }) => name)));
    expect(CELLS).toHaveLength(MATRIX.length * 6);
  });

  test.each([
    ["works", "resets"],
    ["slow", "resets"],
    ["refuses", "ended with exit code 1"],
    ["silent", "waited 400 ms"],
    ["garbage", "blind"],
    ["unplugged", "cannot run"],
  ] as const)("reset, tool %s: %s", async (fault, expected) => {
    const open = (program: string, bench: Bench) =>
      resetSwitch.open({ tool: "nrfutil", serial: "1", program, timeout_ms: 400 }, bench);
    await using rig = await programRig({ open, tool: FAKE_NRFUTIL_RESET, fault });
    const said = await rig.power
      .set("off")
      .then(async () => ((await rig.history()).length > 0 ? "resets" : "blind"), spoken);
    expect(said).toContain(expected);
  });
});
