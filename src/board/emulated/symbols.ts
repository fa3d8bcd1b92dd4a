import { ConfigurationError, hexOf, viewOf } from "../../core/index.ts";

/** A function of a program. */
interface Symbol {
  readonly address: number;
  readonly bytes: number;
  readonly name: string;
}

const MAGIC = 0x7f45_4c46;
const [CLASS_32, LITTLE_ENDIAN, ARM] = [1, 1, 40];
const SYMTAB = 2;
const FUNCTION = 2;
const SECTION_BYTES = 40;
const SYMBOL_BYTES = 16;
/** More than any firmware has. */
const SYMBOLS_MAX = 200_000;
const NAME_MAX = 120;
/** Code without a size, as assembly has it, reaches no further than this from its name. */
const UNSIZED_BYTES = 256;

/**
 * Names of functions by their addresses, from the symbol tables of ELF files (zephyr.elf).
 * Source: Tool Interface Standard, ELF 1.2, chapters 1 (header, sections) and 4 (symbol table).
 */
export class Symbols {
  readonly #symbols: readonly Symbol[];

  /** @param files content of ELF files, with their names for people @throws ConfigurationError for what is none */
  constructor(files: readonly { readonly file: string; readonly content: Uint8Array }[]) {
    const all = files.flatMap(({ file, content }) => symbolsOf(file, content));
    this.#symbols = all.toSorted((a, b) => a.address - b.address);
  }

  /** "boot_go+0x12 (0x1a2c)", or the address alone where no function holds it. */
  readonly nameOf = (address: number): string => {
    const found = this.#symbols.findLast((symbol) => symbol.address <= address);
    if (found === undefined || address - found.address >= (found.bytes || UNSIZED_BYTES)) return hexOf(address);
    const into = address - found.address;
    return `${found.name}${into === 0 ? "" : `+${hexOf(into)}`} (${hexOf(address)})`;
  };
}

function symbolsOf(file: string, content: Uint8Array): readonly Symbol[] {
  const wrong = (what: string) => new ConfigurationError(`${file} ${what}.`, "Give zephyr.elf of the build.");
  const view = viewOf(content);
  if (content.length < 52 || view.getUint32(0) !== MAGIC) throw wrong("is no ELF file");
  const isArm = content[4] === CLASS_32 && content[5] === LITTLE_ENDIAN && view.getUint16(18, true) === ARM;
  if (!isArm) throw wrong("is no ELF file of a 32-bit Arm");
  const [sections, count] = [view.getUint32(32, true), view.getUint16(48, true)];
  try {
    for (let index = 0; index < count; index += 1) {
      const at = sections + index * SECTION_BYTES;
      if (view.getUint32(at + 4, true) !== SYMTAB) continue;
      const strings = sections + view.getUint32(at + 24, true) * SECTION_BYTES;
      const names = view.getUint32(strings + 16, true);
      const table = { offset: view.getUint32(at + 16, true), bytes: view.getUint32(at + 20, true) };
      return functionsOf(content, view, table, names);
    }
  } catch (error) {
    if (error instanceof RangeError) throw wrong("is damaged: its tables lie outside of it");
    throw error;
  }
  throw wrong("has no symbol table: it was stripped");
}

function functionsOf(
  content: Uint8Array,
  view: DataView,
  table: { readonly offset: number; readonly bytes: number },
  names: number,
): readonly Symbol[] {
  const count = Math.min(Math.floor(table.bytes / SYMBOL_BYTES), SYMBOLS_MAX);
  const found: Symbol[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = table.offset + index * SYMBOL_BYTES;
    if ((view.getUint8(at + 12) & 15) !== FUNCTION) continue;
    const start = names + view.getUint32(at, true);
    const end = content.subarray(start, start + NAME_MAX).indexOf(0);
    const bytes = content.subarray(start, start + (end < 0 ? NAME_MAX : end));
    // Bit 0 says Thumb. Names are foreign text: only what a C name may hold.
    const name = Buffer.from(bytes)
      .toString("latin1")
      .replaceAll(/[^\w.$]/gu, "?");
    found.push({ address: (view.getUint32(at + 4, true) & ~1) >>> 0, bytes: view.getUint32(at + 8, true), name });
  }
  return found;
}
