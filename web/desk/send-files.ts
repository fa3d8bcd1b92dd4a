import { call, Refused } from "./call.ts";

/** As the lab takes it: one piece of a content, in bytes. */
const PIECE_BYTES = 4 * 1024 * 1024;

interface FileRow {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Path of a chosen file: of a chosen folder, without the folder's own name. */
export function pathOf({ name, webkitRelativePath: path }: File): string {
  return path === "" ? name : path.slice(path.indexOf("/") + 1);
}

/** Sends files that the lab does not have, by their hash. @throws Refused. */
export async function sendFiles(files: readonly File[], csrf: string): Promise<readonly FileRow[]> {
  if (globalThis.crypto?.subtle === undefined) {
    throw new Refused(0, "This browser computes no SHA-256 for a page without TLS: use https, or hil submit.");
  }
  const rows = await Promise.all(files.map(rowOf));
  const body = { sha256: [...new Set(rows.map(({ sha256 }) => sha256))] };
  const missing = (await call("POST", "api/blobs/missing", { csrf, body })) as readonly {
    readonly sha256: string;
    readonly have: number;
  }[];
  for (const { sha256, have } of missing) {
    const file = files[rows.findIndex((row) => row.sha256 === sha256)];
    if (file === undefined) continue;
    let at = have;
    do {
      const path = `api/blobs/${sha256}?at=${at}&bytes=${file.size}`;
      const answer = await call("PUT", path, { csrf, bytes: file.slice(at, at + PIECE_BYTES) });
      at = (answer as { readonly have: number }).have;
    } while (at < file.size);
  }
  return rows;
}

async function rowOf(file: File): Promise<FileRow> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { path: pathOf(file), bytes: file.size, sha256 };
}
