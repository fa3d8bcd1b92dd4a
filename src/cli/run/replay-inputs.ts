import { join, resolve } from "node:path";
import { foreignReach, type LoadedProfile, loadProfile, parseProfile, profileKeys } from "../../board/index.ts";
import {
  type KeptImages,
  type KeyFacts,
  keyFacts,
  type LoadedReplay,
  namedFiles,
  namedParts,
  parseScenario,
  readKept,
  type ScenarioFile,
} from "../../campaign/index.ts";
import { ConfigurationError, hex } from "../../core/index.ts";
import { keyHash } from "../../image/index.ts";
import { type KeyPaths, recordedKeys } from "../report/recorded-keys.ts";
import { withFaults } from "./faults.ts";
import { isOutside } from "./trust.ts";

/** What a replay runs with, and where its images come from, for people. */
interface ReplayInputs {
  readonly board: LoadedProfile;
  readonly scenario: ScenarioFile;
  readonly kept: KeptImages | undefined;
  /** Other images than the recorded ones are refused. */
  readonly onlyRecordedImages: boolean;
  readonly note: string;
}

export interface ReplayAsked {
  /** Profile named by the user, instead of the recorded one. */
  readonly board: string | undefined;
  /** Build the images of the files that the scenario names, as they are today. */
  readonly rebuild: boolean;
  readonly cwd: string;
  /** What the recorded profile reaches is allowed (--trust-record). */
  readonly trusted: boolean;
  /** Below this folder, files that the record names are read for `rebuild`. */
  readonly within?: string | undefined;
  /** Takes what it reaches, a line each, before any of it. */
  readonly say: (line: string) => void;
}

/**
 * Gathers what a replay needs: from the record, byte for byte, wherever it lies; nothing is looked up where it was
 * when the run was made. Relative paths of what no record holds (private keys; with `rebuild` payloads) start from `cwd`.
 * @throws ConfigurationError with everything that is missing, and where to get it.
 */
export async function replayInputs(loaded: LoadedReplay, asked: ReplayAsked): Promise<ReplayInputs> {
  const { replay, folder } = loaded;
  const scenario = parseScenario(replay.scenario.text, resolve(asked.cwd, `${replay.scenario.name}.yaml`));
  const { images, missing, changed } = readKept(folder, replay);
  // Images of a scenario that names no file can be made from the seed alone.
  const isBuiltAnew =
    asked.rebuild || (images === undefined && changed.length === 0 && namedFiles(scenario).length === 0);
  if (isBuiltAnew) requireOwnFiles(namesOf(loaded, scenario, asked), asked);
  const wanting = isBuiltAnew ? [] : [...changed, ...missing.map((file) => `${file}${sourceOf(file, scenario)}`)];
  const keys = recordedKeys(loaded, { ...asked, rebuild: isBuiltAnew });
  if (asked.board === undefined) wanting.push(...keys.wanting);
  if (wanting.length > 0) throw incomplete(folder, wanting);
  const board =
    asked.board === undefined ? recordedBoard(loaded, asked, keys.files) : await namedBoard(asked.board, asked);
  const withTwinFaults = withFaults(board, replay.faults);
  const common = { board: withTwinFaults, scenario, onlyRecordedImages: !asked.rebuild };
  if (asked.rebuild) return { ...common, kept: undefined, note: "built anew of today's files (--rebuild)" };
  if (isBuiltAnew) return { ...common, kept: undefined, note: "built anew from the seed: the record holds none" };
  const fromRecord = { ...withTwinFaults, factoryImage: asked.board === undefined ? images?.factory : undefined };
  return {
    ...common,
    board: fromRecord,
    kept: images,
    note: "as recorded, byte for byte (inputs/, checked by SHA-256)",
  };
}

/** Files of this machine that building a record's images anew takes: of the scenario, and private keys. */
function namesOf({ replay }: LoadedReplay, scenario: ScenarioFile, { cwd, board }: ReplayAsked): readonly string[] {
  const keys = board === undefined ? (replay.keys ?? []).map(({ named }) => resolve(cwd, named)) : [];
  return [...namedFiles(scenario), ...keys];
}

/**
 * Files that a received record names are read like those of any stranger: not, unless the user says where they may lie,
 * or trusts the sender. Else a sender could have any file copied into the next record, or signed with any key.
 * @throws ConfigurationError that lists them.
 */
export function requireOwnFiles(
  names: readonly string[],
  { cwd, trusted, within, say }: Pick<ReplayAsked, "cwd" | "trusted" | "within" | "say">,
): void {
  const files = [...new Set(names)];
  const refused = trusted ? [] : files.filter((path) => within === undefined || isOutside(path, resolve(cwd, within)));
  if (refused.length > 0) {
    throw new ConfigurationError(
      `the record names files of this machine:${refused.map((path) => `\n  ${path}`).join("")}\n`,
      "Add --within FOLDER, if all of them lie below it and may be read; or, if you trust the sender, --trust-record.",
    );
  }
  for (const path of files) say(`the record reads ${path} (${trusted ? "--trust-record" : "--within"})`);
}

function namedBoard(reference: string, { cwd }: ReplayAsked): Promise<LoadedProfile> {
  return loadProfile(reference, { cwd });
}

/** A record is data: what its sender wrote into it starts nothing here, unless the user has read it and says so. */
function recordedBoard(
  { replay, folder }: LoadedReplay,
  { cwd, trusted, say }: ReplayAsked,
  keys: KeyPaths,
): LoadedProfile {
  const file = folder === undefined ? resolve(cwd, `${replay.profile.name}.yaml`) : join(folder, "inputs/profile.yaml");
  const board = parseProfile(replay.profile.text, file, keys);
  if (board.profile.provider === "hardware") {
    throw new ConfigurationError(
      `the record is of a real board, ${board.profile.name}: its ports and its switch are those of another machine, or day.`,
      "Name the profile of the board that is to be used with --board FILE.",
    );
  }
  // A key that the record tells the hash of is checked against it (requireKeys).
  const reach = foreignReach(
    board,
    [keys.signing, ...Object.values(keys.verifying ?? {}), keys.encryption].filter((path) => path !== undefined),
  );
  if (reach.length > 0 && !trusted) {
    throw new ConfigurationError(
      `a replay of this record would do what its sender wrote into it:${reach.map((text) => `\n  it ${text}`).join("")}\n`,
      "Name a board of your own with --board FILE; or, if you trust whoever sent the record, add --trust-record.",
    );
  }
  for (const text of reach) say(`the record ${text} (--trust-record)`);
  return board;
}

/** ", made of payload file: build/zephyr.bin". */
function sourceOf(file: string, { value }: ScenarioFile): string {
  const found = /^inputs\/(network-)?(old|new)-/.exec(file);
  const [core, role] = [found?.[1] === undefined ? "application" : "network", found?.[2]];
  const parts = namedParts({ value });
  const ofRole = (wanted: string) => parts.find((part) => part.role === role && part.core === wanted);
  // The network core's image may come in the application's package.
  const part = ofRole(core) ?? ofRole("application");
  if (part === undefined) return "";
  const { payload } = part.source;
  const field = (["file", "image", "dfu_zip", "body_of"] as const).find((name) => payload[name] !== undefined);
  return field === undefined ? "" : `, made of payload ${field}: ${payload[field]}`;
}

function incomplete(folder: string | undefined, wanting: readonly string[]): ConfigurationError {
  const what = folder === undefined ? "this replay.json alone" : "the record";
  const list = wanting.map((text) => `\n  ${text}`).join("");
  return new ConfigurationError(
    `${what} does not hold all that a replay needs. Missing:${list}\n`,
    "Take the whole folder of the run, with inputs/ beside replay.json. A private key is found where the profile " +
      "names it, from the present folder; or name a profile that knows its keys with --board FILE. --rebuild builds the " +
      "images of the files that the scenario names, as they are today.",
  );
}

/**
 * Refuses keys that are others than those of the record: what is encrypted for one cannot be opened with another.
 * @throws ConfigurationError
 */
export function requireKeys({ replay }: LoadedReplay, board: LoadedProfile): void {
  const found = keyFacts(board);
  for (const { use, public_sha256: hash } of replay.keys ?? []) {
    const now =
      found.find((key) => key.use === use && (use !== "verifying" || key.public_sha256 === hash)) ??
      otherKey(board, use);
    if (now?.public_sha256 === hash) continue;
    throw new ConfigurationError(
      `keys.${use} of ${board.profile.name} is not the recorded one (SHA-256 of its public half: recorded ${hash}, ` +
        `now ${now?.public_sha256 ?? "none"}).`,
      "Name a profile with the recorded key, or build the images anew for this one with --rebuild.",
    );
  }
}

function otherKey(board: LoadedProfile, use: KeyFacts["use"]): Pick<KeyFacts, "public_sha256"> | undefined {
  const { signing, encryption } = profileKeys(board);
  if (use === "verifying") return undefined;
  const key = use === "signing" ? signing?.public : encryption?.key;
  if (key === undefined || key.role === "wrapping") return undefined;
  return { public_sha256: hex(keyHash(key, "sha256")) };
}
