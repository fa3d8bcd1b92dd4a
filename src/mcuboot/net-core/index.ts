export * from "./b0n.ts";
export * from "./command-block.ts";
export * from "./firmware-info.ts";
export { ramAt } from "./hand-over.ts";
export * from "./memory-map.ts";
export { NET_CORE_RULES, type NetCoreBuild, type NetCoreRuleName, type NetCoreRuleRow, netCoreRule } from "./rules.ts";
export { copyCommand } from "./simultaneous.ts";
