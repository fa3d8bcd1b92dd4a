import type { Scenario, ScenarioFile } from "./scenario.ts";

export type Role = "old" | "new";
export type ImageCore = "application" | "network";

/** What a scenario says of one image. */
type ImageSource = Pick<Scenario["images"]["old"], "payload" | "depends_on">;

/** One image of a campaign, as its scenario names it. */
export interface ImagePart {
  readonly role: Role;
  readonly core: ImageCore;
  /** Where in the scenario it stands. */
  readonly path: readonly string[];
  readonly source: ImageSource;
  /** As it is said; undefined: as the file has it. */
  readonly version: string | undefined;
  readonly encrypt: boolean | undefined;
}

/** How an image is called in sentences and records: "old", "network new". */
export function partName({ role, core }: Pick<ImagePart, "role" | "core">): string {
  return core === "network" ? `network ${role}` : role;
}

const ROLES = ["old", "new"] as const;

/** The application's image of a role. */
export function applicationPart({ value: { images } }: Pick<ScenarioFile, "value">, role: Role): ImagePart {
  const { version, encrypt = images.encrypt, ...source } = images[role];
  return { role, core: "application", path: ["images", role], source, version, encrypt };
}

/** The network core's image of a role, where the scenario names one. */
export function networkPart({ value: { images } }: Pick<ScenarioFile, "value">, role: Role): ImagePart | undefined {
  const named = images.network?.[role];
  if (named === undefined) return undefined;
  const { version, encrypt = images.encrypt, ...source } = named;
  return { role, core: "network", path: ["images", "network", role], source, version, encrypt };
}

/** Every image that a scenario names; packages may hold more. */
export function namedParts(scenario: Pick<ScenarioFile, "value">): readonly ImagePart[] {
  return [
    ...ROLES.map((role) => applicationPart(scenario, role)),
    ...ROLES.flatMap((role) => networkPart(scenario, role) ?? []),
  ];
}
