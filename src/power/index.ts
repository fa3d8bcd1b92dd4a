import { ConfigurationError, nearest } from "../core/index.ts";
import { cutter } from "./cutter/cutter.ts";
import type { PowerBench, PowerDriver } from "./driver/driver.ts";
import type { PowerSwitch } from "./driver/switch.ts";
import { http } from "./network/http.ts";
import { netio } from "./network/netio.ts";
import { shelly } from "./network/shelly.ts";
import { snmpPdu } from "./network/snmp-pdu.ts";
import { tasmota } from "./network/tasmota.ts";
import { ppk2 } from "./ppk2/ppk2.ts";
import { commandSwitch } from "./programs/command.ts";
import { gpio } from "./programs/gpio.ts";
import { resetSwitch } from "./programs/reset.ts";
import { uhubctl } from "./programs/uhubctl.ts";
import { ykush } from "./programs/ykush.ts";
import { conrad } from "./relays/conrad.ts";
import { denkovi } from "./relays/denkovi.ts";
import { devantech } from "./relays/devantech.ts";
import { hidRelay } from "./relays/hid-relay.ts";
import { kmtronic } from "./relays/kmtronic.ts";
import { lcus } from "./relays/lcus.ts";
import { modbusRtu } from "./relays/modbus-rtu.ts";
import { numato } from "./relays/numato.ts";

/** The registry: a driver exists when its name stands here. */
export const POWER_DRIVERS: readonly PowerDriver[] = [
  lcus,
  kmtronic,
  numato,
  devantech,
  modbusRtu,
  conrad,
  denkovi,
  ppk2,
  cutter,
  http,
  tasmota,
  shelly,
  netio,
  uhubctl,
  ykush,
  gpio,
  resetSwitch,
  snmpPdu,
  hidRelay,
  commandSwitch,
];

/**
 * The driver of that name.
 * @throws ConfigurationError that lists the known ones.
 */
export function powerDriverNamed(name: string): PowerDriver {
  const driver = POWER_DRIVERS.find((known) => known.name === name);
  if (driver) return driver;
  const names = POWER_DRIVERS.map((known) => known.name);
  const near = nearest(name, names);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  throw new ConfigurationError(`no power driver "${name}".`, `The drivers are ${names.join(", ")}.${hint}`);
}

/**
 * Opens the switch that a profile describes.
 * @throws ConfigurationError for an unknown driver or wrong options; BenchError when the switch cannot be opened.
 */
export function openPower(
  power: { readonly driver: string; readonly options: unknown },
  bench: PowerBench,
): Promise<PowerSwitch> {
  return powerDriverNamed(power.driver).openFrom(power.options, bench);
}

export { cutter } from "./cutter/cutter.ts";
export { aroundSwitch } from "./driver/around.ts";
export {
  contactOption,
  cutsOption,
  type OpenedSwitch,
  type PowerBench,
  type PowerDriver,
  powerDriver,
  secretOf,
  secretOption,
  type Verification,
} from "./driver/driver.ts";
export { jlinkPort, type PortLine, type PortOpener, pathPort, portName, portRef } from "./driver/ports.ts";
export {
  type ArmedCut,
  type Contact,
  type CurrentMeter,
  type CurrentSamples,
  type CutOrder,
  cycle,
  energised,
  type OwnCut,
  type PowerFacts,
  type PowerState,
  type PowerSwitch,
  suppliedBy,
} from "./driver/switch.ts";
export { http } from "./network/http.ts";
export { netio } from "./network/netio.ts";
export { shelly } from "./network/shelly.ts";
export { snmpPdu } from "./network/snmp-pdu.ts";
export { tasmota } from "./network/tasmota.ts";
export { ppk2 } from "./ppk2/ppk2.ts";
export { commandSwitch } from "./programs/command.ts";
export { gpio } from "./programs/gpio.ts";
export { runProgram } from "./programs/program.ts";
export { resetSwitch } from "./programs/reset.ts";
export { uhubctl } from "./programs/uhubctl.ts";
export { ykush } from "./programs/ykush.ts";
export { conrad } from "./relays/conrad.ts";
export { denkovi } from "./relays/denkovi.ts";
export { devantech } from "./relays/devantech.ts";
export { hidRelay } from "./relays/hid-relay.ts";
export { kmtronic } from "./relays/kmtronic.ts";
export { lcus } from "./relays/lcus.ts";
export { LcusDevice } from "./relays/lcus-device.ts";
export { LCUS_BAUD_RATE, type LcusVariant } from "./relays/lcus-frames.ts";
export { modbusRtu } from "./relays/modbus-rtu.ts";
export { numato } from "./relays/numato.ts";
