export * from "./link.ts";
export * from "./memory.ts";
export * from "./port.ts";
export * from "./ports.ts";
export * from "./pty.ts";
export * from "./recogniser.ts";
export * from "./splitter.ts";
export * from "./uart.ts";
