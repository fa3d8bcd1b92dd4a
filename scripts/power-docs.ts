import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { powerDriverNamed } from "../src/power/index.ts";
import { withTable } from "./page-table.ts";

/** docs/power.md, whose table of switches is made from the drivers' facts: `npx tsx scripts/power-docs.ts`. */
export const POWER_PAGE = fileURLToPath(new URL("../docs/power.md", import.meta.url));

/** What a driver's facts do not say: what to buy, and how it was tried. */
interface SwitchRow {
  readonly driver: string;
  /** Options that a profile could hold: the facts are those of such a switch. */
  readonly options: object;
  /** Options that change whether it can be asked, and their words. */
  readonly asked?: { readonly options: object; readonly words: string };
  readonly buy: string;
  /** Where a driver leaves it to the profile and the thing itself does not. */
  readonly cuts?: "SoC" | "board";
  readonly asksBack?: string;
  /** It cannot be asked, but it does not take a command in silence. */
  readonly acknowledges?: true;
  readonly latency?: string;
  /** State after its own power-up. */
  readonly powerUp: string;
  readonly price: string;
  readonly goodFor: string;
  readonly triedWith: string;
}

const RELAY = { port: { path: "/dev/serial/by-path/SOCKET" }, contact: "NC", cuts: "soc" };
const PLUG = { cuts: "board" };
const ASK = { url: "http://plug/state" };

/** Latencies beyond the facts' class, power-up states and prices are claims, arithmetic or memory: docs/unverified.md. */
export const SWITCH_ROWS: readonly SwitchRow[] = [
  {
    driver: "lcus",
    options: { ...RELAY, channel: 1 },
    asked: { options: { ...RELAY, channel: 1, variant: "a" }, words: "`variant` a, b or c" },
    buy: "LCUS-1/2/4/8 USB relays (CH340)",
    latency: "4 ms wire + coil ≤ 10 ms",
    powerUp: "off",
    price: "●",
    goodFor: "aimed cuts, the cheapest start",
    triedWith: "the twin's relay board",
  },
  {
    driver: "kmtronic",
    options: { ...RELAY, channels: 8, channel: 1 },
    buy: "KMTronic USB relays",
    latency: "3 ms wire + coil",
    powerUp: "off",
    price: "●●",
    goodFor: "aimed cuts",
    triedWith: "a board by the vendor's page",
  },
  {
    driver: "numato",
    options: { ...RELAY, relays: 8, relay: 0 },
    buy: "Numato USB modules, 1–64 relays",
    asksBack: "its logic, not the 12 V that many boards need for the coils",
    latency: "coil",
    powerUp: "off",
    price: "●●",
    goodFor: "aimed cuts, many boards",
    triedWith: "a board by pdudaemon's wire form",
  },
  {
    driver: "devantech",
    options: { ...RELAY, module: "rly08", relay: 1 },
    buy: "Devantech RLY02, RLY08, RLY16, RLY16L (USB)",
    asksBack: "also checks the module's number",
    latency: "1–2 ms wire + coil",
    powerUp: "off; RLY16L **as it was** (latching)",
    price: "●●",
    goodFor: "aimed cuts; RLY16L keeps its state when the host dies",
    triedWith: "a module by the manual's bytes",
  },
  {
    driver: "modbus-rtu",
    options: { ...RELAY, baud_rate: 9600, address: 1, coil: 0 },
    buy: "Waveshare and kin, RS-485 or USB",
    asksBack: "each write is echoed, too",
    latency: "8 ms wire + 4 ms gap + coil",
    powerUp: "off; some can be set",
    price: "●●",
    goodFor: "RS-485 across a room",
    triedWith: "a board with CRC and refusals",
  },
  {
    driver: "conrad",
    options: { ...RELAY, card: 1, relay: 1 },
    buy: "Conrad 197720, 197730, 8 relays",
    asksBack: "each command is answered, too",
    latency: "2 ms wire + coil",
    powerUp: "off, waits for SETUP",
    price: "●●",
    goodFor: "an old card that is there already",
    triedWith: "a card that needs SETUP",
  },
  {
    driver: "denkovi",
    options: { ...RELAY, relay: 1 },
    buy: "Denkovi 16 channels (virtual COM port)",
    asksBack: "an echo acknowledges",
    acknowledges: true,
    latency: "5 ms wire + coil",
    powerUp: "off",
    price: "●●●",
    goodFor: "many boards",
    triedWith: "a board that echoes",
  },
  {
    driver: "hid-relay",
    options: { family: "dcttech", relay: 1, contact: "NC", cuts: "soc" },
    buy: "USBRelayN (dcttech), LCUS HID",
    latency: "some ms + coil",
    powerUp: "off",
    price: "●",
    goodFor: "aimed cuts; needs the library `node-hid`",
    triedWith: "a pretended HID device",
  },
  {
    driver: "hid-relay",
    options: { family: "ucreatefun", relay: 1, contact: "NC", cuts: "soc" },
    buy: "ucreatefun HID relays",
    latency: "some ms + coil",
    powerUp: "unknown",
    price: "●",
    goodFor: "better than none",
    triedWith: "a pretended HID device",
  },
  {
    driver: "gpio",
    options: { chip: "gpiochip0", line: 17, on_level: 1, libgpiod: 2, cuts: "soc" },
    buy: "a GPIO line (libgpiod's `gpioset`), with a MOSFET or solid-state relay",
    latency: "under 1 ms + the start of a process",
    powerUp: "by the circuit",
    price: "●",
    goodFor: "hosts that are a Raspberry Pi",
    triedWith: "a pretended gpioset",
  },
  {
    driver: "cutter",
    options: { port: { path: "/dev/ttyACM1" }, pin: 15, on_level: 1, rx_pin: 1, uart_baud_rate: 115_200, cuts: "soc" },
    buy: "a Raspberry Pi Pico that cuts by itself: [cutter.md](cutter.md)",
    asksBack: "its own pin",
    latency: "armed: µs of its own clock ◇",
    powerUp: 'by the circuit: pull it to "on"',
    price: "●",
    goodFor: "the sharpest cuts for the least money",
    triedWith: "its program under MicroPython",
  },
  {
    driver: "ppk2",
    options: { port: { path: "/dev/ttyACM2" }, mode: "source", voltage_mv: 3000, cuts: "soc" },
    buy: "Nordic PPK2, as a switch and as a meter",
    cuts: "SoC",
    asksBack: "with `record: true` its current is on record",
    latency: "about 1–3 ms",
    powerUp: "unknown",
    price: "●●●",
    goodFor: "cuts without bounce; cuts by the shape of the current",
    triedWith: "a kit that answers metadata only",
  },
  {
    driver: "ykush",
    options: { board: "ykush", serial: "YK12345", port: 1 },
    buy: "Yepkit YKUSH, YKUSH3, XS (by `ykushcmd`)",
    latency: "1–3 ms + the start of a process",
    powerUp: "unknown",
    price: "●●",
    goodFor: 'a USB cable "pulled", by real load switches',
    triedWith: "a pretended ykushcmd",
  },
  {
    driver: "uhubctl",
    options: { hub: "1-1", port: 2 },
    buy: "a hub from [uhubctl's list](https://github.com/mvp/uhubctl#compatible-usb-hubs), marked per-port",
    asksBack: "both halves of a USB 3 hub; registers, not volts",
    latency: "0.2–1.5 s",
    powerUp: "on",
    price: "●●",
    goodFor: "cold starts; reviving a J-Link",
    triedWith: "a pretended uhubctl 2.6",
  },
  {
    driver: "tasmota",
    options: { ...PLUG, url: "http://plug" },
    buy: "plugs and relays with Tasmota",
    cuts: "board",
    latency: "30–500 ms + relay",
    powerUp: "by `PowerOnState`: set 1",
    price: "●",
    goodFor: "cold starts",
    triedWith: "a loopback server",
  },
  {
    driver: "shelly",
    options: { ...PLUG, url: "http://plug", generation: 2 },
    buy: "Shelly, generation 1, 2 and later",
    cuts: "board",
    latency: "30–500 ms + relay",
    powerUp: "as configured",
    price: "●●",
    goodFor: "cold starts",
    triedWith: "a loopback server, digest SHA-256",
  },
  {
    driver: "netio",
    options: { ...PLUG, url: "http://netio", output: 1 },
    buy: "NETIO 4x sockets (JSON)",
    cuts: "board",
    latency: "30–500 ms + relay",
    powerUp: "as configured",
    price: "●●●●",
    goodFor: "racks",
    triedWith: "a loopback server",
  },
  {
    driver: "snmp-pdu",
    options: { ...PLUG, host: "pdu", model: "apc-rpdu2", outlet: 1 },
    buy: "APC, Eaton, CyberPower PDUs; SNMP 1, 2c and 3",
    cuts: "board",
    latency: "to 1 s",
    powerUp: "as configured",
    price: "●●●●",
    goodFor: "racks",
    triedWith: "loopback agents, pysnmp",
  },
  {
    driver: "http",
    options: { ...PLUG, on: { url: "http://relay/on" }, off: { url: "http://relay/off" } },
    asked: {
      options: {
        ...PLUG,
        on: { url: "http://relay/on" },
        off: { url: "http://relay/off" },
        status: { ...ASK, on: "on", off: "off" },
      },
      words: "`status`",
    },
    buy: "anything behind a web server: Devantech ETH, Gude, Digital Loggers, ESPHome",
    latency: "the device's",
    powerUp: "the device's",
    price: "–",
    goodFor: "what is there already",
    triedWith: "a loopback server",
  },
  {
    driver: "command",
    options: { ...PLUG, on: ["sw", "on"], off: ["sw", "off"] },
    asked: {
      options: {
        ...PLUG,
        on: ["sw", "on"],
        off: ["sw", "off"],
        status: { run: ["sw"], on: "is on", off: "is off" },
      },
      words: "`status`",
    },
    buy: "anything with a program: Otii, Acroname, Cambrionix, FTDI bit-bang boards, EnerGenie",
    latency: "the start of a process + the device's",
    powerUp: "the device's",
    price: "–",
    goodFor: "what is there already",
    triedWith: "real programs",
  },
  {
    driver: "reset",
    options: { tool: "nrfutil", serial: "1050012345" },
    buy: "nothing: the debug probe's reset pin (nrfutil, nrfjprog, J-Link)",
    latency: "some ms to 1 s",
    powerUp: "–",
    price: "–",
    goodFor: "before the relay has arrived; the record says `reset only`",
    triedWith: "a pretended tool",
  },
];

const HEAD = [
  "driver",
  "what to buy",
  "good for",
  "cuts",
  "can be asked",
  "latency",
  "after its own power-up",
  "price",
  "tried with",
];

function cellsOf(row: SwitchRow): readonly string[] {
  const driver = powerDriverNamed(row.driver);
  const facts = driver.facts(row.options);
  const places = { soc: "SoC or board", board: "board", "reset only": "**nothing**" } as const;
  const cuts = row.cuts ?? ("cuts" in driver.options.shape ? places.soc : places[facts.cuts]);
  const latency = facts.latency === "unknown" ? "not known" : facts.latency;
  return [
    `[\`${row.driver}\`](commands.md#${row.driver})`,
    row.buy,
    row.goodFor,
    cuts,
    [asksBack(row), row.asksBack].filter((text) => text !== undefined).join("; "),
    [latency, row.latency].filter((text) => text !== undefined).join(": "),
    row.powerUp,
    row.price,
    row.triedWith,
  ];
}

function asksBack({ driver, options, asked, acknowledges }: SwitchRow): string {
  const facts = (chosen: SwitchRow["options"]) => powerDriverNamed(driver).facts(chosen);
  if (facts(options).readsBack) return "yes";
  if (asked !== undefined && facts(asked.options).readsBack) return `only with ${asked.words}; else blind`;
  return facts(options).cuts === "reset only" || acknowledges ? "no" : "no: blind";
}

/** The page, with the table as the drivers have it now. @throws RangeError when the page has no place for it. */
export function powerPage(page: string): string {
  return withTable(page, "scripts/power-docs.ts", [HEAD, ...SWITCH_ROWS.map(cellsOf)]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(POWER_PAGE, powerPage(await readFile(POWER_PAGE, "utf8")));
}
