import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { z } from "zod";
import { BenchError } from "../../core/index.ts";
import { answerOf, contentOf, type LabClient } from "../wire/client.ts";
import type { BundleFile } from "../wire/messages.ts";
import { hashOfFile } from "./blobs.ts";

/** Of one request that brings content. */
export const PIECE_BYTES = 4 * 1024 * 1024;
/** Times that the lab may say "I have another number of bytes" before that is a fault. */
const TURNS_MAX = 10_000;

/** Files as they are on this disk, with the paths that they have in a bundle. */
interface LocalFile extends BundleFile {
  readonly source: string;
}

/** A file of this disk for a bundle. @throws what the system says. */
export async function localFile(source: string, path: string): Promise<LocalFile> {
  return { source, path, bytes: statSync(source).size, sha256: await hashOfFile(source) };
}

/** All files below a folder, sorted; no link is followed. */
export async function filesBelow(folder: string): Promise<readonly LocalFile[]> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const files: LocalFile[] = [];
  for (const name of names) files.push(await localFile(name, relative(folder, name).split(sep).join("/")));
  return files;
}

/**
 * Sends what the lab does not have of some files, from where it stopped the last time.
 * @throws what LabClient.call throws; BenchError for a file that changes meanwhile.
 */
export async function sendFiles(lab: LabClient, files: readonly LocalFile[], signal?: AbortSignal): Promise<void> {
  const byHash = new Map(files.map((file) => [file.sha256, file]));
  const missing = await lab.call("missing", { body: { sha256: [...byHash.keys()] }, signal });
  for (const { sha256, have } of missing) {
    const file = byHash.get(sha256);
    if (file !== undefined) await sendFile(lab, file, have, signal);
  }
}

async function sendFile(lab: LabClient, file: LocalFile, have: number, signal: AbortSignal | undefined): Promise<void> {
  const { source, sha256, bytes } = file;
  let at = have;
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    const path = `/api/blobs/${sha256}?at=${at}&bytes=${bytes}`;
    const body = pieceOf(source, at, Math.min(PIECE_BYTES, bytes - at));
    const response = await lab.raw("PUT", path, { body, type: "application/octet-stream", signal });
    // A lab in trouble, or whose disk is full, is asked again later.
    const { have: there } = await answerOf(response, TAKEN, `${source} was not taken`, [409]);
    if (response.ok && there === bytes) return;
    at = there;
  }
  throw new BenchError(`${source} was not taken after ${TURNS_MAX} pieces.`);
}

/** Bytes that the lab has. */
const TAKEN = z.object({ have: z.int().min(0) });

function pieceOf(source: string, at: number, bytes: number): Uint8Array<ArrayBuffer> {
  const file = openSync(source, "r");
  try {
    const piece = new Uint8Array(bytes);
    let got = 0;
    while (got < bytes) {
      const more = readSync(file, piece, got, bytes - got, at + got);
      if (more === 0) throw new BenchError(`${source} became shorter while it was sent.`, "Is somebody writing it?");
      got += more;
    }
    return piece;
  } finally {
    closeSync(file);
  }
}

/**
 * Brings the files of a bundle into a folder.
 * @throws BenchError for content that is not what its hash says: nothing of it stays.
 */
export async function fetchFiles(
  lab: LabClient,
  files: readonly BundleFile[],
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  for (const { path, sha256, bytes } of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    const response = await lab.raw("GET", `/api/blobs/${sha256}`, { signal });
    if (!response.ok) await answerOf(response, z.never(), `${path} was not given`);
    const content = await contentOf(response, signal);
    if (content.length !== bytes || createHash("sha256").update(content).digest("hex") !== sha256)
      throw new BenchError(`${path} came with another content than its SHA-256 says.`);
    writeFileSync(target, content, { mode: 0o600 });
  }
}
