import type { Area, FlashContent } from "../src/mcuboot/index.ts";
import type { LoadedImage } from "./mcuboot-world.ts";

const BLOCK_BYTES = 16;
/** Bits of the vectors' `leak`, by kind of area. */
const BODY_BIT = { primary: 0, secondary: 1, scratch: 2 } as const;
const KEY_BIT = { primary: 4, secondary: 8, scratch: 16 } as const;
type Kind = keyof typeof KEY_BIT;

function kindOf(areaName: string): Kind {
  if (areaName.startsWith("primary")) return "primary";
  return areaName.startsWith("secondary") ? "secondary" : "scratch";
}

/** Looks for plain bodies and AES keys of some images where they must not be. */
export class LeakWatch {
  readonly #areas: readonly { readonly area: Area; readonly kind: Kind }[];
  readonly #blocks = new Set<string>();
  readonly #keys: readonly Buffer[];
  readonly #known = new Map<string, { readonly body: boolean; readonly key: boolean }>();

  constructor(areas: ReadonlyMap<string, Area>, images: readonly LoadedImage[]) {
    this.#areas = [...areas].map(([name, area]) => ({ area, kind: kindOf(name) }));
    this.#keys = images.flatMap(({ key }) => (key === undefined ? [] : [Buffer.from(key)]));
    for (const { plainBody } of images) {
      for (let at = 0; at + BLOCK_BYTES <= plainBody.length; at += BLOCK_BYTES) {
        this.#blocks.add(Buffer.from(plainBody.subarray(at, at + BLOCK_BYTES)).toString("latin1"));
      }
    }
  }

  /** The vectors' leak bits of a flash content. */
  bits(flash: FlashContent): number {
    if (this.#blocks.size === 0) return 0;
    let bits = 0;
    for (const { area, kind } of this.#areas) {
      for (let at = 0; at < area.bytes; at += flash.sectorBytes) {
        const found = this.#look(flash, area.offset + at);
        if (found.body) bits |= BODY_BIT[kind];
        if (found.key) bits |= KEY_BIT[kind];
      }
    }
    return bits;
  }

  #look(flash: FlashContent, offset: number): { readonly body: boolean; readonly key: boolean } {
    const still = flash.still();
    const name = still.identity(offset, still.sectorBytes) ?? "";
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const sector = Buffer.from(still.read(offset, still.sectorBytes));
    const text = sector.toString("latin1");
    let body = false;
    for (let at = 0; at < text.length && !body; at += BLOCK_BYTES) {
      body = this.#blocks.has(text.slice(at, at + BLOCK_BYTES));
    }
    const found = { body, key: this.#keys.some((key) => sector.includes(key)) };
    this.#known.set(name, found);
    return found;
  }
}
