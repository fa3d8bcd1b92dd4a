export * from "../builds/net-core-map.ts";
export {
  NET_CORE_RULES,
  type NetCoreBuild,
  type NetCoreRuleName,
  type NetCoreRuleRow,
  netCoreRule,
} from "../builds/net-core-rules.ts";
export * from "../steps/command-block.ts";
export * from "./b0n.ts";
export * from "./firmware-info.ts";
export { ramAt } from "./hand-over.ts";
export { copyCommand } from "./simultaneous.ts";
