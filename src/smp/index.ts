export {
  type CallOptions,
  type ImageSlot,
  type ImageState,
  type ServerParameters,
  SmpClient,
} from "./client/client.ts";
export { dataRoom } from "./client/data-room.ts";
export { type Exchange, type RequestOptions, type SessionOptions } from "./client/exchange.ts";
export { downloadFile, uploadFile } from "./client/files.ts";
export { SmpSession } from "./client/session.ts";
export { SmpTranscript, type TranscriptLine } from "./client/transcript.ts";
export { transcriptJson } from "./client/transcript-body.ts";
export { uploadImage } from "./client/upload.ts";
export { type UploadOptions, type UploadProgress, type UploadResult } from "./client/upload-options.ts";
export { COMMANDS, type CommandKey } from "./groups/commands.ts";
export { eraseDeadlineMs } from "./groups/erase-deadline.ts";
export {
  closeFile,
  commitSettings,
  consoleEcho,
  customCommand,
  deleteSetting,
  echo,
  eraseStorage,
  fileHash,
  fileHashTypes,
  fileStatus,
  groupDetails,
  groupList,
  IMAGE_GROUP,
  imageUpload,
  loadSettings,
  memoryPools,
  readDatetime,
  readSetting,
  SMP_MODES,
  saveSettings,
  shell,
  statistics,
  statisticsList,
  taskStatistics,
  writeDatetime,
  writeSetting,
} from "./groups/index.ts";
export { type CborMap, type CborValue, decodeMap, encodeMap } from "./packet/cbor.ts";
export { type CommandRow, encodeRequest, type RequestOf, type ResponseOf } from "./packet/command.ts";
export { SERVER_GENERATIONS, type ServerGenerationName, serverGeneration } from "./packet/generations.ts";
export { decodeSmpHeader, encodeSmpHeader, SMP_HEADER_BYTES } from "./packet/header.ts";
export { isRefusal, type SmpRefusal, SmpRefused } from "./packet/refusal.ts";
export { type Shape } from "./packet/shape.ts";
export { type RecoveryBuild, RecoveryServer } from "./recovery/recovery-server.ts";
export { type RecoveryStore } from "./recovery/recovery-store.ts";
export { BleServerTransport } from "./server/ble-server.ts";
export { enumerationHandlers, GROUP_ENTRIES } from "./server/enumeration-server.ts";
export { SmpFault } from "./server/faults.ts";
export { fileHandlers } from "./server/file-server.ts";
export { imageHandlers } from "./server/image-server.ts";
export { type ImageStore, type StoredSlot } from "./server/image-store.ts";
export { osHandlers } from "./server/os-server.ts";
export { type HandlerContext, type ServerOptions, type SmpHandlers, SmpServer } from "./server/server.ts";
export {
  type SettingsServerOptions,
  type SettingsStorage,
  settingsHandlers,
  takeStored,
} from "./server/settings-server.ts";
export { type ShellTree, shellHandlers } from "./server/shell-server.ts";
export { statisticsHandlers } from "./server/statistics-server.ts";
export { UdpServerTransport } from "./server/udp-server.ts";
export { openBleTransport } from "./transport/ble-adapter.ts";
export { BleTransport, SMP_GATT } from "./transport/ble-transport.ts";
export {
  CONSOLE_OVERHEAD_BYTES,
  encodeConsoleLines,
  encodedBytes,
  type ReceivedPacket,
} from "./transport/console-framing.ts";
export { type ConsoleOptions, ConsoleTransport } from "./transport/console-transport.ts";
export { FRAMINGS, type Framing, framingRow } from "./transport/framings.ts";
export { type RawOptions, RawTransport } from "./transport/raw-transport.ts";
export { type SmpTransport } from "./transport/transport.ts";
export { UDP_PORT, UdpTransport } from "./transport/udp-transport.ts";
