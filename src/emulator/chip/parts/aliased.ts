import type { Region } from "../../memory/memory-map.ts";

/** A region seen at another address. */
export class Aliased implements Region {
  readonly name: string;
  readonly start: number;
  readonly bytes: number;
  readonly executable: boolean;
  readonly #region: Region;
  readonly #allow: (address: number) => void;

  /** @param allow throws where the access is not allowed at this address */
  constructor(region: Region, start: number, allow: (address: number) => void = () => undefined) {
    this.name = region.name;
    this.start = start;
    this.bytes = region.bytes;
    this.executable = region.executable;
    this.#region = region;
    this.#allow = allow;
  }

  read(offset: number, bytes: number): number {
    this.#allow(this.start + offset);
    return this.#region.read(offset, bytes);
  }

  write(offset: number, bytes: number, value: number): void {
    this.#allow(this.start + offset);
    this.#region.write(offset, bytes, value);
  }
}
