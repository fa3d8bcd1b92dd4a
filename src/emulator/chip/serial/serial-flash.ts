import { type FlashOperation, MX25R6435F } from "../../../mcuboot/index.ts";

/** What the controller needs of the flash's content: bytes by the flash's own addresses, and changes. */
interface SerialContent {
  read(offset: number, bytes: number): Uint8Array;
  /** May throw to keep the operation from happening, as a power cut does. */
  change(operation: FlashOperation): void;
}

/** JEDEC id of the MX25R6435F: Macronix, MX25R, 64 Mbit. Source: MX25R6435F data sheet, RDID. */
const JEDEC_ID = [0xc2, 0x28, 0x17];
/** SFDP header alone: signature "SFDP", revision 1.6, no more parameter tables than the basic one. */
const SFDP = [0x53, 0x46, 0x44, 0x50, 0x06, 0x01, 0x00, 0xff];
const QUAD_ENABLE = 0x40;
const WRITE_ENABLED = 0x02;
const PAGE_BYTES = 256;
const SECTOR_BYTES = 4096;

/**
 * An MX25R6435F: 8 MiB in sectors of 4 KiB, programmed in pages of 256 bytes. Times are those of the model's table.
 * Source: MX25R6435F data sheet, command set.
 */
export class SerialFlash {
  readonly bytes = 0x80_0000;
  readonly #content: SerialContent;
  #status = 0;
  #configuration = [0, 0];
  #sleeps = false;

  constructor(content: SerialContent) {
    this.#content = content;
  }

  get status(): number {
    return this.#status;
  }

  get sleeps(): boolean {
    return this.#sleeps;
  }

  read(offset: number, bytes: number): Uint8Array {
    return this.#content.read(offset % this.bytes, bytes);
  }

  /** Programs, page by page. @returns how long it takes, in microseconds */
  program(offset: number, data: Uint8Array): number {
    let us = 0;
    for (let at = 0; at < data.length; ) {
      const to = Math.min(data.length, at + PAGE_BYTES - ((offset + at) % PAGE_BYTES));
      this.#content.change({ kind: "write", offset: offset + at, data: data.slice(at, to) });
      us += MX25R6435F.unitUs;
      at = to;
    }
    return us;
  }

  /** @returns how long it takes, in microseconds */
  erase(offset: number, bytes: number): number {
    const from = offset - (offset % bytes);
    this.#content.change({ kind: "erase", offset: from, bytes });
    return MX25R6435F.eraseUs * (bytes / SECTOR_BYTES);
  }

  /**
   * One instruction as the controller sends it. @param data what follows the opcode
   * @returns what the flash answers, and how long it is busy; undefined for an instruction that is not there
   */
  instruct(
    opcode: number,
    data: readonly number[],
  ): { readonly answer: readonly number[]; readonly us: number } | undefined {
    const answered = (answer: readonly number[], us = 0) => ({ answer, us });
    switch (opcode) {
      case 0x9f:
        return answered(JEDEC_ID);
      case 0x05:
        return answered([this.#status]);
      case 0x15:
        return answered(this.#configuration);
      case 0x01:
        this.#status = (data[0] ?? 0) & (QUAD_ENABLE | 0xbc);
        this.#configuration = [data[1] ?? 0, data[2] ?? 0];
        return answered([]);
      case 0x06:
        this.#status |= WRITE_ENABLED;
        return answered([]);
      case 0x04:
        this.#status &= ~WRITE_ENABLED;
        return answered([]);
      case 0x5a:
        return answered([...data.slice(0, 4).map(() => 0), ...SFDP]);
      case 0xb9:
        this.#sleeps = true;
        return answered([]);
      case 0xab:
        this.#sleeps = false;
        return answered([]);
      case 0x66:
      case 0x99:
        return answered([]);
      case 0x60:
      case 0xc7:
        return answered([], this.erase(0, this.bytes));
      default:
        return undefined;
    }
  }
}
