export { Air } from "./air.ts";
export { BleCentral, type GattTarget, type Heard } from "./central.ts";
export { type GattLink } from "./gatt-link.ts";
export { BlePeripheral, type ServedLink } from "./peripheral.ts";
