import { aesCtr } from "../../image/index.ts";
import type { Area, BootloaderBuild } from "../builds/build.ts";
import type { FlashContent } from "../flash/flash-content.ts";
import { isEncrypted, unwrapKey } from "../loader/body-keys.ts";
import { hasMagic, headerAt, newLoaderState, PRIMARY, SECONDARY } from "../loader/loader-state.ts";
import { tlvEntries } from "../loader/tlv-walk.ts";

/** What must stay in the primary slot: the body of an encrypted image in clear, and the AES key it is encrypted with. */
export interface Secret {
  readonly plainBody: Uint8Array;
  readonly key: Uint8Array | undefined;
}

/** Something that lies where it must not. */
export interface Leak {
  readonly what: "plain text" | "AES key";
  readonly where: "secondary" | "scratch";
}

/** AES works on blocks of this size, and bodies start on a multiple of it. */
const BLOCK_BYTES = 16;

/**
 * Kinds of leak. A key in the scratch area's trailer is how MCUboot works with plain keys: it holds while scratch is
 * internal flash, and profiles with scratch elsewhere are refused.
 */
const LEAKS: readonly (Leak & { readonly byDesign: boolean })[] = [
  { what: "plain text", where: "secondary", byDesign: false },
  { what: "AES key", where: "secondary", byDesign: false },
  { what: "plain text", where: "scratch", byDesign: false },
  { what: "AES key", where: "scratch", byDesign: true },
];

const NONE: readonly Leak[] = [];

/** What of the secrets lies in a part of the flash. */
interface Secrets {
  readonly text: boolean;
  readonly key: boolean;
}

/** A part of an area, as an object that stands for its content, and what is in it. */
interface LookedAt {
  readonly group: object;
  readonly found: Secrets;
}

/** Looks for secrets outside the primary slots; each content of a sector is looked through once. */
export class LeakWatch {
  readonly #areas: readonly { readonly area: Area; readonly where: Leak["where"] }[];
  readonly #blocks = new Set<string>();
  readonly #keys: readonly Buffer[];
  readonly #known = new Map<string, Secrets>();
  /** The same of whole parts of an area: most of a flash is what it was when it was looked through last. */
  readonly #groups = new Map<Area, WeakMap<object, Secrets>>();
  /** The parts of each area in the flash that was looked through last: the next one has nearly all of them. */
  readonly #last = new Map<Area, LookedAt[]>();

  constructor(build: BootloaderBuild, secrets: readonly Secret[]) {
    const secondaries = build.images.map(({ secondary }) => ({ area: secondary, where: "secondary" as const }));
    const scratch = build.scratch === undefined ? [] : [{ area: build.scratch, where: "scratch" as const }];
    this.#areas = [...secondaries, ...scratch];
    this.#keys = secrets.flatMap(({ key }) => (key === undefined ? [] : [Buffer.from(key)]));
    for (const { plainBody } of secrets) {
      const text = Buffer.from(plainBody).toString("latin1");
      for (let at = 0; at + BLOCK_BYTES <= text.length; at += BLOCK_BYTES) {
        const block = text.slice(at, at + BLOCK_BYTES);
        // Blocks of one value are padding, and erased flash looks like one of them.
        if (block !== block.charAt(0).repeat(BLOCK_BYTES)) this.#blocks.add(block);
      }
    }
  }

  /** All that leaks in a flash content, each kind once; what MCUboot does by design only when it is asked for. */
  leaks(flash: FlashContent, options: { readonly byDesign?: boolean } = {}): readonly Leak[] {
    if (this.#blocks.size === 0 && this.#keys.length === 0) return NONE;
    let found: Set<string> | undefined;
    for (const { area, where } of this.#areas) {
      const { text, key } = this.#lookThrough(flash, area);
      if (!text && !key) continue;
      found ??= new Set();
      if (text) found.add(`plain text ${where}`);
      if (key) found.add(`AES key ${where}`);
    }
    if (found === undefined) return NONE;
    return LEAKS.filter((row) => found.has(`${row.what} ${row.where}`) && (options.byDesign || !row.byDesign));
  }

  #lookThrough(flash: FlashContent, area: Area): Secrets {
    const all = { text: false, key: false };
    const last = this.#last.get(area) ?? [];
    this.#last.set(area, last);
    let at = 0;
    flash.eachPart(area.offset, area.bytes, (group, offset, bytes) => {
      let part = last[at];
      if (part?.group !== group) {
        part = { group, found: this.#inPart(flash, area, { group, offset, bytes }) };
        last[at] = part;
      }
      at += 1;
      all.text ||= part.found.text;
      all.key ||= part.found.key;
    });
    return all;
  }

  #inPart(
    flash: FlashContent,
    area: Area,
    { group, offset, bytes }: { readonly group: object; readonly offset: number; readonly bytes: number },
  ): Secrets {
    const groups = this.#groups.get(area) ?? new WeakMap<object, Secrets>();
    this.#groups.set(area, groups);
    const known = groups.get(group);
    if (known !== undefined) return known;
    const found = { text: false, key: false };
    const still = flash.still();
    for (let at = offset; at < offset + bytes; at += flash.sectorBytes) {
      const { text, key } = this.#look(still, at);
      found.text ||= text;
      found.key ||= key;
    }
    groups.set(group, found);
    return found;
  }

  #look(still: FlashContent, offset: number): Secrets {
    const name = still.identity(offset, still.sectorBytes) ?? "";
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const sector = Buffer.from(still.read(offset, still.sectorBytes));
    const content = sector.toString("latin1");
    let text = false;
    for (let at = 0; at < content.length && !text; at += BLOCK_BYTES) {
      text = this.#blocks.has(content.slice(at, at + BLOCK_BYTES));
    }
    const found = { text, key: this.#keys.some((key) => sector.includes(key)) };
    this.#known.set(name, found);
    return found;
  }
}

/** The secrets of the encrypted images that lie in a flash; none when the bootloader cannot decrypt. */
export function secretsIn(flash: FlashContent, build: BootloaderBuild): readonly Secret[] {
  const { encryption } = build;
  if (encryption === undefined) return [];
  return newLoaderState(flash, build).images.flatMap((image, _, images) =>
    ([PRIMARY, SECONDARY] as const).flatMap((slot) => {
      const start = slot === SECONDARY && build.mode === "offset" ? [build.sectorBytes, 0] : [0];
      return start.flatMap((offset) => {
        const header = headerAt({ flash, build, images, swaps: [], refusals: [] }, image.areas[slot], offset);
        if (!hasMagic(header) || !isEncrypted(header)) return [];
        image.headers[slot] = header;
        if (slot === SECONDARY) image.secondaryOffset = offset;
        const entries = tlvEntries({ flash, build, images, swaps: [], refusals: [] }, image, slot) ?? [];
        const tlv = entries.find((entry) => entry.type === encryption.tlvType);
        const key = tlv === undefined ? undefined : unwrapKey(encryption, tlv.data);
        const body = flash.read(image.areas[slot].offset + offset + header.headerBytes, header.bodyBytes);
        if (slot === PRIMARY) return [{ plainBody: body, key }];
        return key === undefined ? [] : [{ plainBody: aesCtr(key, body, 0), key }];
      });
    }),
  );
}
