import { basename, join, resolve } from "node:path";
import { ConfigurationError, hasCode, isHilError, messageOf, readInput } from "../../core/index.ts";
import { fileKindOf, formatVersion, isMarkedEncrypted, parseSigned, readFirmwareFile } from "../../image/index.ts";
import { DEFAULT_SCENARIO, loadScenario, parseScenario, type ScenarioFile } from "./scenario.ts";

/** What a scenario has to say of an image that is signed already. */
interface SignedFacts {
  /** As it was named: the scenario names it the same way. */
  readonly file: string;
  /** The payload's field that takes such a file. */
  readonly field: "image" | "dfu_zip";
  /** `1.2.3`, or `1.2.3+4`. */
  readonly version: string;
  readonly encrypted: boolean;
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
 * @param files old and new, relative to `cwd`: binaries, Intel HEX files, or DFU packages with one image.
 * @throws ConfigurationError naming the file: it cannot be read, holds no signed image, or more than one; or only one
 *   of the two is encrypted.
 */
export async function scenarioOfImages(files: readonly [string, string], cwd: string): Promise<ScenarioFile> {
  const old = await factsOf(files[0], cwd);
  const next = await factsOf(files[1], cwd);
  if (old.encrypted !== next.encrypted) {
    const [encrypted, plain] = old.encrypted ? [old, next] : [next, old];
    throw new ConfigurationError(
      `${encrypted.file} is encrypted, and ${plain.file} is not.`,
      "A campaign goes to and fro: give both as the build encrypts them (zephyr.signed.encrypted.bin), or both plain.",
    );
  }
  const shared = (await loadScenario(DEFAULT_SCENARIO, cwd)).value;
  const name = files.map(shortName).join(" to ");
  // Flow mappings of JSON are YAML: whatever a file is called, the text says the same.
  const text = `# Made of two signed images by hil: versions and encryption are what the files say.
schema: 1
name: ${JSON.stringify(name)}
images:
  old: ${imageText(old)}
  new: ${imageText(next)}
  encrypt: ${next.encrypted}
cuts: ${JSON.stringify(shared.cuts)}
`;
  return parseScenario(text, join(cwd, name));
}

function imageText({ version, field, file }: SignedFacts): string {
  return `{ version: ${JSON.stringify(version)}, payload: { ${field}: ${JSON.stringify(file)} } }`;
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

const TWO_WAYS = "Give one scenario, or two signed images: OLD NEW (.bin, .hex or a DFU package's .zip).";
const RAW_WAY = "Sign it first: `hil image sign`; or name it in a scenario, where payload: { file: … } is signed.";

async function signedFacts(content: Uint8Array): Promise<Omit<SignedFacts, "file">> {
  const found = await readFirmwareFile(content);
  const files = found.kind === "image" ? [found] : found.files;
  const [only, second] = files;
  if (only === undefined) throw new ConfigurationError("the package holds no firmware.");
  if (found.kind === "dfu_zip" && second !== undefined) {
    const held = found.files.map(({ name, imageIndex }) => `${name} (image ${imageIndex})`).join(", ");
    throw new ConfigurationError(
      `the package holds ${files.length} images: ${held}.`,
      "A campaign of OLD NEW upgrades the application: give a package that holds it alone, or its signed file.",
    );
  }
  const { header } = parseSigned(only.bytes);
  const version = formatVersion(header.version).replace(/\+0$/, "");
  return { field: found.kind, version, encrypted: isMarkedEncrypted(header) };
}
