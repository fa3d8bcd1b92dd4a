import { viewOf } from "../../core/index.ts";
import { decodeHeader, HEADER_BYTES, IMAGE_MAGIC, type ImageHeader } from "../../image/index.ts";
import { B0N_CONTAINER, NET_APP, NET_FLASH } from "../builds/net-core-map.ts";
import { isEncrypted, loadImageKey } from "../loader/body-keys.ts";
import { type ImagePair, type LoaderState, log, SECONDARY, type Swap } from "../loader/loader-state.ts";
import { copyRegion } from "../loader/regions.ts";
import { tlvRange } from "../loader/tlv-walk.ts";
import { encodeCommandBlock } from "../steps/command-block.ts";
import type { RamContent, Steps } from "../steps/steps.ts";
import { handOver } from "./hand-over.ts";

/** Header that MCUboot is made to see in the network core's primary slot. */
const HEADER_SIZE = 0x200;

/**
 * The header of what runs on the network core: invented, as nobody can read it from the application core. Version
 * 0.0.0, the size of the whole area. Source: sdk-nrf nrf53_hooks.c boot_read_image_header_hook.
 */
export function netPrimaryHeader(): ImageHeader {
  const header = decodeHeader(new Uint8Array(HEADER_BYTES));
  return { ...header, magic: IMAGE_MAGIC, headerBytes: HEADER_SIZE, bodyBytes: NET_APP.bytes };
}

/**
 * Copies an image of the network core to its buffer in RAM, decrypted on the way, and from there to the network core.
 * The copy to RAM is no operation on flash: power that goes in it leaves nothing behind.
 * @returns false when there is no key, or b0n refuses.
 * Source: MCUboot loader.c boot_copy_image, sdk-nrf nrf53_hooks.c boot_copy_region_post_hook.
 */
export function* copyToNetCore(loader: LoaderState, image: ImagePair, swap: Swap): Steps<boolean> {
  const [primary, secondary] = image.areas;
  const header = image.headers[SECONDARY];
  const bytes = tlvRange(loader, image, SECONDARY)?.end ?? 0;
  yield* log(loader, "upgrading", { image: image.index });
  yield* log(loader, "erasing primary");
  if (loader.build.encryption !== undefined && isEncrypted(header)) {
    if (!loadImageKey(loader, image, SECONDARY, swap)) return false;
  }
  yield* log(loader, "copying", { image: image.index, hexBytes: `0x${bytes.toString(16)}` });
  const ram = { address: primary.offset, bytes: new Uint8Array(primary.bytes).fill(0xff) };
  const copy = { from: { area: secondary, offset: 0 }, to: { area: primary, offset: 0 }, bytes };
  for (const step of copyRegion(loader, image, copy)) {
    if (step.kind === "write") ram.bytes.set(step.data, step.offset - primary.offset);
    else yield step;
  }
  if (!isNetImage(ram.bytes)) return true;
  return yield* handOver(loader, { dataAddress: primary.offset + header.headerBytes, bytes: header.bodyBytes, ram });
}

/**
 * The command that hands an uploaded image to b0n, which MCUboot's serial recovery does without waiting for the answer;
 * undefined when what stands in RAM is no image of the network core.
 * Source: sdk-nrf nrf53_hooks.c boot_serial_uploaded_hook, pcd.c pcd_network_core_update_initiate.
 */
export function copyCommand({ address, bytes }: RamContent): Uint8Array | undefined {
  if (!isNetImage(bytes)) return undefined;
  const { headerBytes, bodyBytes } = decodeHeader(bytes.subarray(0, HEADER_BYTES));
  const flashOffset = NET_APP.address - NET_FLASH.address;
  return encodeCommandBlock({ status: "copy", dataAddress: address + headerBytes, bytes: bodyBytes, flashOffset });
}

/** What stands in RAM looks like an image of the network core; anything else is passed over as if it were done. */
function isNetImage(ram: Uint8Array): boolean {
  const { magic, headerBytes } = decodeHeader(ram.subarray(0, HEADER_BYTES));
  if (magic !== IMAGE_MAGIC || headerBytes + 8 > ram.length) return false;
  return viewOf(ram).getUint32(headerBytes + 4, true) > B0N_CONTAINER.address;
}
