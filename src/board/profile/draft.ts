import { defined, hexOf, terminalText } from "../../core/index.ts";
import type { PortRef } from "../../serial/index.ts";
import { EMULATED_NETWORK_UART, EMULATED_POWER, EMULATED_UART } from "./emulated-schema.ts";
import { type LoadedProfile, parseProfile } from "./profile.ts";

/** A port as a draft has it; `change`: what a person must look at. */
export interface DraftPort {
  readonly ref: PortRef;
  readonly baudRate?: number | undefined;
  readonly dtr?: boolean | undefined;
  /** Of the network core: the pattern that finds its version in its log, and where that comes from. */
  readonly version?: { readonly value: string; readonly from: string } | undefined;
  readonly change?: string | undefined;
}

export interface DraftPower {
  readonly driver: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly change?: string | undefined;
  /** How long the board stays without power, in milliseconds; default: 2000. */
  readonly offMs?: number | undefined;
}

/** What is known of a board that has no profile yet; the rest are defaults that a person must look at. */
export interface ProfileDraft {
  readonly name: string;
  /** Where it comes from, and what it could not say: comments at the head of the file. */
  readonly notes: readonly string[];
  readonly app: DraftPort;
  readonly net?: DraftPort | undefined;
  readonly power: DraftPower;
  readonly flasher?: Readonly<Record<string, unknown>> | undefined;
  readonly keys?: { readonly signing: string; readonly encryption?: string | undefined } | undefined;
  /** What the board said of itself; without it, it was not asked. */
  readonly found?: BoardFacts | undefined;
  /** The sections bootloader, slots, keys, images and smp, as a build says: lines of YAML. */
  readonly sections?: readonly string[] | undefined;
  /** A board that is not there: ports and power are its provider's, whatever the draft says of them. */
  readonly simulated?: SimulatedBoard | undefined;
}

/** What stands for a board: the twin, which models its bootloader, or the emulator, which executes what was built. */
interface SimulatedBoard {
  readonly provider: "twin" | "emulated";
  /** Lines of YAML that only this provider has. */
  readonly lines?: readonly string[] | undefined;
}

/** What a board says of itself over SMP. */
export interface BoardFacts {
  /** As `bootloader.mode` of a profile. */
  readonly mode: string | undefined;
  readonly primaryBytes: number | undefined;
  readonly secondaryBytes: number | undefined;
  readonly bufferBytes: number | undefined;
  readonly bufferCount: number | undefined;
}

/** Slots of plain Zephyr's devicetree for the nRF5340-DK. Source: nrf5340_cpuapp_partition.dtsi. */
const PLAIN = { offset: 0x1_0000, bytes: 0x7_4000 } as const;
const FLASH_BYTES = 0x10_0000;
const SECTOR_BYTES = 0x1000;
const SECTORS_MIN = 128;
const OFF_MS = 2_000;
/** How each of them names its ports, and what cuts its power. */
const SIMULATED = {
  twin: {
    app: "twin:app",
    net: "twin:net",
    power: ['power: { driver: lcus, port: { path: "twin:relay" }, channel: 1, contact: NC, cuts: soc }'],
  },
  emulated: {
    app: EMULATED_UART,
    net: EMULATED_NETWORK_UART,
    power: [
      `power: { driver: ${EMULATED_POWER}, off_ms: 20, cut_latency_ms: 0, hold_up_ms: 0, cut_uncertainty_ms: 1 }`,
      "wear: { cycles_max: 1000000 } # emulated flash does not wear",
    ],
  },
} as const;
const TEST_KEYS = { signing: "builtin:twin-sign-p256.pem", encryption: "builtin:twin-enc-p256.pem" } as const;

/** A switch that nobody has named yet: it fails, loudly, at its first command. */
export const UNKNOWN_SWITCH: DraftPower = {
  driver: "command",
  options: { on: ["./CHANGE-power-on"], off: ["./CHANGE-power-off"], cuts: "soc" },
  change: "what switches this board's power? docs/power.md lists the drivers",
};

/**
 * A profile as text, with a comment at whatever a person must look at.
 * @throws ConfigFileError when what the draft says does not make a profile.
 */
export function draftProfile(draft: ProfileDraft, file: string): LoadedProfile {
  return parseProfile(draftText(draft), file);
}

function draftText(draft: ProfileDraft): string {
  const { name, notes, flasher, sections } = draft;
  return [
    ...notes.map((note) => `# ${oneLine(note)}`),
    "schema: 1",
    `name: ${quoted(name)}`,
    `provider: ${draft.simulated?.provider ?? "hardware"}`,
    "",
    ...(draft.simulated ? simulatedLines(draft, draft.simulated) : wiredLines(draft)),
    "",
    ...(draft.simulated
      ? []
      : [
          flasher ? `flasher: ${flow(flasher)}` : "# flasher: { tool: nrfutil } # without it, baselines go over SMP",
          "",
        ]),
    ...(sections ?? askedLines(draft)),
    "",
    "timeouts_ms: { boot: 15000, swap: 180000 }",
    "",
  ].join("\n");
}

function wiredLines({ app, net, power }: ProfileDraft): readonly string[] {
  const change = (text: string | undefined) => (text === undefined ? [] : [`  # CHANGE: ${oneLine(text)}.`]);
  return [
    "ports:",
    ...change(app.change),
    `  app: ${portText(app)}`,
    ...(net ? [...change(net.change), `  net: ${portText(net)}`] : []),
    "",
    "power:",
    ...change(power.change),
    `  driver: ${power.driver}`,
    ...Object.entries(power.options).flatMap(([field, value]) =>
      value === undefined ? [] : [`  ${field}: ${flow(value)}`],
    ),
    "  # Measure the latency with `hil board calibrate`; until then the judge believes these.",
    `  off_ms: ${power.offMs ?? OFF_MS}`,
    "  cut_latency_ms: 10",
    "  hold_up_ms: 20",
    "  cut_uncertainty_ms: 10",
  ];
}

function simulatedLines({ app, net }: ProfileDraft, { provider, lines = [] }: SimulatedBoard): readonly string[] {
  const names = SIMULATED[provider];
  return [
    ...lines,
    "ports:",
    `  app: ${portText({ ...app, ref: { path: names.app }, dtr: undefined })}`,
    ...(net ? [`  net: ${portText({ ...net, ref: { path: names.net }, dtr: undefined })}`] : []),
    "",
    ...names.power,
  ];
}

/** What no build has said: as the board answered, else defaults that a person must look at. */
function askedLines({ found, keys = TEST_KEYS }: ProfileDraft): readonly string[] {
  const { mode = "swap-move", bufferBytes = 384, bufferCount = 4 } = found ?? {};
  return [
    `bootloader: # ${found?.mode === undefined ? "CHANGE: " : "mode as the board says; the rest "}as it was built, CONFIG_BOOT_… of your MCUboot`,
    "  generation: current",
    `  mode: ${mode}`,
    ...slotLines(found),
    "",
    ...keyLines(keys),
    "",
    `smp: { buffer_bytes: ${bufferBytes}, buffer_count: ${bufferCount} }`,
  ];
}

function slotLines(found: BoardFacts | undefined): readonly string[] {
  const primaryBytes = found?.primaryBytes ?? PLAIN.bytes;
  const secondaryBytes = found?.secondaryBytes ?? PLAIN.bytes;
  const behind = PLAIN.offset + primaryBytes;
  const secondary =
    behind + secondaryBytes > FLASH_BYTES ? { offset: 0, device: "qspi" } : { offset: behind, device: "internal" };
  const asked = found?.primaryBytes !== undefined;
  const from = asked
    ? "sizes as the board says; CHANGE: offsets"
    : "CHANGE: plain Zephyr's devicetree; with the Partition Manager";
  const sectors = Math.max(SECTORS_MIN, Math.ceil(Math.max(primaryBytes, secondaryBytes) / SECTOR_BYTES));
  return [
    `  max_image_sectors: ${sectors}`,
    "",
    `slots: # ${from} from build/partitions.yml`,
    `  sector_bytes: ${SECTOR_BYTES}`,
    `  primary: { offset: ${hexOf(PLAIN.offset)}, bytes: ${hexOf(primaryBytes)}, device: internal }`,
    `  secondary: { offset: ${hexOf(secondary.offset)}, bytes: ${hexOf(secondaryBytes)}, device: ${secondary.device} }`,
  ];
}

function keyLines({ signing, encryption }: NonNullable<ProfileDraft["keys"]>): readonly string[] {
  const isTest = signing === TEST_KEYS.signing;
  return [
    `keys: # ${isTest ? "CHANGE: these are published TEST keys. Name" : "Private keys stay on this machine;"} those that your bootloader was built with`,
    `  signing: ${quoted(signing)}`,
    ...(encryption === undefined ? [] : [`  encryption: ${quoted(encryption)}`]),
    "",
    `images: { encryption: ${encryption === undefined ? "none" : "optional"}, header_bytes: 512 }`,
  ];
}

function portText({ ref, baudRate = 115_200, dtr, version }: DraftPort): string {
  const text = flow({ ...ref, baud_rate: baudRate, ...defined({ dtr, version: version?.value }) });
  return version === undefined ? text : `${text} # ${oneLine(version.from)}`;
}

/** YAML reads JSON; blanks make it look as the rest of the file does. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{ ${fields.map(([key, inner]) => `${quoted(key)}: ${flow(inner)}`).join(", ")} }`;
}

/** Plain where YAML cannot take it for anything else. */
function quoted(text: string): string {
  return /^[A-Za-z_][\w]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

/** For a comment: what a lab's file calls things may hold anything, and YAML knows line ends that JavaScript does not. */
function oneLine(text: string): string {
  return terminalText(text.replaceAll(/\s+/g, " ").trim());
}

/** A name for files out of a board's name. */
export function fileNameOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return `${slug === "" ? "board" : slug}.yaml`;
}
