import type { CommandRow } from "../packet/command.ts";
import { OP } from "../packet/header.ts";
import * as enumeration from "./enumeration.ts";
import * as files from "./file-system.ts";
import * as image from "./image.ts";
import * as os from "./os.ts";
import * as settings from "./settings.ts";
import * as shell from "./shell.ts";
import * as statistics from "./statistics.ts";
import * as basic from "./zephyr-basic.ts";

/** Every command we know, by the name that handlers of a server use. Adding a row adds the command to both ends. */
export const COMMANDS = {
  echo: os.echo,
  consoleEcho: os.consoleEcho,
  taskStatistics: os.taskStatistics,
  memoryPools: os.memoryPools,
  readDatetime: os.readDatetime,
  writeDatetime: os.writeDatetime,
  reset: os.osReset,
  params: os.params,
  osInfo: os.osInfo,
  bootloaderInfo: os.bootloaderInfo,
  imageState: image.imageState,
  setImageState: image.setImageState,
  imageUpload: image.imageUpload,
  imageErase: image.imageErase,
  slotInfo: image.slotInfo,
  statistics: statistics.statistics,
  statisticsList: statistics.statisticsList,
  readSetting: settings.readSetting,
  writeSetting: settings.writeSetting,
  deleteSetting: settings.deleteSetting,
  commitSettings: settings.commitSettings,
  loadSettings: settings.loadSettings,
  saveSettings: settings.saveSettings,
  readFile: files.readFile,
  writeFile: files.writeFile,
  fileStatus: files.fileStatus,
  fileHash: files.fileHash,
  fileHashTypes: files.fileHashTypes,
  closeFile: files.closeFile,
  shell: shell.shell,
  groupCount: enumeration.groupCount,
  groupList: enumeration.groupList,
  groupAt: enumeration.groupAt,
  groupDetails: enumeration.groupDetails,
  eraseStorage: basic.eraseStorage,
} as const;

export type CommandKey = keyof typeof COMMANDS;

/** The command that a request's header means, with its key; undefined when there is none. */
export function commandOf(header: {
  op: number;
  group: number;
  id: number;
}): { key: CommandKey; row: CommandRow } | undefined {
  for (const [key, row] of Object.entries(COMMANDS)) {
    if (row.group !== header.group || row.id !== header.id) continue;
    const read = header.op === OP.read && row.op !== "write";
    const write = header.op === OP.write && row.op !== "read";
    if (read || write) return { key: key as CommandKey, row: row as unknown as CommandRow };
  }
  return undefined;
}
