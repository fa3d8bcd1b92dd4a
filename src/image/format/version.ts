import { ConfigurationError } from "../../core/index.ts";

/** Version of an image. Ranges: major and minor 0-255, revision 0-65535, build 0-4294967295. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly revision: number;
  readonly build: number;
}

const LIMITS: readonly (readonly [keyof Version, number])[] = [
  ["major", 0xff],
  ["minor", 0xff],
  ["revision", 0xffff],
  ["build", 0xffff_ffff],
];

const NUMBER = "(0|[1-9][0-9]*)";
const GRAMMAR = new RegExp(`^${NUMBER}(?:\\.${NUMBER})?(?:\\.${NUMBER})?(?:\\+${NUMBER})?$`);

/**
 * Version from text `major[.minor[.revision[+build]]]`, decimal; missing parts are 0.
 * @throws ConfigurationError for other text and for numbers that do not fit their field.
 * Source: imgtool `--version`; MCUboot image.h struct image_version.
 */
export function parseVersion(text: string): Version {
  const parts = GRAMMAR.exec(text);
  const buildNeedsThree = parts?.[4] !== undefined && parts[3] === undefined;
  if (parts === null || buildNeedsThree) {
    throw new ConfigurationError("Invalid version number, should be maj.min.rev+build with later parts optional");
  }
  const [major, minor, revision, build] = [1, 2, 3, 4].map((index) => Number(parts[index] ?? 0));
  const version = { major: major ?? 0, minor: minor ?? 0, revision: revision ?? 0, build: build ?? 0 };
  for (const [field, limit] of LIMITS) {
    if (version[field] > limit) {
      throw new ConfigurationError(`version ${text}: ${field} does not fit its field.`, `It goes from 0 to ${limit}.`);
    }
  }
  return version;
}

/** `major.minor.revision+build`, all four parts always, as imgtool prints it. */
export function formatVersion(version: Version): string {
  return `${version.major}.${version.minor}.${version.revision}+${version.build}`;
}

/**
 * Negative, zero or positive as `a` is older than, equal to or newer than `b`. The build number counts only when asked:
 * MCUboot compares it only in builds with MCUBOOT_VERSION_CMP_USE_BUILD_NUMBER.
 */
export function compareVersions(a: Version, b: Version, options: { readonly useBuildNumber?: boolean } = {}): number {
  return (
    a.major - b.major ||
    a.minor - b.minor ||
    a.revision - b.revision ||
    (options.useBuildNumber === true ? a.build - b.build : 0)
  );
}
