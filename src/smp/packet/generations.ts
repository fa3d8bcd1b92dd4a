/** How a server of some age behaves on the wire. Rows, so that another age is another row. */
export interface ServerGeneration {
  readonly name: string;
  /** nRF Connect SDK releases with such a server. */
  readonly sdk: string;
  /** What such a Zephyr calls itself in its banner, its shell and its OS info. */
  readonly zephyr: string;
  /** Key of a group error in version 2; undefined for servers that know version 1 only. */
  readonly groupErrorKey: "err" | "ret" | undefined;
  /** Commands whose success says `rc: 0` first, by their key in `COMMANDS`. */
  readonly rcInSuccess: readonly string[];
  /** Under which key the shell answers what its command returned. */
  readonly shellCodeKey: "rc" | "ret";
  /** Code for an answer that does not fit the buffer. */
  readonly tooLargeCode: number;
  /** Length of its echo's text, in bytes; undefined where only the buffer limits it. */
  readonly echoBytesMax?: number;
  /** The library mcumgr of Zephyr 2: its checks of headers, its image group (`imageHandlers2021`). */
  readonly isLibrary?: true;
  /** An echo is one key, `d`, with text: anything else is EUNKNOWN. Else a missing text is an empty one. */
  readonly echoIsStrict?: true;
  /** Code for a known command with an operation that is no request; without it that is ENOTSUP like any other. */
  readonly badOperationCode?: number;
  /**
   * Which requests for a state are refused: by the slots' flags; by flags, but any request for the image that runs
   * confirms it; or by what would boot next.
   */
  readonly stateRules: "flags" | "running confirms" | "next boot";
  /** An upload or an erase may destroy an image that is to be tried: the default of the builds that can refuse it. */
  readonly erasesPending: boolean;
  /** An erase of a blank slot is refused by group 1, code 1. */
  readonly refusesBlankErase?: true;
  /** An upload is accepted whatever length it announces; its writes end with the slot. */
  readonly anyUploadLength?: true;
  /** How an unknown name of statistics is refused, where not by group 2: the `rc` of version 1, the error of version 2. */
  readonly unknownStatistic?: {
    readonly rc: number;
    readonly error: { readonly group: number; readonly code: number };
  };
  /** A save of settings takes a part by its name, and is refused without storage; before, it saves all and says success. */
  readonly settingsSaveTells?: true;
  /** Only the image that runs is active; else the primary slot of every image. */
  readonly oneActive?: true;
  /** A reset takes a boot mode. */
  readonly bootMode: boolean;
  /** Commands that came later, by their key in `COMMANDS`. */
  readonly lacks: readonly string[];
  readonly source: string;
}

const ENUMERATION = ["groupCount", "groupList", "groupAt", "groupDetails"] as const;
const SINCE_4 = [...ENUMERATION, "slotInfo"] as const;
const SINCE_3_6 = [...SINCE_4, "readDatetime", "writeDatetime"] as const;
const SINCE_3_4 = [...SINCE_3_6, "bootloaderInfo"] as const;
const SINCE_3_3 = [...SINCE_3_4, "osInfo"] as const;
const SETTINGS = [
  "readSetting",
  "writeSetting",
  "deleteSetting",
  "commitSettings",
  "loadSettings",
  "saveSettings",
] as const;
const FILE_EXTRAS = ["fileStatus", "fileHash", "fileHashTypes", "closeFile"] as const;

/** What says `rc: 0` before Zephyr 3.3. */
const RC_FIRST = ["imageUpload", "imageErase", "statistics", "statisticsList", "readFile", "writeFile"] as const;

export const SERVER_GENERATIONS = [
  {
    name: "zephyr 2.7",
    sdk: "NCS 1.7 and 1.8",
    zephyr: "2.7.0",
    groupErrorKey: undefined,
    rcInSuccess: RC_FIRST,
    shellCodeKey: "rc",
    tooLargeCode: 2,
    echoBytesMax: 127,
    isLibrary: true,
    badOperationCode: 3,
    stateRules: "flags",
    erasesPending: false,
    bootMode: false,
    lacks: [...SINCE_3_3, ...SETTINGS, ...FILE_EXTRAS, "params", "memoryPools", "consoleEcho", "eraseStorage"],
    source: "zephyrproject-rtos/mcumgr at 12b496e3 (read, not run)",
  },
  {
    name: "zephyr 3.2",
    sdk: "NCS 2.0 to 2.2",
    zephyr: "3.2.0",
    groupErrorKey: undefined,
    rcInSuccess: RC_FIRST,
    shellCodeKey: "rc",
    tooLargeCode: 2,
    stateRules: "flags",
    erasesPending: false,
    oneActive: true,
    bootMode: false,
    lacks: [...SINCE_3_3, ...SETTINGS],
    source: "Zephyr release notes 3.1 and 3.3; which answers carry rc: smp_group_0.rst of 3.2 (not run)",
  },
  {
    name: "zephyr 3.3",
    sdk: "NCS 2.3",
    zephyr: "3.3.0",
    groupErrorKey: undefined,
    rcInSuccess: [],
    shellCodeKey: "ret",
    tooLargeCode: 2,
    stateRules: "flags",
    erasesPending: false,
    oneActive: true,
    bootMode: false,
    lacks: [...SINCE_3_4, ...SETTINGS],
    source: "Zephyr release notes 3.3 (not run)",
  },
  {
    name: "ncs 2.4",
    sdk: "NCS 2.4",
    zephyr: "3.3.99",
    groupErrorKey: "ret",
    rcInSuccess: [],
    shellCodeKey: "ret",
    tooLargeCode: 7,
    stateRules: "flags",
    erasesPending: false,
    oneActive: true,
    bootMode: false,
    lacks: [...SINCE_3_6, ...SETTINGS],
    source: "zephyr PR 54041, PR 60984; an sdk-zephyr of the time (read): a state before 3.4.0 (not run, not measured)",
  },
  {
    name: "zephyr 3.4",
    sdk: "none: Zephyr 3.4.0 itself",
    zephyr: "3.4.0",
    groupErrorKey: "ret",
    rcInSuccess: ["statisticsList"],
    shellCodeKey: "ret",
    tooLargeCode: 7,
    echoIsStrict: true,
    badOperationCode: 3,
    stateRules: "running confirms",
    erasesPending: false,
    refusesBlankErase: true,
    anyUploadLength: true,
    unknownStatistic: { rc: 1, error: { group: 63, code: 3 } },
    oneActive: true,
    bootMode: false,
    lacks: [...SINCE_3_6, ...SETTINGS],
    source: "measured on Zephyr 3.4.0 for the nRF5340-DK, its binary executed instruction by instruction",
  },
  {
    name: "zephyr 3.5",
    sdk: "NCS 2.5 to 2.9",
    zephyr: "3.5.0",
    groupErrorKey: "err",
    rcInSuccess: [],
    shellCodeKey: "ret",
    tooLargeCode: 7,
    stateRules: "next boot",
    erasesPending: true,
    bootMode: false,
    lacks: [...SINCE_3_6],
    source: "Zephyr migration guide 3.5 (not run)",
  },
  {
    name: "zephyr 4.4",
    sdk: "NCS 3",
    zephyr: "4.4.0",
    groupErrorKey: "err",
    rcInSuccess: [],
    shellCodeKey: "ret",
    tooLargeCode: 7,
    stateRules: "next boot",
    erasesPending: true,
    bootMode: true,
    settingsSaveTells: true,
    lacks: [],
    source: "measured on Zephyr 4.4.0; settings: zephyr PR 98336, 98409, 98567",
  },
] as const satisfies readonly ServerGeneration[];

export type ServerGenerationName = (typeof SERVER_GENERATIONS)[number]["name"];

/** The row of a generation; the newest without a name. */
export function serverGeneration(name: ServerGenerationName = "zephyr 4.4"): ServerGeneration {
  const row = SERVER_GENERATIONS.find((candidate) => candidate.name === name);
  if (!row)
    throw new RangeError(`no server generation "${name}"; known: ${SERVER_GENERATIONS.map((g) => g.name).join(", ")}`);
  return row;
}
