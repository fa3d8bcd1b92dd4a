import { equalBytes } from "../../core/index.ts";
import { hashOfTlv } from "../format/hashes.ts";
import { isMarkedEncrypted, type ParsedImage } from "../format/parse.ts";
import { keyTlvOf, openImageKey } from "../inspect/verify.ts";
import type { WrappingKey } from "../keys/image-key.ts";
import type { PrivateKey } from "../keys/keys.ts";

/** Two images, by their places in the list, that share one AES key. */
type SharedKey = readonly [first: number, second: number];

/**
 * Pairs of different images that are encrypted with one AES key. The counter of MCUboot's cipher always starts at zero,
 * so whoever has two such files has the difference of their contents, without any key. Keys are compared and dropped.
 * Two files of one image (equal hash: the encrypted one and its --clear twin) are no pair.
 * @param key opens the images; without it only equal key TLVs tell.
 */
export function sharedImageKeys(images: readonly ParsedImage[], key?: PrivateKey | WrappingKey): readonly SharedKey[] {
  const secrets = images.map((image) => secretOf(image, key));
  return images.flatMap((first, at) =>
    images.slice(at + 1).flatMap((second, further): SharedKey[] => {
      const other = at + 1 + further;
      const [one, two] = [secrets[at], secrets[other]];
      if (one === undefined || two === undefined || !equalBytes(one, two) || sameImage(first, second)) return [];
      return [[at, other]];
    }),
  );
}

function secretOf(image: ParsedImage, key: PrivateKey | WrappingKey | undefined): Uint8Array | undefined {
  if (!isMarkedEncrypted(image.header)) return undefined;
  const opened = key === undefined ? undefined : openImageKey(image, key);
  return opened !== undefined && "imageKey" in opened ? opened.imageKey : keyTlvOf(image)?.data;
}

function sameImage(a: ParsedImage, b: ParsedImage): boolean {
  const [one, two] = [a, b].map((image) => image.area.entries.find((entry) => hashOfTlv(entry.type) !== undefined));
  return one !== undefined && two !== undefined && equalBytes(one.data, two.data);
}
