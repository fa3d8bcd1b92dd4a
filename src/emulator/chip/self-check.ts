import { BenchError, hexOf } from "../../core/index.ts";

/** What the check needs of a chip. */
interface CheckedChip {
  readonly flash: { load(offset: number, data: Uint8Array): void; read(offset: number, bytes: number): number };
  powerOn(): void;
  powerOff(): void;
  run(us: number): void;
}

/** How firmware of a chip erases a page, and where it reads how large one is. */
interface Geometry {
  readonly stack: number;
  /** CONFIG of its flash controller. */
  readonly config: number;
  /** ERASEPAGE, which takes an address; absent: a write to the page erases it. */
  readonly erasePage?: number;
  readonly codePageSize: number;
}

export const GEOMETRY = {
  nrf51: { stack: 0x2000_1000, config: 0x4001_e504, erasePage: 0x4001_e508, codePageSize: 0x1000_0010 },
  nrf5340: { stack: 0x2000_1000, config: 0x5003_9504, codePageSize: 0x00ff_0220 },
} as const satisfies Record<string, Geometry>;

const CODE = 0x200;
/** ldr r0, CONFIG; movs r1, #2; str r1, [r0]; ldr r0, WHERE; ldr r1, WHAT; str r1, [r0]; b .; then the literals. */
const PROGRAM = [0x4803, 0x2102, 0x6001, 0x4803, 0x4903, 0x6001, 0xe7fe, 0xbf00];
const PAGE = 4;
const RUN_US = 200_000;

/**
 * Erases one page as firmware does and reads all around it: a page of another size than the judge reckons with would
 * look like a bootloader that bricks boards.
 * @param chip a new one, which is not used any further
 * @param pageSizeRead what its firmware reads for the size of a page
 * @throws BenchError "emulator error" when the two do not agree, or other bytes change than those of the page
 */
export function checkGeometry(
  chip: CheckedChip,
  { stack, config, erasePage }: Geometry,
  pageBytes: number,
  pageSizeRead: () => number,
): void {
  const page = PAGE * pageBytes;
  const first = page - pageBytes;
  chip.flash.load(first, new Uint8Array(3 * pageBytes));
  chip.flash.load(0, programOf(stack, [config, erasePage ?? page, erasePage === undefined ? -1 : page]));
  chip.powerOn();
  const read = pageSizeRead();
  chip.run(RUN_US);
  chip.powerOff();
  if (read !== pageBytes) fail(`firmware reads that a page has ${read} bytes; the model reckons with ${pageBytes}`);
  for (let offset = first; offset < first + 3 * pageBytes; offset += 4) {
    const isInside = offset >= page && offset < page + pageBytes;
    if ((chip.flash.read(offset, 4) === -1) === isInside) continue;
    fail(`an erase of the page at ${hexOf(page)} ${isInside ? "leaves" : "changes"} the word at ${hexOf(offset)}`);
  }
}

function fail(what: string): never {
  throw new BenchError(`emulator error: ${what}.`, "This is no verdict about firmware: report it.");
}

function programOf(stack: number, literals: readonly number[]): Uint8Array {
  const image = new Uint8Array(CODE + 2 * PROGRAM.length + 4 * literals.length).fill(0xff);
  const view = new DataView(image.buffer);
  view.setUint32(0, stack, true);
  view.setUint32(4, CODE | 1, true);
  for (const [index, halfword] of PROGRAM.entries()) view.setUint16(CODE + 2 * index, halfword, true);
  for (const [index, literal] of literals.entries()) {
    view.setInt32(CODE + 2 * PROGRAM.length + 4 * index, literal | 0, true);
  }
  return image;
}
