import { existsSync, readdirSync } from "node:fs";
import { resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ConfigFile,
  ConfigurationError,
  entryAt,
  loadYaml,
  namesToChoose,
  nearestInFolders,
  parseYaml,
  resolveFrom,
} from "../../core/index.ts";
import { checkProfile } from "./checks.ts";
import { pressSwitch } from "./recovery-schema.ts";
import {
  type BoardProfile,
  type Camelised,
  POWER_FIELDS,
  PROFILE_FIELDS,
  type ProfileFields,
  UNSIGNED,
} from "./schema.ts";

/** What a file must satisfy: each field by itself, then all of them together. */
const PROFILE_SCHEMA = PROFILE_FIELDS.superRefine(checkProfile);

/** Profiles that ship with the package; beside `src` here, beside `dist` when installed. */
const BUILT_IN_FOLDER = fileURLToPath(new URL("../../../boards/", import.meta.url));
/** The board of a command that names none. */
export const DEFAULT_BOARD = "twin";

/** A board's profile, and the file it came from, for errors about its fields (paths as in the file). */
export interface LoadedProfile extends Omit<ConfigFile<ProfileFields>, "value"> {
  readonly profile: BoardProfile;
  /** Its keys as the profile names them. */
  readonly keyNames: KeyNames;
  /** The signing key is a public one, out of a record: images are checked with it, and none is signed. */
  readonly onlyVerifies?: boolean;
  /** Of a profile out of a record: what its simulated board ran when it was new, as that can be signed no more. */
  readonly factoryImage?: Uint8Array | undefined;
}

interface KeyNames {
  /** The first of a list: what images are signed with. */
  readonly signing: string;
  /** Further keys that the bootloader takes. */
  readonly verifying: readonly string[];
  readonly encryption: string | undefined;
}

/** Key files that take the place of those that a profile names. */
interface KeyFiles {
  /** A public key: nothing is signed with it. */
  readonly signing?: string | undefined;
  /** By the name that the profile has for it. */
  readonly verifying?: Readonly<Record<string, string>> | undefined;
  readonly encryption?: string | undefined;
}

/** True for a key that ships with the package, or none: such a key is on every machine. */
export function isKeyEverywhere(name: string): boolean {
  return name === UNSIGNED || name.startsWith("builtin:");
}

/** Names of the profiles that ship with the package; those of the fault pack as `small/NAME`. */
export function builtInBoards(): string[] {
  return readdirSync(BUILT_IN_FOLDER, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.replaceAll("\\", "/").replace(/\.yaml$/, ""))
    .toSorted();
}

/** True for a simulated board that ships with the package: what is measured of it is kept beside nothing. */
export function isShippedTwin({ profile, file }: LoadedProfile): boolean {
  return profile.provider === "twin" && file.startsWith(resolve(BUILT_IN_FOLDER) + sep);
}

/**
 * Loads a board profile: a path (relative to `cwd`), or the name of one that ships with the package.
 * @throws ConfigurationError with file, line and field; with the known names when there is neither.
 */
export async function loadProfile(reference: string, options: { readonly cwd: string }): Promise<LoadedProfile> {
  return checked(await loadYaml(fileOf(reference, options.cwd), PROFILE_SCHEMA));
}

/**
 * A profile from text; `file` is what its relative paths start from, and what errors name.
 * @param keys of a profile out of a record: where its keys are on this machine.
 */
export function parseProfile(text: string, file: string, keys: KeyFiles = {}): LoadedProfile {
  return checked(parseYaml(text, file, PROFILE_SCHEMA), keys);
}

function checked(loaded: ConfigFile<ProfileFields>, keyFiles: KeyFiles = {}): LoadedProfile {
  const named = profileOf(loaded);
  const { signing: signingFile = named.keys.signingFile, encryption: encryptionFile = named.keys.encryptionFile } =
    keyFiles;
  const keyNames = keyNamesOf(loaded.value);
  const { verifying } = keyNames;
  const verifyingFiles = named.keys.verifyingFiles.map((path, index) => {
    return keyFiles.verifying?.[verifying[index] ?? ""] ?? path;
  });
  const profile = { ...named, keys: { ...named.keys, signingFile, verifyingFiles, encryptionFile } };
  for (const [field, path] of [
    ["signing", profile.keys.signingFile],
    ...verifyingFiles.map((path) => ["signing", path] as const),
    ["encryption", profile.keys.encryptionFile],
  ] as const) {
    if (path === undefined || existsSync(path)) continue;
    if (path.includes("-----BEGIN")) {
      throw loaded.wrong(
        ["keys", field],
        "holds a key.",
        "Keep the key in a file of its own, and name that file here.",
      );
    }
    throw loaded.wrong(["keys", field], `names ${path}, which is not there.`, "Paths are relative to the profile.");
  }
  const { file, text, lineOf, wrong } = loaded;
  return { profile, file, text, lineOf, wrong, keyNames, onlyVerifies: keyFiles.signing !== undefined };
}

function fileOf(reference: string, cwd: string): string {
  const path = resolve(cwd, reference);
  // A folder of the same name is no profile: `hil twin --link twin` makes one.
  const isFile = entryAt(path)?.isFile() ?? false;
  if (isFile || !/^[\w-]+(\/[\w-]+)*$/.test(reference)) return path;
  const names = builtInBoards();
  if (names.includes(reference)) return resolve(BUILT_IN_FOLDER, `${reference}.yaml`);
  const near = nearestInFolders(reference, names);
  const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
  const known = `Name a YAML file, or one that ships with hil: ${namesToChoose(names)}.${hint}`;
  throw new ConfigurationError(`no board profile "${reference}".`, known);
}

function keyNamesOf({ keys: { signing: field, encryption } }: ProfileFields): KeyNames {
  const [signing = UNSIGNED, ...verifying] = [field].flat();
  return { signing, verifying, encryption };
}

/** The one place where a profile's spelling ends. */
function profileOf({ file, value }: ConfigFile<ProfileFields>): BoardProfile {
  const { schema: _, power, keys, recovery, slots, ...rest } = value;
  const { offset, bytes, device } = slots.primary;
  const { secondary = { offset: offset + bytes, bytes: 0, device } } = slots;
  const { signing: _signing, encryption: _encryption, ...otherKeyFields } = keys;
  const { signing, verifying, encryption } = keyNamesOf(value);
  const { off_ms, cut_latency_ms, hold_up_ms, cut_uncertainty_ms, leave, driver } = power;
  return {
    ...camelised(rest),
    slots: camelised({ ...slots, secondary }),
    file,
    power: {
      ...camelised({ off_ms, cut_latency_ms, hold_up_ms, cut_uncertainty_ms, leave }),
      driver,
      options: Object.fromEntries(Object.entries(power).filter(([field]) => !POWER_FIELDS.includes(field))),
    },
    recovery: recovery && { enter: recovery.enter, press: pressSwitch(recovery) },
    keys: {
      ...camelised(otherKeyFields),
      signingFile: signing === UNSIGNED ? undefined : keyFile(file, signing),
      verifyingFiles: verifying.map((name) => keyFile(file, name)),
      encryptionFile: encryption === undefined ? undefined : keyFile(file, encryption),
    },
  };
}

/** `builtin:NAME` is a key that ships with the package, so that a profile out of a run's record finds it anywhere. */
function keyFile(file: string, path: string): string {
  const name = /^builtin:([\w.-]+)$/.exec(path)?.[1];
  return name === undefined ? resolveFrom(file, path) : resolve(BUILT_IN_FOLDER, "keys", name);
}

function camelised<T>(value: T): Camelised<T> {
  return camelisedValue(value) as Camelised<T>;
}

function camelisedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelisedValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [camelKey(key), camelisedValue(inner)]));
}

function camelKey(key: string): string {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
