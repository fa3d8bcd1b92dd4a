import { imageCrypto, type ProfileKeys } from "../../board/index.ts";
import { Random } from "../../core/index.ts";
import { buildImage, generatePayload, parseVersion, seededRandomness, writeDfuZip } from "../../image/index.ts";

/** An image for the small board, as a build would leave it behind: signed and (by default) encrypted. */
export function signedImage(
  keys: ProfileKeys,
  version: string,
  { encrypt = true }: { readonly encrypt?: boolean } = {},
): Uint8Array {
  const random = Random.fromSeed(version);
  const payload = generatePayload({ random, name: "signed", version, bodyAddress: 0x10200, bytes: 6000 });
  return buildImage(payload, {
    version: parseVersion(version),
    headerBytes: 512,
    padHeader: true,
    ...imageCrypto(keys, encrypt),
    randomness: seededRandomness(random.fork("key")),
  }).image;
}

/** A DFU package of such files: name, content, image number. */
export function zipOf(
  ...files: readonly (readonly [name: string, bytes: Uint8Array, imageIndex: number])[]
): Uint8Array {
  const common = { type: "application", board: "nrf5340dk/nrf5340/cpuapp", soc: "nrf5340", modifiedUnixS: 0 };
  return writeDfuZip(
    files.map(([name, bytes, index]) => ({ ...common, name, bytes, details: { image_index: String(index) } })),
    { timeUnixS: 0 },
  );
}
