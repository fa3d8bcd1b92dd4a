export { NET_APP, NET_FLASH } from "../builds/net-core-map.ts";
export { NET_CORE_RULES, netCoreRule } from "../builds/net-core-rules.ts";
export { COMMAND_BLOCK_BYTES, decodeCommandBlock, type PcdStatus } from "../steps/command-block.ts";
export { type B0nEnd, b0n, NETWORK_FLASH, netAppIsWhole, netVersionIn } from "./b0n.ts";
export { asNetFirmware, findFirmwareInfo, firmwareFault, firmwareIn, ownFirmware } from "./firmware-info.ts";
export { ramAt } from "./hand-over.ts";
export { copyCommand } from "./simultaneous.ts";
