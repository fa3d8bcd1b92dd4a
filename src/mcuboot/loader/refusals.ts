import { formatVersion } from "../../image/index.ts";
import type { Fault } from "../builds/refusal-table.ts";
import { type ImagePair, type LoaderState, PRIMARY, type Slot } from "./loader-state.ts";

/** Notes why a boot turns an image away. */
export function refuse(loader: LoaderState, { index }: ImagePair, slot: Slot, fault: Fault): void {
  loader.refusals.push({ ...fault, image: index, slot });
}

/** Downgrade prevention, in numbers. What the network core runs stands in no header. */
export function olderVersion({ headers: [primary, secondary], areas }: ImagePair): Fault {
  const running = areas[PRIMARY].inRam === true ? "what the network core runs" : formatVersion(primary.version);
  return { reason: "older version", values: { version: formatVersion(secondary.version), running } };
}
