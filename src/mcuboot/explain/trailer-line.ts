import type { StatusSource } from "../loader/loader-state.ts";
import { SWAP_CODE, SWAP_TYPES, type SwapType, swapTypeOfCode } from "../trailer/swap-codes.ts";
import { EMPTY_TRAILER, FLAG_CODE, type Flag, type Magic, type TrailerState } from "../trailer/trailer.ts";

type Fields = Readonly<Record<string, string>>;

const MAGICS: readonly Magic[] = ["good", "unset", "bad"];
const SOURCES: readonly StatusSource[] = ["none", "primary slot", "scratch"];

/** A trailer as a log line shows it. */
export function trailerOf(fields: Fields): TrailerState {
  const code = Number(fields["swapType"] ?? SWAP_CODE.none);
  return {
    ...EMPTY_TRAILER,
    magic: MAGICS.find((magic) => magic === fields["magic"]) ?? "bad",
    swapCode: code,
    swapType: swapTypeOfCode(code),
    copyDone: flagOf(fields["copyDone"]),
    imageOk: flagOf(fields["imageOk"]),
  };
}

function flagOf(text: string | undefined): Flag {
  const code = Number(text);
  return code === FLAG_CODE.set ? "set" : code === FLAG_CODE.unset ? "unset" : "bad";
}

export function typeOf(fields: Fields): SwapType {
  return SWAP_TYPES.find((row) => row.name === fields["type"])?.name ?? "none";
}

export function sourceOf(fields: Fields): StatusSource {
  return SOURCES.find((source) => source === fields["bootSource"]) ?? "none";
}

export function trailerText({ magic, copyDone, imageOk }: TrailerState): string {
  return `magic ${magic}, copy_done 0x${FLAG_CODE[copyDone]} (${copyDone}), image_ok 0x${FLAG_CODE[imageOk]} (${imageOk})`;
}
