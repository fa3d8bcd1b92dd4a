import type { LabgridPart } from "./labgrid-parts.ts";

/** What a driver of labgrid is for, as far as a profile asks. */
type Offer = "power" | "output" | "console" | "other";

interface DriverRow {
  readonly cls: string;
  readonly offers: Offer;
  /** The binding that names what it works on, and which classes fit; none: the driver is the thing itself. */
  readonly slot?: string;
  readonly takes?: readonly string[] | "outputs" | "consoles";
}

const SERIAL_PORTS = ["RawSerialPort", "USBSerialPort", "NetworkSerialPort"] as const;

/** Drivers that switch, or that hold a switch so that it is not the board's power. Source: labgrid/driver, 26.0. */
export const LABGRID_DRIVERS: readonly DriverRow[] = [
  { cls: "NetworkPowerDriver", offers: "power", slot: "port", takes: ["NetworkPowerPort"] },
  { cls: "SiSPMPowerDriver", offers: "power", slot: "port", takes: ["SiSPMPowerPort", "NetworkSiSPMPowerPort"] },
  { cls: "YKUSHPowerDriver", offers: "power", slot: "port", takes: ["YKUSHPowerPort", "NetworkYKUSHPowerPort"] },
  { cls: "USBPowerDriver", offers: "power", slot: "hub", takes: ["USBPowerPort", "NetworkUSBPowerPort"] },
  { cls: "PDUDaemonDriver", offers: "power", slot: "port", takes: ["PDUDaemonPort"] },
  { cls: "TasmotaPowerDriver", offers: "power", slot: "power", takes: ["TasmotaPowerPort"] },
  { cls: "LAAPowerDriver", offers: "power", slot: "port", takes: ["LAAPowerPort"] },
  { cls: "SigrokPowerDriver", offers: "power", slot: "sigrok", takes: ["SigrokUSBSerialDevice"] },
  { cls: "DigitalOutputPowerDriver", offers: "power", slot: "output", takes: "outputs" },
  { cls: "ExternalPowerDriver", offers: "power" },
  { cls: "ManualPowerDriver", offers: "power" },
  { cls: "FakePowerDriver", offers: "power" },
  { cls: "HIDRelayDriver", offers: "output", slot: "relay", takes: ["HIDRelay", "NetworkHIDRelay"] },
  { cls: "HttpDigitalOutputDriver", offers: "output", slot: "http", takes: ["HttpDigitalOutput"] },
  { cls: "ModbusCoilDriver", offers: "output", slot: "coil", takes: ["ModbusTCPCoil", "WaveshareModbusTCPCoil"] },
  { cls: "WaveShareModbusCoilDriver", offers: "output", slot: "coil", takes: ["WaveshareModbusTCPCoil"] },
  { cls: "DeditecRelaisDriver", offers: "output", slot: "relais", takes: ["DeditecRelais8", "NetworkDeditecRelais8"] },
  {
    cls: "GpioDigitalOutputDriver",
    offers: "output",
    slot: "gpio",
    takes: ["SysfsGPIO", "MatchedSysfsGPIO", "NetworkSysfsGPIO"],
  },
  { cls: "OneWirePIODriver", offers: "output", slot: "port", takes: ["OneWirePIO"] },
  { cls: "LXAIOBusPIODriver", offers: "output", slot: "pio", takes: ["LXAIOBusPIO", "NetworkLXAIOBusPIO"] },
  { cls: "Eth008DigitalOutputDriver", offers: "output", slot: "output", takes: ["Eth008DigitalOutput"] },
  { cls: "SerialPortDigitalOutputDriver", offers: "output", slot: "serial", takes: "consoles" },
  { cls: "FileDigitalOutputDriver", offers: "output" },
  { cls: "ManualSwitchDriver", offers: "output" },
  { cls: "DigitalOutputResetDriver", offers: "other", slot: "output", takes: "outputs" },
  { cls: "SerialDriver", offers: "console", slot: "port", takes: SERIAL_PORTS },
];

/** Where the chain of bindings from a driver ends: at a resource, or at a driver that needs none. */
export interface BoundSwitch {
  readonly part: LabgridPart;
  /** The power driver at the other end. */
  readonly driver?: LabgridPart | undefined;
  /** What labgrid itself would not accept, or what a person must decide. */
  readonly doubt?: string | undefined;
}

export interface LabgridTarget {
  readonly resources: readonly LabgridPart[];
  readonly drivers: readonly LabgridPart[];
}

const rowOf = (driver: LabgridPart) => LABGRID_DRIVERS.find(({ cls }) => cls === driver.cls);
const offering = ({ drivers }: LabgridTarget, offer: Offer) =>
  drivers.filter((driver) => rowOf(driver)?.offers === offer);

/**
 * What the target's power driver finally switches, by its bindings as labgrid resolves them.
 * @returns undefined when no driver of the target switches power.
 */
export function boundPower(target: LabgridTarget): BoundSwitch | undefined {
  const drivers = offering(target, "power");
  const wanted = target.drivers.map(({ bindings }) => bindings["power"]).find((name) => typeof name === "string");
  const driver = drivers.find(({ name }) => name !== undefined && name === wanted) ?? drivers[0];
  if (!driver) return undefined;
  const bound = { ...supplierOf(driver, target), driver };
  if (drivers.length === 1 || (wanted !== undefined && driver.name === wanted)) return bound;
  const all = drivers.map(({ cls, name }) => (name === undefined ? cls : `${cls} ${name}`)).join(", ");
  return { ...bound, doubt: joined(bound.doubt, `the target has several power drivers (${all}): which one is it?`) };
}

/** Serial ports, those that a SerialDriver binds before those that none does. */
export function boundPorts(target: LabgridTarget): readonly LabgridPart[] {
  const bound = offering(target, "console").map((driver) => supplierOf(driver, target).part);
  const ports = target.resources.filter(({ cls }) => SERIAL_PORTS.some((known) => known === cls));
  return [...ports.filter((port) => bound.includes(port)), ...ports.filter((port) => !bound.includes(port))];
}

/** Resources that a driver holds for something else than power: a reset pin, say. */
export function heldOtherwise(target: LabgridTarget): readonly LabgridPart[] {
  const isPower = (driver: LabgridPart) => rowOf(driver)?.offers === "power";
  const clients = target.drivers.filter((driver) => rowOf(driver)?.offers === "other" && !isPower(driver));
  return clients.map((driver) => supplierOf(driver, target).part);
}

/** The end of a driver's chain. Cut off where a file binds in a circle. */
function supplierOf(driver: LabgridPart, target: LabgridTarget, depth = 0): BoundSwitch {
  const row = rowOf(driver);
  if (row?.slot === undefined || row.takes === undefined || depth > target.drivers.length) return { part: driver };
  const named = driver.bindings[row.slot];
  const fitting = suppliers(row.takes, target).filter(({ name }) => typeof named !== "string" || name === named);
  const chosen = fitting.length === 1 ? fitting[0] : (fitting.find(({ name }) => name === "default") ?? fitting[0]);
  if (!chosen) {
    const what = typeof named === "string" ? `"${named}"` : `what ${driver.cls} works on`;
    return { part: driver, doubt: `the target has no ${what}` };
  }
  const { part, doubt } = supplierOf(chosen, target, depth + 1);
  const unclear = fitting.length > 1 && chosen.name !== "default";
  return { part, doubt: unclear ? joined(doubt, `several resources fit ${driver.cls}, and it names none`) : doubt };
}

function suppliers(takes: NonNullable<DriverRow["takes"]>, target: LabgridTarget): readonly LabgridPart[] {
  if (takes === "outputs") return offering(target, "output");
  if (takes === "consoles") return offering(target, "console");
  return target.resources.filter(({ cls }) => takes.includes(cls));
}

function joined(first: string | undefined, second: string): string {
  return first === undefined ? second : `${first}; ${second}`;
}
