import { resolve } from "node:path";
import { isKeyEverywhere, type LoadedProfile, parseProfile } from "../../board/index.ts";
import {
  buildMaterial,
  type ExpectedFlash,
  type LoadedReplay,
  loadReplay,
  namedFiles,
  parseScenario,
  readKept,
} from "../../campaign/index.ts";
import { isHilError, Random, terminalText, VirtualClock } from "../../core/index.ts";
import { legalOutcomes, modeOf } from "../../mcuboot/index.ts";
import type { ModelLayer } from "../../report/index.ts";
import { type KeyPaths, recordedKeys } from "./recorded-keys.ts";

/** Operations that the model is cut at, spread evenly where a swap has more: each is a boot of the model. */
const CUTS_MAX = 200;
const REASON_CHARS = 300;

/**
 * What the model of the bootloader makes of one cut at each flash operation of a record's upgrade: from the profile,
 * scenario and images in the record, as `hil replay` takes them, and nothing is started or opened.
 * @param path the record's folder.
 * @param cwd where relative paths of private keys start; no record holds one.
 * @returns why there is none, in a sentence, where it cannot be told.
 */
export async function modelLayer(path: string, cwd: string): Promise<ModelLayer | string> {
  try {
    return await layerOf(loadReplay(path), cwd);
  } catch (error) {
    // A record that cannot be read, or a profile of another version: the page has all else.
    if (!isHilError(error)) throw error;
    return terminalText(error.message.slice(0, REASON_CHARS));
  }
}

async function layerOf(loaded: LoadedReplay, cwd: string): Promise<ModelLayer | string> {
  const { replay, folder } = loaded;
  const scenario = parseScenario(replay.scenario.text, resolve(cwd, `${replay.scenario.name}.yaml`));
  const { cuts, request } = scenario.value;
  if (cuts.in !== undefined && cuts.in !== "upgrade") return `it is of the upgrade, and this run cut the ${cuts.in}.`;
  if (replay.images.some(({ core }) => core !== undefined)) return "it is of the application alone.";
  const { images: kept, missing, changed } = readKept(folder, replay);
  const isGenerated = namedFiles(scenario).length === 0;
  if (kept === undefined && !(isGenerated && changed.length === 0))
    return `the record does not hold its images: ${[...changed, ...missing].join(", ")}.`;
  const keys = recordedKeys(loaded, { cwd, rebuild: kept === undefined });
  if (keys.wanting.length > 0) return `it needs ${keys.wanting.join(", ")}.`;
  const board = parseProfile(replay.profile.text, resolve(cwd, `${replay.profile.name}.yaml`), keys.files);
  if (unlistedKeys(board, keys.files)) return "the profile names a key that the record does not list.";
  const { images, expected } = await buildMaterial(
    { scenario, board, kept },
    { clock: new VirtualClock() },
    Random.fromSeed(replay.seed),
  );
  if (modeOf(expected.build).slots === 1) return "an upload in serial recovery is no swap.";
  expected.place(images.old);
  expected.put(images.new);
  expected.request(request === "permanent");
  return cutEverywhere(expected, `${images.old.version} to ${images.new.version}`);
}

/** A stranger's profile may name any file of this machine as a key: only those that the record tells the hash of are read. */
function unlistedKeys({ profile: { keys }, keyNames }: LoadedProfile, known: KeyPaths): boolean {
  const ours = [known.signing, known.encryption, ...Object.values(known.verifying ?? {})];
  const named = [
    [keyNames.signing, keys.signingFile],
    [keyNames.encryption, keys.encryptionFile],
    ...keyNames.verifying.map((name, at) => [name, keys.verifyingFiles[at]] as const),
  ] as const;
  return named.some(([name, file]) => name && file && !isKeyEverywhere(name) && !ours.includes(file));
}

function cutEverywhere(expected: ExpectedFlash, direction: string): ModelLayer | string {
  const { flash, build, timing } = expected;
  const { operations, operationsUs } = expected.timeline();
  if (operations.length === 0) return "the model has no flash operation in this upgrade.";
  const cut = Math.min(CUTS_MAX, operations.length);
  const spans: [number, number, string][] = [];
  for (let at = 0; at < cut; at += 1) {
    const operation = operations[Math.floor((at * operations.length) / cut)];
    if (operation === undefined) continue;
    const window = { fromOperation: operation.index, toOperation: operation.index, torn: false };
    const endings = legalOutcomes({ flash, build, timing, window }).map(({ ending }) => ending);
    const ending = [...new Set(endings)].join(" or ");
    const last = spans.at(-1);
    if (last !== undefined) last[1] = operation.startUs;
    if (last?.[2] !== ending) spans.push([operation.startUs, operation.startUs, ending]);
  }
  const last = spans.at(-1);
  if (last !== undefined) last[1] = operationsUs;
  return { operations: operations.length, cut, direction, swapUs: operationsUs, spans };
}
