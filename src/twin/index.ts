export { type TwinRadio, type TwinSmp } from "./app.ts";
export { MACHINE_FAULTS, TWIN_FAULT_NAMES, TWIN_FAULTS, UPSTREAM_FAULTS } from "./faults.ts";
export { TwinFlash } from "./flash.ts";
export { TwinMachine } from "./machine.ts";
export { type RelayLatency, Twin } from "./twin.ts";
export { TwinUart } from "./uart.ts";
