import { createHash } from "node:crypto";
import { concat } from "../core/index.ts";
import { crc32 } from "./crc32.ts";
import { SmpFault } from "./faults.ts";
import { FILE_SYSTEM_GROUP } from "./groups/file-system.ts";
import type { SmpHandlers } from "./server.ts";

const INVALID = 3;
const fault = (code: number, data?: { readonly len: number }) =>
  new SmpFault({ group: FILE_SYSTEM_GROUP, code, ...(data ? { data } : {}) });
const CODE = {
  badName: 2,
  notFound: 3,
  directory: 4,
  offset: 11,
  beyond: 12,
  noHash: 13,
  noMount: 14,
  empty: 16,
} as const;

export interface FileServerOptions {
  /** Files by their full name. They are the caller's: what is uploaded shows here. */
  readonly files: Map<string, Uint8Array>;
  /** Where the file system is mounted: "/lfs1". */
  readonly mount: string;
  /** Bytes of a piece that is downloaded; default 256. */
  readonly chunkBytes?: number;
}

/** How the hashes of files are called, and what they are: 0 a number, 1 bytes. */
const HASHES = {
  crc32: { format: 0, size: 4, of: (bytes: Uint8Array) => crc32(bytes) },
  sha256: {
    format: 1,
    size: 32,
    of: (bytes: Uint8Array) => Uint8Array.from(createHash("sha256").update(bytes).digest()),
  },
} as const;

/**
 * Handlers of group 8 as Zephyr's behave: one file is open for writing at a time, a piece goes to the end of it, and
 * only the first of a file that is not open yet starts it anew.
 * Source: Zephyr fs_mgmt.c; measured on Zephyr 4.4.0 (peers/smp-groups.test.ts).
 */
export function fileHandlers({ files, mount, chunkBytes = 256 }: FileServerOptions): SmpHandlers {
  let open: { readonly name: string; totalBytes: number } | undefined;
  const found = (name: string): Uint8Array => {
    if (name === "") throw new SmpFault({ code: INVALID });
    if (name === mount) throw fault(CODE.directory);
    const file = files.get(name);
    if (!file) throw fault(CODE.notFound);
    return file;
  };
  return {
    readFile: ({ off, name }) => {
      const file = found(name);
      return { off, data: file.slice(off, off + chunkBytes), len: off === 0 ? file.length : undefined };
    },
    writeFile: ({ off, data = new Uint8Array(), name, len }) => {
      if (name === "" || (off === 0 && len === undefined)) throw new SmpFault({ code: INVALID });
      if (!name.startsWith("/")) throw fault(CODE.badName);
      if (!name.startsWith(`${mount}/`)) throw fault(CODE.noMount);
      const isOpen = open?.name === name;
      const held = isOpen || off > 0 ? (files.get(name) ?? new Uint8Array()) : new Uint8Array();
      if (off > 0 && off !== held.length) throw fault(CODE.offset, { len: held.length });
      if (!isOpen || off === 0) open = { name, totalBytes: len ?? Number.POSITIVE_INFINITY };
      const file = concat(held, data);
      files.set(name, file);
      if (open && file.length >= open.totalBytes) open = undefined;
      return { off: file.length };
    },
    fileStatus: ({ name }) => ({ len: found(name).length }),
    fileHash: ({ name, type = "", off = 0, len }) => {
      if (len === 0) throw new SmpFault({ code: INVALID });
      const kind = type === "" ? "crc32" : type;
      if (kind !== "crc32" && kind !== "sha256") throw fault(CODE.noHash);
      const file = found(name);
      if (file.length === 0) throw fault(CODE.empty);
      if (off >= file.length) throw fault(CODE.beyond);
      const part = file.subarray(off, len === undefined ? file.length : off + len);
      return { type: kind, off: off === 0 ? undefined : off, len: part.length, output: HASHES[kind].of(part) };
    },
    fileHashTypes: () => ({
      types: Object.fromEntries(Object.entries(HASHES).map(([name, { format, size }]) => [name, { format, size }])),
    }),
    closeFile: () => {
      open = undefined;
      return {};
    },
  };
}
