import { existsSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import {
  type ConfigFile,
  ConfigurationError,
  loadYaml,
  namesToChoose,
  nearestInFolders,
  parseYaml,
  readInput,
  resolveFrom,
} from "../../core/index.ts";
import { type FileKind, fileKindOf } from "../../image/index.ts";
import { cutsAt, cutsInOperations } from "../named-cuts/explicit-cuts.ts";
import { cutsAtTriggers, TRIGGER, triggersFit } from "../named-cuts/triggers.ts";
import type { PlannedCut } from "../record/cut-moment.ts";

const version = z
  .string()
  .regex(/^\d+(\.\d+(\.\d+(\+\d+)?)?)?$/, "expected a version like 1.2.3 or 1.2.3+4 (in quotes)")
  .describe("Image version, as in imgtool's --version.");

const WAYS_TO_A_PAYLOAD = ["file", "body_of", "generate_bytes", "image", "dfu_zip"] as const;

const payload = z
  .strictObject({
    file: z.string().optional().describe("Raw firmware binary to sign, relative to this file."),
    image: z
      .string()
      .min(1)
      .optional()
      .describe("Image that is signed already (and, with images.encrypt, encrypted): .bin or .hex."),
    dfu_zip: z.string().min(1).optional().describe("DFU package (dfu_application.zip) with the image."),
    body_of: z
      .string()
      .min(1)
      .optional()
      .describe("Signed image whose body is signed anew: a path relative to this file, or cache:FOLDER/FILE."),
    append_bytes: z.int().min(0).max(1_048_576).optional().describe("Makes file or body_of longer, by noise."),
    generate_bytes: z.int().min(1024).max(4_194_304).optional().describe("Length of a payload made from the seed."),
  })
  .refine((value) => WAYS_TO_A_PAYLOAD.filter((way) => value[way] !== undefined).length === 1, {
    message: "wants one of file, body_of, generate_bytes, image and dfu_zip.",
  });

const dependency = z.strictObject({
  image: z.int().min(0).max(1).describe("0 the application, 1 the network core's image."),
  version: version.describe("The least version that must be there."),
});

const image = z.strictObject({
  version,
  payload,
  encrypt: z.boolean().optional().describe("Encrypt this image, or not; default: images.encrypt."),
  depends_on: z
    .array(dependency)
    .min(1)
    .max(4)
    .optional()
    .describe("Other images that this one needs (dependency TLVs), of an image that is signed here."),
});

/** What a campaign expects of its new image when it is not cut. */
const EXPECTATIONS = ["upgrade", "refused", "no boot"] as const;

const expectation = z
  .union([
    z.enum(EXPECTATIONS),
    z.strictObject({ refused: z.string().min(1).describe("Part of the reason, as the refusal is told.") }),
  ])
  .optional()
  .describe("What the bootloader is to do with the new image; default: upgrade, or refused where it has damage.");

const damagedImage = image.extend({
  damage: z
    .enum(["body", "signature"])
    .optional()
    .describe("One bit of it is wrong: the bootloader must refuse the image, and the old one must stay."),
});

const sequence = z
  .array(z.number().min(0))
  .min(1)
  .max(4)
  .describe("Flash operations to cut at, one in each of so many boots in a row; 6 is before number 6, 6.5 inside it.");

const WAYS_TO_CUT = ["count", "at_ms", "on", "pairs", "operations", "every"] as const;

/** A campaign in YAML: what is upgraded to what, and where power is cut. */
export const SCENARIO_SCHEMA = z.strictObject({
  schema: z.literal(1),
  name: z.string().min(1).max(80),
  images: z.strictObject({
    old: image,
    new: damagedImage,
    network: z
      .strictObject({
        old: image.optional(),
        new: image.optional(),
        expect: z
          .enum(["update", "refused"])
          .default("update")
          .describe("What b0n or MCUboot is to do with the new one."),
        witness: z
          .enum(["version", "none"])
          .default("version")
          .describe(
            "none: what the network core runs need not be told; otherwise a board that does not tell it fails.",
          ),
      })
      .optional()
      .describe(
        "The network core's images that go with them, where no package brings them; a generated one has its major version as its counter.",
      ),
    bootloader: z
      .strictObject({
        generate_bytes: z
          .int()
          .min(2048)
          .max(1_048_576)
          .optional()
          .describe("Length of MCUboots made from the seed, as many as are needed: what a simulated board runs."),
        updates: z
          .array(z.string().min(1))
          .min(1)
          .max(1000)
          .optional()
          .describe(
            "Signed updates, .bin or .hex, for S1 and S0 in turn with rising firmware versions: each update, cut or not, takes the next.",
          ),
        witness: z
          .enum(["version", "none"])
          .default("version")
          .describe(
            "none: which MCUboot NSIB starts need not be told; otherwise a board whose log does not tell it fails.",
          ),
      })
      .refine((own) => (own.generate_bytes === undefined) !== (own.updates === undefined), {
        error: "wants one of generate_bytes and updates.",
      })
      .optional()
      .describe("Behind NSIB: updates of MCUboot itself, which the campaign is then about; cuts are in those."),
    encrypt: z.boolean().default(true).describe("Encrypt the images, for the profile's keys.encryption."),
  }),
  upload: z
    .enum(["application", "serial-recovery"])
    .optional()
    .describe(
      "Who takes new images: the application, into the slot that does not run; or MCUboot's serial recovery, into slot 0. Default: the application; serial recovery where the board has a single slot.",
    ),
  expect: expectation,
  request: z.enum(["test", "permanent"]).default("test").describe("What is asked of the bootloader."),
  start: z
    .strictObject({
      flash_each: z.boolean().default(false).describe("Flash the old image anew before every cut (needs a flasher)."),
      slot: z
        .literal([0, 1])
        .default(0)
        .describe(
          "Where the newest image runs (direct-XIP, RAM load): the slot that the old one runs from; updates go to the other.",
        ),
      padded: z.boolean().default(false).describe("Flash it as imgtool's --pad --confirm makes it."),
    })
    .prefault({}),
  cuts: z
    .strictObject({
      count: z.int().min(0).max(100_000).optional().describe("Cuts spread over the swap."),
      at_ms: z.array(z.number().min(0)).optional().describe("Milliseconds after the answer to the reset command."),
      on: z
        .array(TRIGGER)
        .optional()
        .describe("Triggers: a log pattern with an optional delay ('Starting swap+250'), or an object."),
      pairs: z.int().min(1).max(10_000).optional().describe("Upgrades with two cuts each, spread over the swap."),
      operations: z.array(sequence).optional().describe("Flash operations to cut at, counted by the model."),
      every: z
        .enum(["erase", "write", "operation"])
        .optional()
        .describe("One cut right before every flash operation of this kind, counted by the model."),
      in: z
        .enum(["upgrade", "revert", "upload", "request", "network", "bootloader"])
        .optional()
        .describe(
          "What is cut, by default the upgrade (in serial recovery: the upload); an upload or a request with count or on; network: the copy to the network core, with count, pairs or on; bootloader: an update of MCUboot itself (images.bootloader).",
        ),
    })
    .refine(triggersFit, {
      error: "upload_bytes goes with in: upload, smp: request with in: request, and the others with neither.",
    })
    .refine((cuts) => WAYS_TO_CUT.filter((way) => cuts[way] !== undefined).length === 1, {
      error: `wants one of ${WAYS_TO_CUT.slice(0, -1).join(", ")} and ${WAYS_TO_CUT.at(-1)}.`,
    })
    .prefault({ count: 40 }),
  boots_after: z
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe("Boots after each cut that nobody disturbs: slots and boot log must be as the model says."),
  infra_retries: z
    .int()
    .min(0)
    .max(100)
    .default(0)
    .describe("How often a bench that fails (port, switch, flasher) is tried again; a verdict never is."),
  allow_incomplete: z
    .boolean()
    .default(false)
    .describe("A run that left cuts unmade (--max-duration) passes; else it is INCOMPLETE, exit 3."),
  revert_check: z
    .boolean()
    .optional()
    .describe("End with an upgrade that nobody confirms: the next reset must revert it. Default: where that can be."),
});

export type Scenario = z.output<typeof SCENARIO_SCHEMA>;
export type ScenarioFile = ConfigFile<Scenario>;

/** Cuts that a scenario names one by one; undefined when it only says how many. */
export function scenarioCuts({ cuts }: Scenario): readonly PlannedCut[] | undefined {
  if (cuts.at_ms) return cutsAt(cuts.at_ms);
  if (cuts.operations) return cutsInOperations(cuts.operations);
  return cuts.on && cutsAtTriggers(cuts.on);
}

/** Folder of the scenarios that ship with the package. */
const BUILT_IN = fileURLToPath(new URL("../../../scenarios/", import.meta.url));
export const DEFAULT_SCENARIO = "encrypted-upgrade";

/** Names of the scenarios that ship with the package, without matrices; those of the fault pack as `faults/NAME`. */
export function builtInScenarios(): string[] {
  return readdirSync(BUILT_IN, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.replaceAll("\\", "/").replace(/\.yaml$/, ""))
    .filter((name) => !name.startsWith("matrix/"))
    .toSorted();
}

/**
 * Loads a scenario: a path (relative to `cwd`), or the name of one that ships with the package.
 * @throws ConfigurationError with file, line and field; with the nearest and the known names when there is neither.
 */
export async function loadScenario(reference: string, cwd: string): Promise<ScenarioFile> {
  const path = resolveFrom(`${cwd}/.`, reference);
  if (!/^[\w-]+(\/[\w-]+)*$/.test(reference)) return loadFile(path);
  const builtIn = `${BUILT_IN}${reference}.yaml`;
  if (existsSync(builtIn)) return loadYaml(builtIn, SCENARIO_SCHEMA);
  if (existsSync(path)) return loadFile(path);
  const names = builtInScenarios();
  const near = nearestInFolders(reference, names);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  const known = `Name a YAML file, or one that ships with hil: ${namesToChoose(names)}.${hint}`;
  throw new ConfigurationError(`no scenario "${reference}".`, known);
}

async function loadFile(path: string): Promise<ScenarioFile> {
  try {
    return await loadYaml(path, SCENARIO_SCHEMA);
  } catch (error) {
    const found = foreignFile(path);
    if (found === undefined) throw error;
    throw new ConfigurationError(`${path}: this is ${found.name}, not a scenario.`, found.hint, { cause: error });
  }
}

/** What a file is that is no scenario for certain; undefined for text, and what cannot be read. */
function foreignFile(path: string): { readonly name: string; readonly hint: string } | undefined {
  const content = contentOf(path);
  if (content === undefined) return undefined;
  const found = fileKindOf(content);
  const signed = found === undefined ? undefined : SIGNED_FIELDS[found.kind];
  if (signed !== undefined) {
    const hint = `To upgrade from one signed image to another: hil run OLD NEW. In a scenario: payload: { ${signed}: ${basename(path)} }.`;
    return { name: found?.name ?? "", hint };
  }
  if (found?.kind === "empty") return undefined;
  const hint = "Name a scenario (YAML), or two signed images: hil run OLD NEW.";
  if (found !== undefined) return { name: found.name, hint };
  const isUtf16 = content[0] === 0xff || content[0] === 0xfe;
  return content.includes(0) && !isUtf16 ? { name: "a binary file", hint: `${hint} ${RAW_HINT}` } : undefined;
}

function contentOf(path: string): Uint8Array | undefined {
  try {
    return readInput(path);
  } catch {
    return undefined;
  }
}

/** The field of a payload that takes such a file. */
const SIGNED_FIELDS: Partial<Record<FileKind["kind"], string>> = { image: "image", hex: "image", zip: "dfu_zip" };
const RAW_HINT = "A raw firmware binary is signed with payload: { file: … } in a scenario.";

/** A scenario from text; `file` is what its relative paths start from, and what errors name. */
export function parseScenario(text: string, file: string): ScenarioFile {
  return parseYaml(text, file, SCENARIO_SCHEMA);
}
