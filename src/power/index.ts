import { ConfigurationError, nearest } from "../core/index.ts";
import { command } from "./command.ts";
import { conrad } from "./conrad.ts";
import { cutter } from "./cutter.ts";
import { denkovi } from "./denkovi.ts";
import { devantech } from "./devantech.ts";
import type { PowerBench, PowerDriver } from "./driver.ts";
import { gpio } from "./gpio.ts";
import { hidRelay } from "./hid-relay.ts";
import { http } from "./http.ts";
import { kmtronic } from "./kmtronic.ts";
import { lcus } from "./lcus.ts";
import { modbusRtu } from "./modbus-rtu.ts";
import { netio } from "./netio.ts";
import { numato } from "./numato.ts";
import { ppk2 } from "./ppk2.ts";
import { reset } from "./reset.ts";
import { shelly } from "./shelly.ts";
import { snmpPdu } from "./snmp-pdu.ts";
import type { PowerSwitch } from "./switch.ts";
import { tasmota } from "./tasmota.ts";
import { uhubctl } from "./uhubctl.ts";
import { ykush } from "./ykush.ts";

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
  reset,
  snmpPdu,
  hidRelay,
  command,
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

export * from "./around.ts";
export * from "./around.ts";
export { command } from "./command.ts";
export { conrad } from "./conrad.ts";
export { cutter } from "./cutter.ts";
export { denkovi } from "./denkovi.ts";
export { devantech } from "./devantech.ts";
export * from "./driver.ts";
export { gpio } from "./gpio.ts";
export { hidRelay } from "./hid-relay.ts";
export { http } from "./http.ts";
export { kmtronic } from "./kmtronic.ts";
export { lcus } from "./lcus.ts";
export { type CoilChange, LcusDevice } from "./lcus-device.ts";
export { LCUS_BAUD_RATE, LCUS_VARIANTS, type LcusVariant } from "./lcus-frames.ts";
export { modbusRtu } from "./modbus-rtu.ts";
export { netio } from "./netio.ts";
export { numato } from "./numato.ts";
export * from "./ports.ts";
export { ppk2 } from "./ppk2.ts";
export { type ProgramResult, runProgram } from "./program.ts";
export { reset } from "./reset.ts";
export { shelly } from "./shelly.ts";
export { snmpPdu } from "./snmp-pdu.ts";
export * from "./switch.ts";
export { tasmota } from "./tasmota.ts";
export { uhubctl } from "./uhubctl.ts";
export { ykush } from "./ykush.ts";
