export * from "./board.ts";
export * from "./bootloader-build.ts";
export * from "./log-watch.ts";
export * from "./open.ts";
export * from "./profile.ts";
export * from "./profile-keys.ts";
export { BOOTLOADER_MODES, type BoardProfile } from "./profile-schema.ts";
export { makeTwin } from "./providers/twin.ts";
