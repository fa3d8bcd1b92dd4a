import type { MemoryMap } from "../../memory/memory-map.ts";
import { Ram } from "../../memory/ram.ts";

/** A memory through which translated code reads without asking anybody. */
interface Window {
  readonly start: number;
  readonly bytes: number;
}

/** What of a core translated code works on. */
interface WindowsOf {
  readonly r: Int32Array;
  readonly allowed: { readonly read: Int32Array; readonly write: Int32Array };
}

/**
 * What goes in and out of a region: flags as in `Core`; out: IT state, pc, and 1 where the interpreter has to do the next
 * instruction; in: cycles that it may use, the rights of `Core.rights`, the limit of the stack in use.
 */
export const STATE = { n: 0, z: 1, c: 2, v: 3, it: 4, pc: 5, how: 6, left: 7, rights: 8, limit: 9 } as const;

/**
 * The two memories of a core that translated code knows: the one that holds its data, and the one that holds its code.
 * All else it leaves to the interpreter.
 */
export class Windows {
  readonly data: Window;
  readonly code: Window;
  readonly D32: Int32Array;
  readonly D16: Uint16Array;
  readonly D8: Uint8Array;
  readonly D16s: Int16Array;
  readonly D8s: Int8Array;
  readonly C32: Int32Array;
  readonly C16: Uint16Array;
  readonly C8: Uint8Array;
  readonly C16s: Int16Array;
  readonly C8s: Int8Array;
  /** Blocks of the data window that hold code. */
  readonly M: Uint8Array;
  /** Accesses that the protection has allowed: see `Core.mayAccess`. */
  readonly RD: Int32Array;
  readonly WR: Int32Array;
  /** The core's registers. */
  readonly R: Int32Array;
  /** What goes in and out of a region, by `STATE`. */
  readonly S = new Int32Array(10);

  private constructor(data: Ram, code: Ram, { r, allowed }: WindowsOf) {
    this.R = r;
    this.data = data;
    this.code = code;
    ({
      words: this.D32,
      halves: this.D16,
      bytes: this.D8,
      signedHalves: this.D16s,
      signedBytes: this.D8s,
    } = views(data));
    ({
      words: this.C32,
      halves: this.C16,
      bytes: this.C8,
      signedHalves: this.C16s,
      signedBytes: this.C8s,
    } = views(code));
    this.M = data.marks;
    this.RD = allowed.read;
    this.WR = allowed.write;
  }

  /** @returns undefined where code or stack lie in no plain memory: nothing is translated then */
  static of(
    memory: MemoryMap,
    { stack, start }: { readonly stack: number; readonly start: number },
    core: WindowsOf,
  ): Windows | undefined {
    const data = memory.at((stack - 4) >>> 0);
    const code = memory.at(start);
    const isPlain = data instanceof Ram && code instanceof Ram && data !== code && data.isWritable;
    return isPlain && isLittleEndian && isAligned(data) && isAligned(code) ? new Windows(data, code, core) : undefined;
  }

  /** What translated text has in it: equal keys, equal places. */
  get key(): string {
    const { data, code } = this;
    return `${data.start} ${data.bytes} ${code.start} ${code.bytes}`;
  }
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function isAligned({ content }: Ram): boolean {
  return content.byteOffset % 4 === 0 && content.byteLength % 4 === 0;
}

function views({ content }: Ram) {
  const { buffer, byteOffset: at, byteLength: bytes } = content;
  return {
    words: new Int32Array(buffer, at, bytes / 4),
    halves: new Uint16Array(buffer, at, bytes / 2),
    bytes: new Uint8Array(buffer, at, bytes),
    signedHalves: new Int16Array(buffer, at, bytes / 2),
    signedBytes: new Int8Array(buffer, at, bytes),
  };
}
