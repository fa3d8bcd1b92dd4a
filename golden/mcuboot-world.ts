import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex } from "../src/core/index.ts";
import { aesCtr, decodeHeader, formatVersion, HEADER_BYTES } from "../src/image/index.ts";
import {
  type Area,
  type BootloaderBuild,
  type BootResult,
  boot,
  FlashContent,
  type FlashOperation,
  isOperation,
  type LogLine,
  type Steps,
  type Torn,
} from "../src/mcuboot/index.ts";
import { areasOf, buildOf } from "./mcuboot-build.ts";
import { LeakWatch } from "./mcuboot-leak.ts";
import type { InitialFlash, TornName, VectorConfig, VectorImage } from "./mcuboot-schema.ts";

/** An image of the vectors with its bytes. */
export interface LoadedImage {
  readonly row: VectorImage;
  readonly bytes: Uint8Array;
  /** The body as it runs. */
  readonly plainBody: Uint8Array;
  readonly key: Uint8Array | undefined;
}

/** A flash content that a boot left behind. */
export interface Booted {
  readonly result: string;
  readonly operations: number;
  readonly flash: FlashContent;
}

const BOOTS_KEPT_MAX = 20_000;

/** One configuration with its images, and what is known already of flash contents. */
export class VectorWorld {
  readonly config: VectorConfig;
  readonly build: BootloaderBuild;
  readonly areas: ReadonlyMap<string, Area>;
  readonly #folder: string;
  readonly #rows: ReadonlyMap<string, VectorImage>;
  readonly #images = new Map<string, LoadedImage>();
  readonly #hashes = new Map<string, string>();
  readonly #boots = new Map<string, Booted>();

  constructor(folder: string, config: VectorConfig, images: readonly VectorImage[]) {
    this.config = config;
    this.build = buildOf(folder, config);
    this.areas = areasOf(config);
    this.#folder = folder;
    this.#rows = new Map(images.map((row) => [row.id, row]));
  }

  area(name: string): Area {
    const area = this.areas.get(name);
    if (area === undefined) throw new RangeError(`configuration ${this.config.id} has no area ${name}`);
    return area;
  }

  image(id: string): LoadedImage {
    const known = this.#images.get(id);
    if (known !== undefined) return known;
    const row = this.#rows.get(id);
    if (row === undefined) throw new RangeError(`the vectors have no image ${id}`);
    const bytes = new Uint8Array(readFileSync(join(this.#folder, row.file)));
    const body = bytes.subarray(row.hdr_size, row.hdr_size + row.body_size);
    const key = row.aes_key === null ? undefined : fromHex(row.aes_key);
    const plainBody = row.body_is_plaintext_in_file || key === undefined ? body : aesCtr(key, body, 0);
    const image = { row, bytes, plainBody, key };
    this.#images.set(id, image);
    return image;
  }

  watch(ids: readonly string[]): LeakWatch {
    return new LeakWatch(
      this.areas,
      ids.map((id) => this.image(id)),
    );
  }

  initialFlash(initial: InitialFlash): FlashContent {
    const flash = FlashContent.erased(this.config.geometry.flash_size, this.config.geometry.sector);
    for (const { area, off, image } of initial.place) this.place(flash, area, off, image);
    for (const { area, off, hex } of initial.poke ?? []) flash.load(this.area(area).offset + off, fromHex(hex));
    return flash;
  }

  /** Puts an image into an area, cut off at the area's end. */
  place(flash: FlashContent, name: string, offset: number, image: string): void {
    const area = this.area(name);
    flash.load(area.offset + offset, this.image(image).bytes.subarray(0, area.bytes - offset));
  }

  eraseArea(flash: FlashContent, name: string): void {
    const area = this.area(name);
    flash.load(area.offset, new Uint8Array(area.bytes).fill(0xff));
  }

  /** The first 16 hex digits of the flash's SHA-256. */
  hash(flash: FlashContent): string {
    const name = flash.identity();
    let hash = this.#hashes.get(name);
    if (hash === undefined) {
      hash = flash.sha256().slice(0, 16);
      this.#hashes.set(name, hash);
    }
    return hash;
  }

  /** What one uninterrupted boot makes of a flash. */
  boot(flash: FlashContent): Booted {
    const name = flash.identity();
    const known = this.#boots.get(name);
    if (known !== undefined) return known;
    const after = flash.snapshot();
    let operations = 0;
    const driven = drive(boot(after, this.build), after, () => {
      operations += 1;
      return false;
    });
    if (!driven.done) throw new Error("an uninterrupted boot was stopped");
    const booted = { result: this.resultText(driven.value, after), operations, flash: after };
    if (this.#boots.size >= BOOTS_KEPT_MAX) this.#boots.clear();
    this.#boots.set(name, booted);
    return booted;
  }

  /** A result as the vectors write it: versions, FAIL, or PANIC with its assertion; HANG with what no vector holds. */
  resultText(result: BootResult, flash: FlashContent): string {
    if (result.kind === "fail") return "FAIL";
    if (result.kind !== "run") return `${result.kind.toUpperCase()} ${result.reason}`;
    return result.slots.map((offset) => versionAt(flash, offset)).join("|");
  }
}

/** How a step ended: of itself, or stopped by its driver. */
export type Driven<T> = { readonly done: true; readonly value: T } | { readonly done: false };

/** Applies all operations of a step; `before` sees each before it takes effect and stops the step by returning true. */
export function drive<T>(
  steps: Steps<T>,
  flash: FlashContent,
  before: (operation: FlashOperation) => boolean,
  log: (line: LogLine) => void = () => {},
): Driven<T> {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return { done: true, value: next.value };
    const step = next.value;
    if (step.kind === "log") log(step);
    if (!isOperation(step)) continue;
    if (before(step)) return { done: false };
    flash.apply(step);
  }
}

/** Torn as the model names it; undefined: the operation is not done at all. */
export function tornOf(name: TornName): Torn | undefined {
  return name === "clean" ? undefined : name;
}

function versionAt(flash: FlashContent, offset: number): string {
  return formatVersion(decodeHeader(flash.read(offset, HEADER_BYTES)).version);
}
