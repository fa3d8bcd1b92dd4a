export { Nrf51 } from "./chip/nrf51.ts";
export { type ChipNote, Nrf5340 } from "./chip/nrf5340.ts";
export type { UnknownAccess } from "./chip/parts/chip-context.ts";
export { checkGeometry, GEOMETRY } from "./chip/self-check.ts";
export { Processor } from "./cpu/processor.ts";
export type { Core } from "./cpu/state/core.ts";
export { type CoreConfig, NRF51, NRF5340_APPLICATION, NRF5340_NETWORK } from "./cpu/state/core-config.ts";
export { MemoryMap, type Region } from "./memory/memory-map.ts";
export { Ram } from "./memory/ram.ts";
