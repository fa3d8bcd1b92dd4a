import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Clock, concat } from "../../core/index.ts";
import { FILE_SYSTEM_GROUP } from "../groups/file-system.ts";
import { SmpFault } from "./faults.ts";
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

interface FileServerOptions {
  /** What is stored, by full name: the caller's, who keeps it over resets. An upload shows here once it is closed. */
  readonly files: Map<string, Uint8Array>;
  /** Closes an upload that is not continued; without it, it stays open. */
  readonly clock?: Clock;
  /** Aborts when the firmware ends: what is open then is lost. */
  readonly ended?: AbortSignal;
  /** Where the file system is mounted: "/lfs1". */
  readonly mount: string;
  /** Bytes of a piece that is downloaded; default 256. */
  readonly chunkBytes?: number;
}

/** CONFIG_MCUMGR_GRP_FS_FILE_AUTOMATIC_IDLE_CLOSE_TIME, in milliseconds. */
const IDLE_CLOSE_MS = 4_000;

/** A file that is being written: in RAM until it is closed, and gone with a reset. */
interface OpenFile {
  readonly name: string;
  /** It was stored before this upload, which begins anew where it is begun again; a new one is appended to. */
  readonly replaces: boolean;
  bytes: Uint8Array;
  /** What the server counts, and answers: everything that it was sent. */
  off: number;
  totalBytes: number;
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
 * Handlers of group 8 as Zephyr's behave: one file is open for writing at a time, a piece goes to the end of it. What
 * was taken is stored when the last piece comes, or when the file is closed (by command, by a download, by a wrong
 * offset, by four idle seconds), and then as the part that it is; a reset forgets it. Lengths and hashes are of what is
 * stored.
 * Source: Zephyr fs_mgmt.c; measured on Zephyr 4.4.0 over LittleFS (peers/smp-groups.test.ts).
 */
export function fileHandlers({ files, mount, chunkBytes = 256, clock, ended }: FileServerOptions): SmpHandlers {
  let open: OpenFile | undefined;
  let forgetAlarm = () => {};
  const close = () => {
    forgetAlarm();
    if (open) files.set(open.name, open.bytes);
    open = undefined;
  };
  const closeWhenIdle = () => {
    forgetAlarm();
    if (!clock) return;
    const idle = () => {
      if (!ended?.aborted) close();
    };
    forgetAlarm = clock.at(clock.nowUs() + IDLE_CLOSE_MS * 1000, idle);
  };
  const found = (name: string): Uint8Array => {
    if (name === "") throw new SmpFault({ code: INVALID });
    if (name === mount) throw fault(CODE.directory);
    const file = files.get(name);
    if (!file) throw fault(CODE.notFound);
    return file;
  };
  const opened = (name: string, off: number): OpenFile => {
    if (open?.name === name) return open;
    close();
    const stored = files.get(name);
    // A new name is there from its first piece on, with nothing in it.
    if (stored === undefined) files.set(name, new Uint8Array());
    const held = off === 0 ? new Uint8Array() : (stored ?? new Uint8Array());
    const totalBytes = Number.POSITIVE_INFINITY;
    return { name, replaces: (stored?.length ?? 0) > 0, bytes: held, off: held.length, totalBytes };
  };
  return {
    readFile: ({ off, name }) => {
      close();
      const file = found(name);
      return { off, data: file.slice(off, off + chunkBytes), len: off === 0 ? file.length : undefined };
    },
    writeFile: ({ off, data = new Uint8Array(), name, len }) => {
      if (name === "" || (off === 0 && len === undefined)) throw new SmpFault({ code: INVALID });
      if (!name.startsWith("/")) throw fault(CODE.badName);
      if (!name.startsWith(`${mount}/`)) throw fault(CODE.noMount);
      const file = opened(name, off);
      if (off > 0 && off !== file.off) {
        const held = open === file ? file.off : file.bytes.length;
        close();
        throw fault(CODE.offset, { len: held });
      }
      if (data.length === 0) return { off: off === 0 && open !== file ? 0 : file.off };
      if (off === 0) file.totalBytes = len ?? file.totalBytes;
      const isBegunAgain = off === 0 && open === file && file.replaces;
      file.bytes = concat(isBegunAgain ? new Uint8Array() : file.bytes, data);
      file.off += data.length;
      open = file;
      if (file.off >= file.totalBytes) close();
      else closeWhenIdle();
      return { off: file.off };
    },
    fileStatus: ({ name }) => ({ len: found(name).length }),
    ...hashHandlers(found),
    closeFile: () => {
      close();
      return {};
    },
  };
}

/** Hashes of what is stored. @param found the file of a name, or a refusal. */
function hashHandlers(found: (name: string) => Uint8Array): SmpHandlers {
  return {
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
  };
}
