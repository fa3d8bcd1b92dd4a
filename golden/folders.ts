import { readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigurationError, entryAt, messageOf } from "../src/core/index.ts";
import { runCpu } from "./cpu.ts";
import { runImgtool } from "./imgtool.ts";
import { runMcuboot } from "./mcuboot.ts";
import type { GoldenResult, GoldenRunner } from "./report.ts";

/** Names one or more vector folders, with ":" between them. */
const VECTORS_VARIABLE = "MCUBOOT_HIL_VECTORS";

const OWN = fileURLToPath(new URL("vectors/", import.meta.url));

/** Kinds of vector folders, told by a key of their manifest. */
const KINDS: readonly { readonly key: string; readonly run: GoldenRunner }[] = [
  { key: "vectors", run: runImgtool },
  { key: "configs", run: runMcuboot },
  { key: "cpu", run: runCpu },
];

/** A folder of vectors, its manifest read. */
export interface VectorFolder {
  readonly path: string;
  readonly manifest: unknown;
  readonly run: GoldenRunner;
}

/**
 * The folders that the environment names; the project's own copies when it names none.
 * @throws ConfigurationError (exit 2) for a folder that is not there or is none of vectors.
 */
export function vectorFolders(env: Readonly<Record<string, string | undefined>>): readonly VectorFolder[] {
  const named = env[VECTORS_VARIABLE];
  const paths = named
    ? named.split(delimiter).filter(Boolean)
    : ["imgtool", "mcuboot", "cpu"].map((name) => join(OWN, name));
  return paths.map((path) => openFolder(resolve(path)));
}

function openFolder(path: string): VectorFolder {
  if (!entryAt(path)?.isDirectory()) {
    throw new ConfigurationError(`${path}: there is no such folder of vectors.`, `Correct ${VECTORS_VARIABLE}.`);
  }
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8"));
  } catch (error) {
    const text = `${path}: its manifest.json cannot be read (${messageOf(error)}).`;
    throw new ConfigurationError(text, `Name the folder that holds manifest.json in ${VECTORS_VARIABLE}.`, {
      cause: error,
    });
  }
  const kind = KINDS.find(({ key }) => typeof manifest === "object" && manifest !== null && key in manifest);
  if (kind) return { path, manifest, run: kind.run };
  const keys = KINDS.map(({ key }) => `"${key}"`).join(" nor ");
  throw new ConfigurationError(`${path}: manifest.json has neither ${keys}: not a folder of vectors.`);
}

/** All results of all folders, as they come. */
export async function* runFolders(folders: readonly VectorFolder[]): AsyncIterable<GoldenResult> {
  for (const { path, manifest, run } of folders) yield* run(path, manifest);
}
