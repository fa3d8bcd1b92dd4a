import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type ConfigFile, loadYaml, parseYaml, resolveFrom } from "../core/index.ts";
import { cutsAt, cutsOn, patternFault } from "./given-cuts.ts";
import type { PlannedCut } from "./run-event.ts";

const version = z
  .string()
  .regex(/^\d+(\.\d+(\.\d+(\+\d+)?)?)?$/, "expected a version like 1.2.3 or 1.2.3+4 (in quotes)")
  .describe("Image version, as in imgtool's --version.");

const payload = z
  .strictObject({
    file: z.string().optional().describe("Raw firmware binary to sign, relative to this file."),
    image: z
      .string()
      .min(1)
      .optional()
      .describe("Image that is signed already (and, with images.encrypt, encrypted): .bin or .hex."),
    dfu_zip: z.string().min(1).optional().describe("DFU package (dfu_application.zip) with the image."),
    generate_bytes: z.int().min(1024).max(4_194_304).optional().describe("Length of a payload made from the seed."),
  })
  .refine((value) => Object.values(value).filter((way) => way !== undefined).length === 1, {
    message: "wants one of file, generate_bytes, image and dfu_zip.",
  });

const image = z.strictObject({ version, payload });

const pattern = z.string().superRefine((text, context) => {
  const fault = patternFault(text);
  if (fault !== undefined) context.addIssue({ code: "custom", message: `expected a log pattern: ${fault}.` });
});

/** A campaign in YAML: what is upgraded to what, and where power is cut. */
export const SCENARIO_SCHEMA = z.strictObject({
  schema: z.literal(1),
  name: z.string().min(1).max(80),
  images: z.strictObject({
    old: image,
    new: image,
    network: z
      .strictObject({ old: image, new: image })
      .optional()
      .describe("Images of the network core that go with them, in the same boot; the major version is its counter."),
    encrypt: z.boolean().default(true).describe("Encrypt both images (ECIES P-256, AES-128)."),
  }),
  cuts: z
    .strictObject({
      count: z.int().min(0).max(100_000).optional().describe("Cuts spread over the swap."),
      at_ms: z.array(z.number().min(0)).optional().describe("Milliseconds after the answer to the reset command."),
      on: z.array(pattern).optional().describe("Log pattern with an optional delay: 'Starting swap+250'."),
    })
    .refine((cuts) => [cuts.count, cuts.at_ms, cuts.on].filter((way) => way !== undefined).length === 1, {
      error: "wants one of count, at_ms and on.",
    })
    .default({ count: 40 }),
  revert_check: z
    .boolean()
    .default(true)
    .describe("End with an upgrade that nobody confirms: the next reset must revert it."),
});

export type Scenario = z.output<typeof SCENARIO_SCHEMA>;
export type ScenarioFile = ConfigFile<Scenario>;

/** Cuts that a scenario names one by one; undefined when it only says how many. */
export function scenarioCuts({ cuts }: Scenario): readonly PlannedCut[] | undefined {
  if (cuts.at_ms) return cutsAt(cuts.at_ms);
  return cuts.on && cutsOn(cuts.on);
}

/** Folder of the scenarios that ship with the package. */
const BUILT_IN = fileURLToPath(new URL("../../scenarios/", import.meta.url));
export const DEFAULT_SCENARIO = "encrypted-upgrade";

/**
 * Loads a scenario: a path, or the name of one that ships with the package.
 * @throws ConfigurationError with file, line and field.
 */
export async function loadScenario(reference: string, cwd: string): Promise<ScenarioFile> {
  const builtIn = `${BUILT_IN}${reference}.yaml`;
  const isName = /^[\w-]+$/.test(reference);
  return loadYaml(isName && existsSync(builtIn) ? builtIn : resolveFrom(`${cwd}/.`, reference), SCENARIO_SCHEMA);
}

/** A scenario from text; `file` is what its relative paths start from, and what errors name. */
export function parseScenario(text: string, file: string): ScenarioFile {
  return parseYaml(text, file, SCENARIO_SCHEMA);
}
