import { viewOf } from "../../core/index.ts";

/** Bytes of the command block that both cores share, at the start of pcd_sram. */
export const COMMAND_BLOCK_BYTES = 16;

/** First word of the block: a command of the application core, then b0n's answer. Source: sdk-nrf include/dfu/pcd.h. */
export const PCD_MAGICS = [
  { name: "copy", magic: 0xb5b4_b3b6, source: "sdk-nrf include/dfu/pcd.h" },
  { name: "done", magic: 0xf103_ce5d, source: "sdk-nrf include/dfu/pcd.h" },
  { name: "failed", magic: 0x25ba_fc15, source: "sdk-nrf include/dfu/pcd.h" },
  { name: "read version", magic: 0xdca3_45ea, source: "sdk-nrf include/dfu/pcd.h, since about 2.3" },
  { name: "lock debug", magic: 0xb6f2_49ec, source: "sdk-nrf include/dfu/pcd_common.h, since 2.9" },
] as const;

export type PcdStatus = (typeof PCD_MAGICS)[number]["name"];

/** The command block: 32-bit little-endian words in this order. */
export interface CommandBlock {
  readonly status: PcdStatus;
  /** Address in the application core's memory: source of a copy, destination of a version. */
  readonly dataAddress: number;
  readonly bytes: number;
  /** Offset in the network core's flash, from its start. */
  readonly flashOffset: number;
}

const FIELDS = ["dataAddress", "bytes", "flashOffset"] as const;

export function encodeCommandBlock(block: CommandBlock): Uint8Array {
  const out = new Uint8Array(COMMAND_BLOCK_BYTES);
  setStatus(out, block.status);
  for (const [index, field] of FIELDS.entries()) viewOf(out).setUint32(4 * (index + 1), block[field], true);
  return out;
}

/** What a block says; whatever is no known magic (noise after power-on) reads as failed: there is no command. */
export function decodeCommandBlock(bytes: Uint8Array): CommandBlock {
  const view = viewOf(bytes);
  const magic = view.getUint32(0, true);
  const status = PCD_MAGICS.find((row) => row.magic === magic)?.name ?? "failed";
  const [dataAddress, length, flashOffset] = [4, 8, 12].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
  ];
  return { status, dataAddress, bytes: length, flashOffset };
}

/** Writes the first word of a block. */
export function setStatus(block: Uint8Array, status: PcdStatus): void {
  const row = PCD_MAGICS.find((candidate) => candidate.name === status);
  viewOf(block).setUint32(0, row?.magic ?? 0, true);
}
