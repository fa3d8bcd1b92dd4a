/** The nRF5340's cores: two flashes, two protections. */
export type CoreName = "application" | "network";

/** One run of a tool. A script is written to a file first; its path takes the place of `{script}`. */
export interface ToolCall {
  /** For people, as a noun: "recovering the network core". */
  readonly what: string;
  readonly argv: readonly string[];
  readonly script?: readonly string[];
}

interface ToolTarget {
  /** J-Link serial number without leading zeros. */
  readonly serial: string;
  /** Build folder, for west. */
  readonly buildFolder?: string | undefined;
}

interface FlashTool {
  readonly name: string;
  readonly program: string;
  /** Programs a HEX file: only the pages that it touches are erased. */
  readonly write: (target: ToolTarget, core: CoreName, hexFile: string) => readonly ToolCall[];
  /** Starts what was programmed; none when `write` does it. */
  readonly reset: (target: ToolTarget) => readonly ToolCall[];
  /** Erases a core, its protection too. Undefined: the tool cannot. */
  readonly recover?: (target: ToolTarget, core: CoreName) => readonly ToolCall[];
  /** Erases the external flash. Undefined: the tool cannot, or wants a description of the flash that we do not have. */
  readonly eraseExternal?: (target: ToolTarget) => readonly ToolCall[];
  readonly source: string;
}

/** Recovering the network core wipes both; the other order locks the application core again. Zephyr nrf_common.py. */
export const RECOVER_ORDER: readonly CoreName[] = ["network", "application"];

const NRFUTIL_CORE = { application: "Application", network: "Network" } as const;
const NRFJPROG_CORE = { application: "CP_APPLICATION", network: "CP_NETWORK" } as const;
const JLINK_DEVICE = { application: "nrf5340_xxaa_app", network: "nrf5340_xxaa_net" } as const;
/** nrfutil erases everything and verifies nothing unless it is told otherwise. */
const NRFUTIL_OPTIONS = "chip_erase_mode=ERASE_RANGES_TOUCHED_BY_FIRMWARE,verify=VERIFY_READ,reset=RESET_PIN";
const CHIP = "nRF5340_xxAA";
/** USB serial numbers of J-Links are padded to 12 digits. */
const USB_DIGITS = 12;

/** Commander's dialog about new firmware would hang a bench without a screen: `-nogui 1`. */
function commander({ serial }: ToolTarget, core: CoreName, what: string, lines: readonly string[]): ToolCall {
  const device = ["-if", "SWD", "-speed", "4000", "-device", JLINK_DEVICE[core]];
  return {
    what,
    argv: ["-nogui", "1", "-USB", serial, ...device, "-CommanderScript", "{script}"],
    script: ["ExitOnError 1", ...lines, "q"],
  };
}

const probeRs = ({ serial }: ToolTarget) => [
  "--chip",
  CHIP,
  "--probe",
  `1366:1051:${serial.padStart(USB_DIGITS, "0")}`,
];
const pyocd = ({ serial }: ToolTarget) => ["-u", serial, "-t", CHIP.toLowerCase()];

/** Source: Zephyr's runners (scripts/west_commands/runners), pc-nrfconnect-shared; no tool was run against hardware. */
export const FLASH_TOOLS = [
  {
    name: "nrfutil",
    program: "nrfutil",
    write: ({ serial }, core, hex) => [
      {
        what: `programming the ${core} core`,
        argv: [
          ...["--json", "device", "program", "--firmware", hex, "--serial-number", serial],
          ...["--core", NRFUTIL_CORE[core], "--options", NRFUTIL_OPTIONS],
        ],
      },
    ],
    reset: () => [],
    recover: ({ serial }, core) => [
      {
        what: `recovering the ${core} core`,
        argv: ["--json", "device", "recover", "--serial-number", serial, "--core", NRFUTIL_CORE[core]],
      },
    ],
    eraseExternal: ({ serial }) => [
      {
        what: "erasing the external flash",
        argv: ["--json", "device", "erase", "--all-external", "--serial-number", serial, "--core", "Application"],
      },
    ],
    source: "nrfutil device; Zephyr runners/nrfutil.py",
  },
  {
    name: "nrfjprog",
    program: "nrfjprog",
    write: ({ serial }, core, hex) => [
      {
        what: `programming the ${core} core`,
        argv: [
          ...["--program", hex, "--sectorerase", "--verify", "--snr", serial],
          ...["-f", "NRF53", "--coprocessor", NRFJPROG_CORE[core]],
        ],
      },
    ],
    reset: ({ serial }) => [{ what: "the pin reset", argv: ["--pinreset", "--snr", serial, "-f", "NRF53"] }],
    recover: ({ serial }, core) => [
      {
        what: `recovering the ${core} core`,
        argv: ["--recover", "--snr", serial, "-f", "NRF53", "--coprocessor", NRFJPROG_CORE[core]],
      },
    ],
    eraseExternal: ({ serial }) => [
      { what: "erasing the external flash", argv: ["--qspieraseall", "--snr", serial, "-f", "NRF53"] },
    ],
    source: "nrfjprog --help; Zephyr runners/nrfjprog.py",
  },
  {
    name: "jlink",
    program: "JLinkExe",
    write: (target, core, hex) => [
      commander(target, core, `programming the ${core} core`, ["r", `loadfile "${hex}"`, "r", "g"]),
    ],
    reset: () => [],
    recover: (target, core) => [commander(target, core, `erasing the ${core} core`, ["erase"])],
    source: "SEGGER's page on J-Link Commander; Zephyr runners/jlink.py",
  },
  {
    name: "pyocd",
    program: "pyocd",
    write: (target, core, hex) => [
      { what: `programming the ${core} core`, argv: ["flash", ...pyocd(target), "--erase", "sector", hex] },
    ],
    reset: (target) => [{ what: "the reset", argv: ["reset", ...pyocd(target)] }],
    source: "pyOCD's command reference; needs the CMSIS pack, application core only",
  },
  {
    name: "probe-rs",
    program: "probe-rs",
    write: (target, core, hex) => [
      {
        what: `programming the ${core} core`,
        argv: ["download", ...probeRs(target), "--binary-format", "hex", "--verify", hex],
      },
    ],
    reset: (target) => [{ what: "the reset", argv: ["reset", ...probeRs(target)] }],
    recover: (target, core) => [
      // One command erases the whole chip, so only the last core's turn does anything.
      ...(core === "application"
        ? [{ what: "erasing the chip", argv: ["erase", ...probeRs(target), "--allow-erase-all"] }]
        : []),
    ],
    source: "probe-rs' help; later than 0.32.0 for both cores",
  },
  {
    name: "west",
    program: "west",
    write: ({ serial, buildFolder }, core, hex) => [
      {
        what: `programming the ${core} core`,
        argv: [
          ...["flash", "--skip-rebuild", "-r", "nrfutil", "--dev-id", serial, "--hex-file", hex],
          ...(buildFolder === undefined ? [] : ["-d", buildFolder]),
        ],
      },
    ],
    reset: () => [],
    source: "west flash --context; the runner's options come through",
  },
] as const satisfies readonly FlashTool[];

type FlashToolName = (typeof FLASH_TOOLS)[number]["name"];

export function flashTool(name: FlashToolName): FlashTool {
  return FLASH_TOOLS.find((row) => row.name === name) ?? FLASH_TOOLS[0];
}
