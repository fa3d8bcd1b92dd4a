import { z } from "zod";
import { BLE_NAME_BYTES_MAX } from "../../ble/index.ts";
import { patternFault } from "../../core/index.ts";
import { HASHES } from "../../image/index.ts";
import type { RecoveryWay } from "../../mcuboot/index.ts";
import { jlinkPort, POWER_DRIVERS, pathPort } from "../../power/index.ts";
import { FRAMINGS, SERVER_GENERATIONS } from "../../smp/index.ts";
import { TWIN_FAULT_NAMES } from "../../twin/index.ts";
import { BOOTLOADER_SECTION, ms, namesOf, powerOfTwo } from "./bootloader-schema.ts";
import { EMULATED_POWER, EMULATED_SECTION } from "./emulated-schema.ts";
import { FLASHER } from "./flasher-schema.ts";
import { PROVIDERS } from "./providers.ts";
import { QEMU_POWER, QEMU_SECTION } from "./qemu-schema.ts";
import { RECOVERY_SECTION, type SwitchSection } from "./recovery-schema.ts";

/** `keys.signing` of a bootloader that checks hashes only. */
export const UNSIGNED = "none";
/** The most keys that one bootloader is believed to take. */
const SIGNING_KEYS_MAX = 8;

const line = {
  baud_rate: z.int().min(1200).max(1_000_000).default(115_200),
  hardware_flow_control: z.boolean().default(false),
  dtr: z
    .boolean()
    .optional()
    .describe(
      "State of DTR once the port is open; default: as the system sets it. A DK drives its UART only while it is set.",
    ),
  reopen: z
    .boolean()
    .optional()
    .describe("The port vanishes with the board's power, and is opened again; default: where power.cuts is board."),
};
const uartWith = <S extends z.ZodRawShape>(more: S) =>
  z.union([pathPort.extend({ ...line, ...more }), jlinkPort.extend({ ...line, ...more })]);

/** Where the simulated board's radio is heard: the adapter of a twin in process. */
export const AIR_PORT = "twin:air";
const bleLine = {
  ble: z
    .string()
    .min(1)
    .refine((name) => Buffer.byteLength(name) <= BLE_NAME_BYTES_MAX, {
      error: `expected a name of at most ${BLE_NAME_BYTES_MAX} bytes, as it is advertised`,
    })
    .describe("SMP goes over Bluetooth LE, to the board that advertises this name; the port is the HCI adapter's."),
  baud_rate: z.int().min(1200).max(4_000_000).default(1_000_000),
  hardware_flow_control: z.boolean().default(true),
  framing: z.undefined().optional(),
  dtr: z.undefined().optional(),
  reopen: z.undefined().optional(),
};
/** What finds the network core's version in a text. */
const versionPattern = z.string().refine((text) => patternFault(text) === undefined && text.includes("(?<version>"), {
  error: "expected a regular expression with a group (?<version>…)",
});
/** What the twin's network core says, and our fixture's. */
const NETWORK_VERSION = String.raw`firmware version (?<version>\d+)`;
const FRAMING = z
  .enum(namesOf(FRAMINGS))
  .optional()
  .describe(
    `How SMP's packets lie on the line: ${FRAMINGS.map(({ name, what }) => `${name}, ${what}`).join("; ")}. With the last two there is no log on it. Default: console.`,
  );
const appUart = uartWith({
  framing: FRAMING,
  network_version: versionPattern
    .optional()
    .describe("How the application's log tells the network core's version: a counter, or a version of its image."),
});
const netUart = uartWith({
  version: versionPattern
    .default(NETWORK_VERSION)
    .describe("How its own log tells the version that it runs: its counter (fw_info), or the version of its image."),
});
const NETWORK_VERSION_BY_SMP = z.union([
  z.strictObject({
    info: versionPattern.describe("Finds it in the answer to SMP's OS info."),
    format: z
      .string()
      .regex(/^\w{1,16}$/)
      .default("a")
      .describe("What is asked for: OS info's letters; a is all."),
  }),
  z.strictObject({
    group: z.int().min(0).max(65_535).describe("A command of the application that answers with it."),
    command: z.int().min(0).max(255),
    field: z.string().min(1).max(64).describe("The field of the answer."),
  }),
]);

/** Zephyr's names of settings: words with "/" between them; its server takes up to 31 bytes. */
const settingName = z
  .string()
  .regex(/^[^\s/]+(\/[^\s/]+)*$/u)
  .max(31);
const SETTINGS_SECTION = z.strictObject({
  values: z
    .array(
      z.strictObject({
        name: settingName,
        value: z
          .string()
          .regex(/^([0-9a-f]{2}){0,32}$/iu)
          .default(""),
      }),
    )
    .min(1)
    .describe("What the application has, with its value (hex digits) before anything was stored."),
  stored: z.boolean().default(true).describe("It has a store; without one nothing outlives a reset."),
  locked: z.array(settingName).default([]).describe("Names that its access hook lets nobody write or delete."),
});

const POWER = z.strictObject({
  off_ms: ms(600_000).default(500).describe("How long a cut lasts: until every rail has fallen."),
  cut_latency_ms: ms(10_000).default(0).describe("From the command to the open contact; measure it on your bench."),
  hold_up_ms: ms(60_000).default(0).describe("How long the board runs on from its capacitors after that."),
  cut_uncertainty_ms: ms(10_000).default(0).describe("Half the width of the window in which the cut fell."),
  leave: z
    .enum(["on", "off"])
    .default("on")
    .describe("How a campaign leaves the board when it ends, however that comes; off for a lab that wants it dark."),
});

/** The fields of every switch, and whatever the driver has of its own. */
type PowerSection = z.output<typeof POWER> & { readonly driver: string; readonly [option: string]: unknown };

function powerForms(): z.ZodType<PowerSection> {
  const forms = POWER_DRIVERS.map(({ name, options }) =>
    z.strictObject({ driver: z.literal(name), ...POWER.shape, ...options.shape }),
  );
  for (const driver of [QEMU_POWER, EMULATED_POWER])
    forms.push(z.strictObject({ driver: z.literal(driver), ...POWER.shape }));
  const [first, ...rest] = forms;
  if (first === undefined) throw new RangeError("no power driver is registered");
  return z.discriminatedUnion("driver", [first, ...rest]);
}

const area = z.strictObject({
  offset: z.int().min(0).describe("From the start of the flash device, in bytes."),
  bytes: z.int().min(1),
  device: z.enum(["internal", "qspi"]).default("internal"),
});

/** A place of labgrid that the board is: acquired for each use of it, and released after. */
export const LABGRID_SECTION = z.strictObject({
  place: z
    .string()
    .max(200)
    .regex(/^[^\s-]\S*$/, "expected the name of a place")
    .describe("Name of the place: labgrid-client places"),
  coordinator: z
    .string()
    .max(200)
    .regex(/^[^\s-]\S*$/, "expected HOST:PORT")
    .optional()
    .describe("HOST:PORT of the coordinator; default: what labgrid-client takes itself (LG_COORDINATOR)."),
  program: z.string().min(1).max(4096).default("labgrid-client"),
  timeout_ms: ms(600_000).default(30_000).describe("How long labgrid-client may take."),
});

/** A board profile as it stands in the YAML file. Every number carries its unit in its name. */
export const PROFILE_FIELDS = z.strictObject({
  schema: z.literal(1),
  name: z.string().min(1).max(80),
  provider: z.enum(namesOf(PROVIDERS)),
  ports: z.strictObject({
    app: appUart.describe("Application core: boot log and SMP."),
    net: netUart.optional().describe("Network core: log only."),
    smp: z
      .union([
        pathPort.extend({ ...line, framing: FRAMING }),
        jlinkPort.extend({ ...line, framing: FRAMING }),
        z.strictObject({ path: z.string().min(1).default(AIR_PORT), ...bleLine }),
        jlinkPort.extend(bleLine),
      ])
      .optional()
      .describe(
        "Where SMP is served, if not on app, which then carries the log alone: a port, udp:HOST:PORT, or with ble the port of an HCI adapter.",
      ),
  }),
  power: powerForms(),
  bootloader: BOOTLOADER_SECTION.prefault({}),
  recovery: RECOVERY_SECTION.optional().describe("How the bench brings the board into serial recovery."),
  flasher: FLASHER.optional().describe("Who programs the board past its bootloader; without it, only SMP does."),
  slots: z.strictObject({
    sector_bytes: powerOfTwo(1_048_576).default(4096),
    primary: area,
    secondary: area.optional().describe("Of every mode but single-slot."),
    scratch: area.optional().describe("Only for swap-scratch."),
    network_secondary: area
      .optional()
      .describe("nRF5340: slot for updates of the network core as image 1 (CONFIG_NRF53_MULTI_IMAGE_UPDATE)."),
    s0: area
      .optional()
      .describe("Behind NSIB (bootloader.second_stage): the half that MCUboot is flashed to; header included."),
    s1: area.optional().describe("The half that MCUboot's first update goes to; the two take turns."),
    network_ram_bytes: z
      .int()
      .min(1)
      .optional()
      .describe(
        "nRF5340: the flash simulator in RAM that such an update is copied to; default: as large as network_secondary. MCUboot installs none where the two differ.",
      ),
  }),
  keys: z.strictObject({
    signing: z
      .union([
        z.string().min(1),
        z
          .array(z.string().min(1))
          .min(1)
          .max(SIGNING_KEYS_MAX)
          .refine((files) => new Set(files).size === files.length, "names a key twice: leave one of them out.")
          .refine((files) => !files.includes(UNSIGNED), "is a list: `none` stands alone"),
      ])
      .describe(
        "PEM file, relative to this one, or builtin:NAME: what images are signed with. none: the bootloader checks hashes only. A list: all keys that the bootloader takes; the first one signs, of the others a public half will do.",
      ),
    hash: z
      .enum(namesOf(HASHES))
      .optional()
      .describe("Hash of images; default: the one that imgtool takes for this kind of key."),
    encryption: z
      .string()
      .min(1)
      .optional()
      .describe("What images are encrypted for: a PEM file, the same way, or base64 text of a wrapping key (AES-KW)."),
    aes_bits: z
      .literal([128, 256])
      .default(128)
      .describe("AES key of image bodies: CONFIG_BOOT_ENCRYPT_ALG_AES_256 is 256."),
    hmac: z.enum(["sha256", "sha512"]).default("sha256").describe("HKDF and HMAC of X25519 (imgtool --hmac-sha)."),
  }),
  images: z
    .strictObject({
      encryption: z.enum(["required", "optional", "none"]).default("optional"),
      header_bytes: z.int().min(32).max(65_536).multipleOf(4).default(512).describe("CONFIG_ROM_START_OFFSET"),
      load_address: z
        .int()
        .min(0)
        .max(0xffff_ffff)
        .optional()
        .describe("ram-load: where images are copied to and linked for (imgtool --load-addr), header first."),
    })
    .prefault({}),
  smp: z
    .strictObject({
      buffer_bytes: z.int().min(64).max(65_536).default(1024).describe("CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE"),
      buffer_count: z.int().min(1).max(64).default(4).describe("CONFIG_MCUMGR_TRANSPORT_NETBUF_COUNT"),
      network_version: NETWORK_VERSION_BY_SMP.optional().describe(
        "How the application tells what the network core runs.",
      ),
    })
    .prefault({}),
  timeouts_ms: z
    .strictObject({
      boot: ms(600_000).default(10_000).describe("From power or reset to an application that answers, no swap."),
      swap: ms(1_800_000).default(120_000).describe("What a swap adds to that."),
      smp: ms(600_000).default(3_000),
      upload_first_chunk: ms(600_000)
        .optional()
        .describe("The first chunk waits for the erase of a slot; default: twice what that takes, 60000 at least."),
      upload_chunk: ms(600_000).default(5_000),
    })
    .prefault({}),
  qspi: z
    .strictObject({
      keeps_power: z
        .boolean()
        .optional()
        .describe("A cut leaves the external flash on, so that it ends what it was told; default: power.cuts is soc."),
      erase_ms: ms(10_000).optional().describe("One sector of 4 KiB; default that of the MX25R6435F."),
      page_program_ms: ms(1_000).optional().describe("One page of 256 bytes; default that of the MX25R6435F."),
    })
    .optional()
    .describe("External flash; only with slots on it."),
  wear: z
    .strictObject({ cycles_max: z.int().min(1).default(10_000).describe("Erases a page may have in its life.") })
    .prefault({}),
  labgrid: LABGRID_SECTION.optional().describe(
    "Only for provider hardware: the board is a place of labgrid, acquired for each use of it and released after.",
  ),
  qemu: QEMU_SECTION.optional().describe("Only for provider qemu: real firmware on an emulated board."),
  emulated: EMULATED_SECTION.optional().describe("Only for provider emulated: real firmware, executed here."),
  twin: z
    .strictObject({
      faults: z.array(z.enum(TWIN_FAULT_NAMES)).default([]).describe("What the twin does wrong."),
      smp_generation: z
        .enum(namesOf(SERVER_GENERATIONS))
        .optional()
        .describe("Which age of Zephyr the application's SMP server behaves like; default the newest."),
      smp: z
        .strictObject({
          framing: z
            .enum(namesOf(FRAMINGS))
            .optional()
            .describe("raw, cobs: packets without frames, and no log on that UART; default: as ports.app.framing."),
          line_bytes: z
            .int()
            .min(16)
            .max(4_096)
            .default(128)
            .describe("Longest line of a frame that is taken, line feed included."),
          params: z.boolean().default(true).describe("The command for the server's buffers is built in."),
          files: z
            .string()
            .regex(/^\/[^/]+$/u)
            .optional()
            .describe('Where a file system is mounted ("/lfs1"); without it there is no file group.'),
          settings: SETTINGS_SECTION.optional().describe("Its settings; without them there is no settings group."),
        })
        .optional()
        .describe("What the application's SMP server is built with; default: as Zephyr's sample."),
      relay: z
        .strictObject({
          off_ms: ms(1_000).default(0).describe("From the last byte of the command to the open contact."),
          on_ms: ms(1_000).default(0).describe("The same for the closed contact."),
          spread_ms: ms(1_000).default(0).describe("By how much both vary, to either side."),
        })
        .optional()
        .describe("How slow the twin's relay is; default: no delay."),
      log_bytes_per_s: z
        .int()
        .min(0)
        .max(1_000_000)
        .optional()
        .describe("How much the twin's application logs while it runs, beside its SMP answers, on the same line."),
    })
    .optional(),
});

/** What the file says, checked, with defaults. */
export type ProfileFields = z.output<typeof PROFILE_FIELDS>;

/** `baud_rate` becomes `baudRate`, all the way down. */
type Camel<S> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;
export type Camelised<T> = T extends readonly (infer Item)[]
  ? readonly Camelised<Item>[]
  : T extends object
    ? { readonly [Key in keyof T as Camel<Key>]: Camelised<T[Key]> }
    : T;

/** A board profile as the program sees it: names in camel case, paths absolute, the switch's own options apart. */
export interface BoardProfile
  extends Camelised<Omit<ProfileFields, "schema" | "power" | "keys" | "recovery" | "slots">> {
  /** The file it came from, absolute. */
  readonly file: string;
  /** With a single slot the secondary one has no bytes. */
  readonly slots: Camelised<ProfileFields["slots"] & { secondary: z.output<typeof area> }>;
  readonly power: Camelised<z.output<typeof POWER>> & SwitchSection;
  /** `press`: the switch on its button or reset pin, if that is how. */
  readonly recovery: { readonly enter: RecoveryWay; readonly press: SwitchSection | undefined } | undefined;
  /** Files are absolute paths; no file: nothing is signed, or encrypted. */
  readonly keys: Camelised<Omit<ProfileFields["keys"], "signing" | "encryption">> & {
    /** What images are signed with: the first of a list. */
    readonly signingFile: string | undefined;
    /** The other keys that the bootloader takes, in the list's order. */
    readonly verifyingFiles: readonly string[];
    readonly encryptionFile: string | undefined;
  };
}

/** Names of the fields that every switch has; the rest are its driver's. */
export const POWER_FIELDS: readonly string[] = ["driver", ...Object.keys(POWER.shape)];
