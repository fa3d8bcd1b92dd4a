export { Air } from "./air.ts";
export { ATT_HEADER_BYTES, ATT_MTU_DEFAULT } from "./att/client.ts";
export { BleCentral } from "./central.ts";
export { type GattLink } from "./gatt-link.ts";
export { BlePeripheral, type ServedLink } from "./peripheral.ts";
export { BLE_NAME_BYTES_MAX, bleName } from "./port-name.ts";
