import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { KeyFacts, LoadedReplay } from "../../campaign/index.ts";
import { hex } from "../../core/index.ts";
import { keyHash, loadPublicKey, readKeyText } from "../../image/index.ts";

/** Files of the keys that a profile names. */
export interface KeyPaths {
  readonly signing?: string;
  readonly verifying?: Readonly<Record<string, string>>;
  readonly encryption?: string;
}

interface Asked {
  /** Where relative paths of private keys start. */
  readonly cwd: string;
  /** Private keys, to build images anew. */
  readonly rebuild: boolean;
}

/**
 * Where the keys are that the record's profile names, and which are not there, a sentence's end each. A record holds
 * the public half of a key only; what needs the private one finds it where the profile names it, and knows its hash.
 */
export function recordedKeys({ replay, folder }: LoadedReplay, asked: Asked): { files: KeyPaths; wanting: string[] } {
  const wanting: string[] = [];
  const files: { signing?: string; encryption?: string } = {};
  const verifying: Record<string, string> = {};
  for (const key of replay.keys ?? []) {
    const isKept = key.file !== null && !asked.rebuild;
    const path = isKept && key.file ? join(folder ?? "", key.file) : resolve(asked.cwd, key.named);
    const half = isKept ? "public" : "private";
    if ((isKept && folder === undefined) || !existsSync(path)) wanting.push(keyText(key, half, isKept));
    else if (isKept && publicHash(path) !== key.public_sha256) wanting.push(`${key.file} is not the recorded key`);
    else if (key.use === "verifying") verifying[key.named] = path;
    else files[key.use] = path;
  }
  return { files: { ...files, verifying }, wanting };
}

function keyText({ use, named, public_sha256: hash, file }: KeyFacts, half: string, isKept: boolean): string {
  const where = isKept ? `${file}: ` : "";
  const known = hash === null ? "" : ` (SHA-256 of its public half: ${hash})`;
  const why = isKept ? "" : "; no record holds a private key";
  const field = use === "verifying" ? "signing" : use;
  return `${where}the ${half} half of keys.${field}, "${named}"${known}${why}`;
}

function publicHash(path: string): string {
  return hex(keyHash(loadPublicKey(readKeyText(path), { what: path }), "sha256"));
}
