import { textOf } from "../../core/index.ts";
import type { SerialPeer } from "./serial-rig.ts";

/** A 16-channel board: carries out and echoes. */
export const denkoviPeer: () => SerialPeer = () => (bytes, coils) => {
  const [, relay, sign] = /^([0-9]{2})([+-])\/\/$/.exec(textOf(bytes)) ?? [];
  if (relay === undefined || coils.stuck) return new Uint8Array();
  coils.set(Number(relay), sign === "+");
  return bytes;
};
