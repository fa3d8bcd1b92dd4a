import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import * as fc from "fast-check";
import { RealClock } from "../../core/index.ts";
import { powerDriverNamed } from "../../power/index.ts";
import type { PortInfo } from "../../serial/index.ts";
import { draftProfile } from "../profile/draft.ts";
import { importLabgrid } from "./labgrid.ts";
import { LABGRID_POWER } from "./labgrid-power.ts";
import { importTwister } from "./twister.ts";

const folder = mkdtempSync(join(tmpdir(), "hil-import-"));
let files = 0;
function fileOf(text: string): string {
  files += 1;
  const file = join(folder, `lab-${files}.yaml`);
  writeFileSync(file, text);
  return file;
}

const PORTS: readonly PortInfo[] = [
  {
    path: "/dev/ttyACM1",
    stablePath: "/dev/serial/by-id/x-if02",
    serial: "1050012345",
    interface: 2,
    vendorId: "1366",
  },
];

async function twister(text: string, ports: readonly PortInfo[] = []) {
  const { drafts, skipped } = await importTwister(fileOf(text), ports);
  const profiles = drafts.map((draft) => draftProfile(draft, join(folder, "x.yaml")));
  return { drafts, skipped, profiles, texts: profiles.map(({ text: written }) => written) };
}

async function labgrid(resources: string, drivers = "{}") {
  const { drafts, skipped } = await importLabgrid(
    fileOf(`targets:\n  dk7:\n    resources: ${resources}\n    drivers: ${drivers}\n`),
    [],
  );
  const [profile] = drafts.map((draft) => draftProfile(draft, join(folder, "x.yaml")));
  return { skipped, profile: profile?.profile, text: profile?.text ?? "" };
}

test("a profile that is drafted holds no control character of a lab's names, in comments neither", async () => {
  const { text } = await labgrid(
    String.raw`{ NetworkPowerPort: { model: "m\e]0;t\a\e[2J\Nkeys: x", host: h, index: 1 }, RawSerialPort: { port: /dev/x } }`,
    "{ SerialDriver: {} }",
  );
  expect(text).toContain(String.raw`model m\u001b]0;t\u0007\u001b[2J\u0085keys: x here`);
  expect(text.replaceAll(/[\n\P{Cc}]/gu, "")).toBe("");
});

describe("a Twister hardware map", () => {
  const DK = `- connected: true
  id: "001050012345"
  platform: nrf5340dk/nrf5340/cpuapp
  product: J-Link
  runner: nrfutil
  serial: /dev/serial/by-id/usb-SEGGER_J-Link_001050012345-if02
  baud: 1000000
`;

  test("gives a profile for each nRF5340, by J-Link and interface, with its speed and its flasher", async () => {
    const { profiles, skipped } = await twister(
      `${DK}- { connected: true, id: "2", platform: nrf52840dk_nrf52840, product: J-Link, runner: jlink }\n`,
    );
    expect(profiles.map(({ profile }) => profile)).toMatchObject([
      {
        name: "dk-1050012345",
        ports: { app: { jlink: "1050012345", interface: 2, baudRate: 1_000_000 } },
        flasher: { tool: "nrfutil", serial: "1050012345" },
      },
    ]);
    expect(skipped).toEqual(["entry 2 (2, nrf52840dk_nrf52840): no nRF5340"]);
  });

  test("knows no power switch: the profile says so, and fails at the first command instead of doing nothing", async () => {
    const { texts, profiles } = await twister(DK);
    expect(texts[0]).toMatch(/# CHANGE: a hardware map knows no power switch; what switches this board's power\?/);
    const { driver, options } = profiles[0]?.profile.power ?? {};
    expect({ driver, options }).toMatchObject({ driver: "command", options: { on: ["./CHANGE-power-on"] } });
    const links = { open: () => Promise.reject(new RangeError("no port is needed")) };
    await using power = await powerDriverNamed("command")?.open(options ?? {}, {
      links,
      clock: new RealClock(),
      folder,
    });
    await expect(power?.set("on")).rejects.toMatchObject({
      kind: "bench",
      message: expect.stringContaining("./CHANGE-power-on"),
    });
  });

  test("names scripts and never runs them; fixtures and notes come along as comments", async () => {
    const more = "  pre_script: /lab/relay-on.sh\n  fixtures: [gpio_loopback]\n  notes: |\n    shelf 3,\n    left\n";
    const { texts } = await twister(DK + more);
    expect(texts[0]).toContain("# pre_script: /lab/relay-on.sh. Does it switch power?");
    expect(texts[0]).toContain("# Fixtures: gpio_loopback.");
    expect(texts[0]).toContain("# Its notes: shelf 3, left\n");
  });

  test("with a port by number: the J-Link and interface that this machine knows it by, else a warning", async () => {
    const byNumber = DK.replace(/serial: .*/, "serial: /dev/ttyACM1");
    const { profiles: here } = await twister(byNumber, PORTS);
    expect(here[0]?.profile.ports.app).toMatchObject({ jlink: "1050012345", interface: 2 });
    const { profiles, texts } = await twister(byNumber);
    expect(profiles[0]?.profile.ports.app).toMatchObject({ path: "/dev/ttyACM1" });
    expect(texts[0]).toContain("# CHANGE: /dev/ttyACM1 may be another device tomorrow");
  });

  test.each([
    ["without a port", DK.replace(/ {2}serial: .*\n/, ""), "the map names no port"],
    ["with an empty port", DK.replace(/serial: .*/, 'serial: ""'), "the map names no port"],
    ["with a pseudo-terminal", DK.replace(/serial: .*/, "serial_pty: start-it"), 'the map opens it with "start-it"'],
    ["with a runner that is not known", DK.replace("nrfutil", "openocd"), "Its runner openocd has no counterpart here"],
    ["that is not connected", DK.replace("true", "false"), "The map says that it is not connected"],
  ])("%s: says so in the profile", async (_, map, said) => {
    expect((await twister(map)).texts[0]).toContain(said);
  });

  test("with an id that YAML read as a number, or none at all, still gives a profile", async () => {
    const { profiles } = await twister(
      DK.replace('"001050012345"', "1050012345") + DK.replace('"001050012345"', "unknown").replace("nrfutil", "x"),
    );
    expect(profiles.map(({ profile }) => profile.name)).toEqual(["dk-1050012345", "dk-unknown"]);
  });

  test("keeps rows apart that share no id, and gives each a name", async () => {
    const row = DK.replace('"001050012345"', "unknown");
    const { profiles } = await twister(row + row.replace("if02", "if00"));
    expect(profiles.map(({ profile }) => profile.name)).toEqual(["dk-unknown", "dk-unknown-2"]);
  });

  test("with a speed that no profile takes: the usual one, and a line marked CHANGE", async () => {
    const { profiles, texts } = await twister(DK.replace("1000000", "3000000"));
    expect(profiles[0]?.profile.ports.app.baudRate).toBe(115_200);
    expect(texts[0]).toContain("# CHANGE: the file asks for 3000000 bits a second");
  });

  test("drops no field in silence, whatever its shape", async () => {
    const field = fc.string({ unit: fc.constantFrom("a", "b", "c", "d", "_"), minLength: 3, maxLength: 12 });
    const value = fc.oneof(fc.nat(), fc.constantFrom("text", "--recover"), fc.array(fc.constantFrom("x1", "y2")));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(field, value, { maxKeys: 4 }), async (more) => {
        const map =
          DK +
          Object.entries(more)
            .map(([key, given]) => `  z${key}: ${JSON.stringify(given)}\n`)
            .join("");
        const [written = ""] = (await twister(map)).texts;
        for (const key of Object.keys(more)) expect(written).toContain(`z${key}`);
      }),
      { numRuns: 25 },
    );
  });

  test.each(["[]", "a: 1", "- connected: perhaps"])("that is none (%s) is refused with its file", async (text) => {
    await expect(twister(text)).rejects.toMatchObject({ kind: "configuration" });
  });
});

describe("a labgrid environment", () => {
  const SERIAL = 'RawSerialPort: { port: "/dev/serial/by-path/x", speed: 115200 }';

  /** Every switch of labgrid that has a driver here, and what it becomes. */
  const SWITCHES: readonly [string, string, Record<string, unknown>][] = [
    [
      "NetworkPowerPort",
      "{ model: apc, host: pdu, index: 3 }",
      { driver: "snmp-pdu", options: { host: "pdu", model: "apc-masterswitch", outlet: 3 } },
    ],
    [
      "NetworkPowerPort",
      '{ model: eaton, host: pdu, index: "4" }',
      { driver: "snmp-pdu", options: { model: "eaton-epdu", outlet: 4 } },
    ],
    [
      "NetworkPowerPort",
      "{ model: netio, host: n, index: 2 }",
      {
        driver: "http",
        options: {
          on: { method: "GET", url: "http://n/tgi/control.tgi?l=p:admin:admin&p=u1uu" },
          off: { method: "GET", url: "http://n/tgi/control.tgi?l=p:admin:admin&p=u0uu" },
          status: { url: "http://n/tgi/control.tgi?l=p:admin:admin&p=l", on: "\\d 1 \\d \\d", off: "\\d 0 \\d \\d" },
        },
      },
    ],
    [
      "NetworkPowerPort",
      "{ model: shelly_gen1, host: plug, index: 0 }",
      { driver: "shelly", options: { url: "http://plug", generation: 1, relay: 0 } },
    ],
    [
      "NetworkPowerPort",
      "{ model: shelly_gen2, host: plug, index: 1 }",
      { driver: "shelly", options: { generation: 2, relay: 1 } },
    ],
    [
      "NetworkPowerPort",
      "{ model: gude8031, host: g, index: 5 }",
      { driver: "http", options: { on: { method: "GET", url: "http://g/status.json?components=0&cmd=1&p=5&s=1" } } },
    ],
    ["YKUSHPowerPort", "{ serial: YK12345, index: 2 }", { driver: "ykush", options: { serial: "YK12345", port: 2 } }],
    [
      "USBPowerPort",
      "{ match: { ID_PATH: 'pci-0000:00:14.0-usb-0:1.4:1.0' }, index: 3 }",
      { driver: "uhubctl", options: { hub: "1-1.4", port: 3 } },
    ],
    ["HIDRelay", "{ index: 2, invert: true }", { driver: "hid-relay", options: { relay: 2, contact: "NC" } }],
    [
      "HttpDigitalOutput",
      "{ url: 'http://r/1', body_asserted: 'on', body_deasserted: 'off' }",
      {
        driver: "http",
        options: {
          on: { method: "PUT", url: "http://r/1", body: "on" },
          off: { method: "PUT", url: "http://r/1", body: "off" },
        },
      },
    ],
    [
      "PDUDaemonPort",
      "{ host: d, pdu: apc 1, index: 7 }",
      {
        driver: "http",
        options: { on: { method: "GET", url: "http://d:16421/power/control/on?hostname=apc%201&port=7" } },
      },
    ],
  ];

  test.each(SWITCHES)("%s %s becomes our driver for it", async (cls, params, wanted) => {
    const { profile } = await labgrid(`{ ${SERIAL}, ${cls}: ${params} }`);
    expect(profile?.power).toMatchObject(wanted);
  });

  test("ExternalPowerDriver's commands become words that no shell reads", async () => {
    const { profile } = await labgrid(
      `{ ${SERIAL} }`,
      `{ ExternalPowerDriver: { cmd_on: "relay --name 'shelf 3' on", cmd_off: relay off } }`,
    );
    expect(profile?.power).toMatchObject({
      driver: "command",
      options: { on: ["relay", "--name", "shelf 3", "on"], off: ["relay", "off"] },
    });
  });

  test("what has no driver here is named in the profile: a person must decide", async () => {
    const { text } = await labgrid(`{ ${SERIAL}, NetworkPowerPort: { model: raritan, host: p, index: 1 } }`);
    expect(text).toContain(
      "# CHANGE: labgrid has a NetworkPowerPort of model raritan here, for which hil has no driver",
    );
    const { text: modbus } = await labgrid(`{ ${SERIAL}, ModbusTCPCoil: { host: p, coil: 1 } }`);
    expect(modbus).toContain("a ModbusTCPCoil here");
  });

  test("a login in an address stays behind: profiles hold no secrets", async () => {
    const { text } = await labgrid(
      `{ ${SERIAL}, NetworkPowerPort: { model: netio, host: "http://me:hunter2@n", index: 1 } }`,
    );
    expect(text).not.toContain("hunter2");
    expect(text).toContain("password_env");
  });

  test.each([
    ["RawSerialPort: { port: COM7, speed: 57600 }", { path: "COM7", baudRate: 57_600 }],
    [
      "USBSerialPort: { match: { '@ID_SERIAL_SHORT': '001050012345', ID_USB_INTERFACE_NUM: '02' } }",
      { jlink: "1050012345", interface: 2, dtr: true },
    ],
    ["NetworkSerialPort: { host: h, port: 4001 }", { path: "./CHANGE-serial-port" }],
    ["USBSerialPort: { match: { ID_PATH: x } }", { path: "./CHANGE-serial-port" }],
  ])("finds the serial port of %s", async (resource, wanted) => {
    expect((await labgrid(`{ ${resource} }`)).profile?.ports.app).toMatchObject(wanted);
  });

  test("takes a second port called net for the network core's, and a debugger for the flasher's", async () => {
    const { profile } = await labgrid(
      `[{ RawSerialPort: { name: net, port: /dev/n } }, { RawSerialPort: { name: app, port: /dev/a } }, { USBDebugger: { match: { ID_SERIAL_SHORT: '0042' } } }]`,
    );
    expect(profile).toMatchObject({
      name: "dk7",
      ports: { app: { path: "/dev/a" }, net: { path: "/dev/n" } },
      flasher: { tool: "nrfutil", serial: "42" },
    });
  });

  test.each([
    ["{ RemotePlace: { name: dk-7 } }", "dk7: its resources are at a coordinator (RemotePlace dk-7)"],
    ["{}", "dk7: it has no resources"],
  ])("leaves %s out and says why", async (resources, why) => {
    expect((await labgrid(resources)).skipped).toEqual([why]);
  });

  const HID = "HIDRelay: { name: relay, index: 2, match: { ID_VENDOR_ID: '5131' } }";
  const POWERED = "{ HIDRelayDriver: {}, DigitalOutputPowerDriver: { delay: 3.5 } }";

  test("a digital output is the switch when a power driver binds it; the vendor tells the family", async () => {
    const { profile } = await labgrid(`{ ${SERIAL}, ${HID} }`, POWERED);
    expect(profile?.power).toMatchObject({ driver: "hid-relay", options: { family: "lcus", relay: 2 } });
  });

  test("one that only a reset driver binds is no switch at all", async () => {
    const { profile, text } = await labgrid(
      `{ ${SERIAL}, ${HID} }`,
      "{ HIDRelayDriver: {}, DigitalOutputResetDriver: {} }",
    );
    expect(profile?.power.driver).toBe("command");
    expect(text).toContain("# CHANGE: what switches this board's power?");
  });

  test.each([
    [
      "two power drivers",
      "[{ NetworkPowerDriver: {} }, { ExternalPowerDriver: { cmd_on: a, cmd_off: b } }]",
      "several",
    ],
    ["a binding that leads nowhere", "[{ NetworkPowerDriver: { bindings: { port: gone } } }]", 'no \\"gone\\"'],
  ])("%s: said in the profile", async (_, drivers, said) => {
    const { text } = await labgrid(`{ ${SERIAL}, NetworkPowerPort: { model: apc, host: h, index: 1 } }`, drivers);
    expect(text.replaceAll('"', '\\"')).toContain(said);
  });

  test("a strategy's binding tells which of several power drivers is meant", async () => {
    const { profile } = await labgrid(
      `{ ${SERIAL}, YKUSHPowerPort: { serial: YK1, index: 2 } }`,
      "[{ ExternalPowerDriver: { name: ext, cmd_on: a, cmd_off: b } }, { YKUSHPowerDriver: { name: yk } }, { MyStrategy: { bindings: { power: yk } } }]",
    );
    expect(profile?.power.driver).toBe("ykush");
  });

  test("a value that our driver refuses spoils no import: the line marked CHANGE says what is wrong", async () => {
    const { profile, text } = await labgrid(`{ ${SERIAL}, YKUSHPowerPort: { serial: YK1, index: 99 } }`);
    expect(profile?.power.driver).toBe("command");
    expect(text).toMatch(/# CHANGE: labgrid has a YKUSHPowerPort here, which does not fit the driver ykush: port/);
  });

  test("delay becomes off_ms", async () => {
    const { text } = await labgrid(`{ ${SERIAL}, ${HID} }`, POWERED);
    expect(text).toContain("off_ms: 3500");
  });

  test("an exporter's switch of another group belongs to its only serial port, and is asked about", async () => {
    const file = fileOf(
      "desk: { location: lab, console: { cls: RawSerialPort, port: /dev/x } }\npdu: { YKUSHPowerPort: { serial: YK1, index: 1 } }\n",
    );
    const { drafts, skipped } = await importLabgrid(file, []);
    expect(drafts).toMatchObject([{ name: "desk", power: { driver: "ykush" } }]);
    expect(drafts[0]?.notes.join(" ")).toContain("another group");
    expect(skipped).toEqual(["pdu: it has no serial port"]);
  });

  test.each(["a: 1", "targets: 3", "a: { b: 1 }", "- a"])("%s is no labgrid file, and refused", async (text) => {
    await expect(importLabgrid(fileOf(text), [])).rejects.toMatchObject({ kind: "configuration" });
  });

  test("every row of its table names its source", () => {
    expect(LABGRID_POWER.length).toBeGreaterThan(8);
    expect(LABGRID_POWER.filter(({ source }) => !source.startsWith("labgrid/"))).toEqual([]);
  });
});
