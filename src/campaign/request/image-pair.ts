import { basename, join, relative, resolve } from "node:path";
import { readBuildFolder, upgradeFiles } from "../../board/index.ts";
import { ConfigurationError, entryAt, hasCode, isHilError, messageOf, readInput } from "../../core/index.ts";
import { fileKindOf, formatVersion, isMarkedEncrypted, parseSigned, readFirmwareFile } from "../../image/index.ts";
import { sortedByCore } from "./packaged-parts.ts";
import { DEFAULT_SCENARIO, loadScenario, parseScenario, type ScenarioFile } from "./scenario.ts";

/** What an image's header says. */
interface HeaderFacts {
  /** `1.2.3`, or `1.2.3+4`. */
  readonly version: string;
  readonly encrypted: boolean;
}

/** What a scenario has to say of an image that is signed already. */
interface SignedFacts extends HeaderFacts {
  /** As it was named: the scenario names it the same way. */
  readonly file: string;
  /** The payload's field that takes such a file. */
  readonly field: "image" | "dfu_zip";
  /** The network core's image in the same package. */
  readonly network?: HeaderFacts | undefined;
}

/**
 * The scenario of a command line: `OLD NEW` (signed images or DFU packages), or one scenario by path or name, or the
 * default one.
 * @throws ConfigurationError for a scenario or an image that cannot be used.
 */
export async function namedScenario([first, second]: readonly string[], cwd: string): Promise<ScenarioFile> {
  if (first === undefined || second === undefined) return loadScenario(first ?? DEFAULT_SCENARIO, cwd);
  return scenarioOfImages([first, second], cwd);
}

/**
 * A scenario that upgrades from one signed image to another, and is for the rest the default one. Versions, encryption
 * and kind of file are read from the files.
 * @param files old and new, relative to `cwd`: binaries, Intel HEX files, DFU packages for one core or both, or build
 *   folders.
 * @throws ConfigurationError naming the file: it cannot be read, holds no signed image of the application, or more
 *   than one for a core.
 */
export async function scenarioOfImages(files: readonly [string, string], cwd: string): Promise<ScenarioFile> {
  const old = await factsOf(await fileOf(files[0], "flashed", cwd), cwd);
  const next = await factsOf(await fileOf(files[1], "uploaded", cwd), cwd);
  const { encrypted } = next;
  const shared = (await loadScenario(DEFAULT_SCENARIO, cwd)).value;
  const name = files.map(shortName).join(" to ");
  const network = [
    ...(old.network ? [`    old: ${imageText({ ...old, ...old.network }, encrypted)}`] : []),
    ...(next.network ? [`    new: ${imageText({ ...next, ...next.network }, encrypted)}`] : []),
  ];
  // Flow mappings of JSON are YAML: whatever a file is called, the text says the same.
  const text = `# Made of two signed images by hil: versions and encryption are what the files say.
schema: 1
name: ${JSON.stringify(name)}
images:
  old: ${imageText(old, encrypted)}
  new: ${imageText(next, encrypted)}
${network.length === 0 ? "" : `  network:\n${network.join("\n")}\n`}  encrypt: ${encrypted}
cuts: ${JSON.stringify(shared.cuts)}
`;
  return parseScenario(text, join(cwd, name));
}

/** The file of a build folder; anything else stays as it is. @throws ConfigurationError for a folder of something else. */
async function fileOf(named: string, use: "flashed" | "uploaded", cwd: string): Promise<string> {
  const path = resolve(cwd, named);
  if (entryAt(path)?.isDirectory() !== true) return named;
  try {
    return join(named, relative(path, upgradeFiles(await readBuildFolder(path))[use]));
  } catch (error) {
    if (!isHilError(error)) throw error;
    throw new ConfigurationError(
      `cannot use ${named} as a signed image: it is a folder, and as the folder of a build it has this: ${error.message}`,
      `${TWO_WAYS} ${error.hint}`.trim(),
      { cause: error },
    );
  }
}

/** @param shared what `images.encrypt` says: an image that is otherwise says so itself. */
function imageText({ version, field, file, encrypted }: SignedFacts, shared: boolean): string {
  const own = encrypted === shared ? "" : `, encrypt: ${encrypted}`;
  return `{ version: ${JSON.stringify(version)}, payload: { ${field}: ${JSON.stringify(file)} }${own} }`;
}

/** A file's name as reports can carry two of them: its last part, up to 36 characters, without anything strange. */
function shortName(file: string): string {
  return basename(file)
    .replaceAll(/[^\w.+-]+/g, "_")
    .slice(0, 36);
}

async function factsOf(file: string, cwd: string): Promise<SignedFacts> {
  const wrong = (what: string, hint: string, cause: unknown) =>
    new ConfigurationError(`cannot use ${file} as a signed image: ${what.replace(/\.$/, "")}.`, hint, { cause });
  let content: Uint8Array;
  try {
    content = readInput(resolve(cwd, file));
  } catch (error) {
    const what = hasCode(error, "ENOENT")
      ? "there is no such file"
      : hasCode(error, "EISDIR")
        ? "it is a folder"
        : messageOf(error);
    throw wrong(what, TWO_WAYS, error);
  }
  try {
    return { file, ...(await signedFacts(content)) };
  } catch (error) {
    if (!isHilError(error)) throw error;
    throw wrong(error.message, hintFor(file, content) ?? error.hint, error);
  }
}

/** What to do with a file that holds nothing signed; undefined where the error itself knows. */
function hintFor(file: string, content: Uint8Array): string | undefined {
  if (fileKindOf(content) !== undefined) return undefined;
  return /\.ya?ml$/i.test(file) ? TWO_WAYS : RAW_WAY;
}

const TWO_WAYS =
  "Give one scenario, or two signed images: OLD NEW (.bin, .hex, a DFU package's .zip, or a build folder).";
const RAW_WAY = "Sign it first: `hil image sign`; or name it in a scenario, where payload: { file: … } is signed.";

async function signedFacts(content: Uint8Array): Promise<Omit<SignedFacts, "file">> {
  const found = await readFirmwareFile(content);
  if (found.kind === "image") return { field: "image", ...headerFacts(found.bytes) };
  // Which board it goes to is not known here: a file's place is looked at with the board's profile.
  if (found.files.length === 0) throw new ConfigurationError("the package holds no firmware.");
  const byCore = sortedByCore(found.files);
  const { application, network } = byCore;
  if (application === undefined) {
    const held = found.files.map(({ name, imageIndex }) => `${name} (image ${imageIndex})`).join(", ");
    throw new ConfigurationError(
      `the package holds no image of the application: ${held}.`,
      "A campaign of OLD NEW upgrades the application, and the network core with it: give the build's whole package.",
    );
  }
  return { field: "dfu_zip", ...headerFacts(application.bytes), network: network && headerFacts(network.bytes) };
}

function headerFacts(bytes: Uint8Array): HeaderFacts {
  const { header } = parseSigned(bytes);
  return { version: formatVersion(header.version).replace(/\+0$/, ""), encrypted: isMarkedEncrypted(header) };
}
