export type { TwinSmp } from "./app.ts";
export * from "./faults.ts";
export * from "./flash.ts";
export * from "./image-slots.ts";
export * from "./machine.ts";
export * from "./net-core.ts";
export * from "./twin.ts";
export * from "./uart.ts";
