/** The library: each room's public face, as a namespace. */
export * as board from "./board/index.ts";
export * as campaign from "./campaign/index.ts";
export * as core from "./core/index.ts";
export * as image from "./image/index.ts";
export * as mcuboot from "./mcuboot/index.ts";
export * as power from "./power/index.ts";
export * as report from "./report/index.ts";
export * as serial from "./serial/index.ts";
export * as smp from "./smp/index.ts";
