import { compareVersions, parseVersion } from "../../image/index.ts";
import type { FieldEvidence } from "../evidence/evidence.ts";
import { plainVersion } from "../evidence/plain-version.ts";
import { versionIn, type WorldShape } from "../world/world.ts";

/** Which of the versions that were seen is the old image's, and which the new one's. */
export class Roles {
  readonly #roles: ReadonlyMap<string, "old" | "new">;
  /** The new image's version is the lower one. */
  readonly downgrade: boolean;

  constructor(roles: ReadonlyMap<string, "old" | "new">, downgrade: boolean) {
    this.#roles = roles;
    this.downgrade = downgrade;
  }

  /** Undefined: seen, and neither. */
  of(version: string): "old" | "new" | undefined {
    return this.#roles.get(plainVersion(version));
  }

  /** The image of a world that carries a version. */
  nameOf(shape: Pick<WorldShape, "downgrade">, version: string): "old" | "new" | undefined {
    return (["old", "new"] as const).find((role) => versionIn(shape, role) === plainVersion(version));
  }
}

/**
 * The ways to give the versions of the evidence their roles, the likeliest first: an update file is the new image; else
 * the lower of two versions is the old one.
 */
export function rolesOf({ boots, list, held, files }: FieldEvidence): readonly Roles[] {
  const shown = [...boots.map(({ version }) => version), ...(list ?? held ?? []).map(({ version }) => version)];
  const seen = [...new Set(shown.filter((version) => version !== undefined).map(plainVersion))];
  const given = files.find(({ image }) => image === 0)?.version;
  if (given !== undefined) {
    const others = seen.filter((version) => version !== plainVersion(given));
    const [old] = others;
    const map = new Map<string, "old" | "new">([
      [plainVersion(given), "new"],
      ...(old ? ([[old, "old"]] as const) : []),
    ]);
    return [new Roles(map, old !== undefined && isBelow(given, old))];
  }
  const [first, second] = seen.toSorted((a, b) => (isBelow(a, b) ? -1 : 1));
  if (first === undefined) return [new Roles(new Map(), false), new Roles(new Map(), true)];
  if (second === undefined) {
    return (["old", "new"] as const).flatMap((role) =>
      [false, true].map((down) => new Roles(new Map([[first, role]]), down)),
    );
  }
  return [
    new Roles(
      new Map([
        [first, "old"],
        [second, "new"],
      ]),
      false,
    ),
    new Roles(
      new Map([
        [first, "new"],
        [second, "old"],
      ]),
      true,
    ),
  ];
}

function isBelow(one: string, other: string): boolean {
  try {
    return compareVersions(parseVersion(one), parseVersion(other)) < 0;
  } catch {
    // No version of an image: as text.
    return one < other;
  }
}
