/** How a server of some age behaves on the wire. Rows, so that another age is another row. */
export interface ServerGeneration {
  readonly name: string;
  /** Key of a group error in version 2; undefined for servers that know version 1 only. */
  readonly groupErrorKey: "err" | "ret" | undefined;
  /** `rc: 0` first in every success. */
  readonly rcInSuccess: boolean;
  /** Code for an answer that does not fit the buffer. */
  readonly tooLargeCode: number;
  /** Length of its echo's text, in bytes; undefined where only the buffer limits it. */
  readonly echoBytesMax?: number;
  /** Commands that came later, by their key in `COMMANDS`. */
  readonly lacks: readonly string[];
  readonly source: string;
}

const LATER = ["params", "osInfo", "bootloaderInfo", "slotInfo"] as const;

export const SERVER_GENERATIONS = [
  {
    name: "zephyr 2.7",
    groupErrorKey: undefined,
    rcInSuccess: true,
    tooLargeCode: 2,
    echoBytesMax: 127,
    lacks: LATER,
    source: "zephyrproject-rtos/mcumgr 12b496e3 (NCS 1.7 and 1.8; read, not run)",
  },
  {
    name: "zephyr 3.3",
    groupErrorKey: undefined,
    rcInSuccess: false,
    tooLargeCode: 2,
    lacks: ["bootloaderInfo", "slotInfo"],
    source: "Zephyr release notes 3.1 and 3.3",
  },
  {
    name: "zephyr 3.4",
    groupErrorKey: "ret",
    rcInSuccess: false,
    tooLargeCode: 7,
    lacks: ["slotInfo"],
    source: "zephyr PR 54041, PR 60984",
  },
  {
    name: "zephyr 3.5",
    groupErrorKey: "err",
    rcInSuccess: false,
    tooLargeCode: 7,
    lacks: ["slotInfo"],
    source: "Zephyr migration guide 3.5",
  },
  {
    name: "zephyr 4.4",
    groupErrorKey: "err",
    rcInSuccess: false,
    tooLargeCode: 7,
    lacks: [],
    source: "measured: Zephyr 4.4.0's prebuilt servers",
  },
] as const satisfies readonly ServerGeneration[];

export type ServerGenerationName = (typeof SERVER_GENERATIONS)[number]["name"];

/** The row of a generation. */
export function serverGeneration(name: ServerGenerationName): ServerGeneration {
  const row = SERVER_GENERATIONS.find((candidate) => candidate.name === name);
  if (!row)
    throw new RangeError(`no server generation "${name}"; known: ${SERVER_GENERATIONS.map((g) => g.name).join(", ")}`);
  return row;
}
