/** The library: each room's public face. */
export * as core from "./core/index.ts";
