import type { GenerationRow } from "../builds/generation-row.ts";
import { isWithin, type ReleaseRange } from "../builds/release.ts";
import { LIFE_CYCLE_LINES, NSIB_LINES, ONE_SLOT_LINES, RAM_LINES } from "./other-lines.ts";
import type { LogLine } from "./steps.ts";

/** `from` and `to`: the releases of MCUboot that print it so. */
interface LineRow extends ReleaseRange {
  /** The releases of nRF Connect SDK that do, where its MCUboot is not like the release that it is based on. */
  readonly sdk?: ReleaseRange;
  /** What the line means. Rows of one event are the same line as different generations print it. */
  readonly event: string;
  readonly level: LogLine["level"];
  /** The text, with `{name}` where a value stands; `PLACES` says what a value looks like. */
  readonly text: string;
  readonly source: string;
}

/** What stands for a `{name}` in a line. Each repeat has an end: a hostile log must not make a pattern look far from everywhere. */
const PLACES = {
  image: "\\d{1,10}",
  slot: "primary|secondary",
  area: "Primary image|Secondary image|Scratch",
  magic: "good|unset|bad",
  swapType: "0x[0-9a-f]{1,16}",
  copyDone: "0x[0-9a-f]{1,16}",
  imageOk: "0x[0-9a-f]{1,16}",
  bootSource: "none|primary slot|scratch|BUG; can't happen",
  type: "none|test|perm|revert",
  algorithm: "move|offset|scratch|nsib",
  offset: "0x[0-9a-f]{1,16}",
  bytes: "\\d{1,10}",
  hexBytes: "0x[0-9a-f]{1,16}",
  available: "\\d{1,10}",
  version: "v?\\d{1,6}\\.\\d{1,6}\\.\\d{1,10}\\S{0,100}",
  code: "[0-9a-f]{1,8}",
  count: "-?\\d{1,10}",
  sectors: "\\d{1,10}",
  value: "0x[0-9a-f]{1,16}",
  core: "MCUboot|mcuboot|NSIB|application|nRF Connect SDK|Zephyr OS build",
  rest: ".{0,200}?",
} as const;

type Place = keyof typeof PLACES;
export type LineValues = Readonly<Partial<Record<Place, string | number>>>;

const ports = "MCUboot boot/zephyr/main.c";
const loader = "MCUboot loader.c";
const moves = "MCUboot swap_move.c, swap_scratch.c, swap_offset.c";
const hooks = "nRF Connect SDK pcd.c, loader.c";

/** Every line that MCUboot and its Zephyr port print at level info or above. Read in sdk-mcuboot, all tags. */
export const LOG_LINES = [
  { event: "banner", level: "", text: "*** Booting {core} {version} {rest}***", source: "Zephyr kernel/banner.c" },
  { event: "banner", level: "", text: "*** Booting {core} {version} ***", source: "Zephyr kernel/banner.c" },
  { event: "sdk banner", level: "", text: "*** Using nRF Connect SDK {version} ***", source: "sdk-nrf banner" },
  { event: "os banner", level: "", text: "*** Using Zephyr OS {version} ***", source: "sdk-nrf banner" },
  { event: "os banner", level: "", text: "*** Using Zephyr OS build {version} ***", source: "Zephyr kernel/banner.c" },
  { event: "starting bootloader", level: "I", text: "Starting bootloader", source: ports },
  { event: "starting bootloader", level: "I", text: "Starting Direct-XIP bootloader", source: ports },
  ...LIFE_CYCLE_LINES,
  ...NSIB_LINES,
  { event: "serial recovery", level: "I", text: "Enter the serial recovery mode", source: ports },
  {
    event: "swap state",
    level: "I",
    text: "{area}: magic={magic}, swap_type={swapType}, copy_done={copyDone}, image_ok={imageOk}",
    source: moves,
  },
  { event: "boot source", level: "I", text: "Boot source: {bootSource}", source: moves },
  // Before the older line, which is a part of it.
  {
    event: "swap type",
    level: "I",
    text: "Image index: {image}, Swap type: {type}",
    from: "1.10.99",
    source: "MCUboot bootutil_public.c",
  },
  { event: "swap type", level: "I", text: "Swap type: {type}", to: "1.10", source: "MCUboot bootutil_public.c" },
  {
    event: "secondary unreachable",
    level: "I",
    text: "Secondary image of image pair ({image}) is unreachable. Treat it as empty",
    from: "1.7.99",
    source: "MCUboot bootutil_public.c",
  },
  {
    event: "starting swap",
    level: "I",
    text: "Starting swap using {algorithm} algorithm.",
    from: "1.9.99",
    source: moves,
  },
  {
    event: "stuck revert cleared",
    level: "I",
    text: "Cleared image {image} primary slot trailer due to stuck revert",
    from: "2.2",
    source: loader,
  },
  { event: "upgrading", level: "I", text: "Image upgrade secondary slot -> primary slot", to: "1.10", source: loader },
  {
    event: "upgrading",
    level: "I",
    text: "Image {image} upgrade secondary slot -> primary slot",
    from: "1.10.99",
    source: loader,
  },
  { event: "erasing primary", level: "I", text: "Erasing the primary slot", source: loader },
  {
    event: "copying",
    level: "I",
    text: "Copying the secondary slot to the primary slot: {hexBytes} bytes",
    to: "1.10",
    source: loader,
  },
  {
    event: "copying",
    level: "I",
    text: "Image {image} copying the secondary slot to the primary slot: {hexBytes} bytes",
    from: "1.10.99",
    source: loader,
  },
  {
    event: "slot version",
    level: "I",
    text: "Primary   slot: version={version}",
    source: "MCUboot loader.c BOOT_LOG_IMAGE_INFO",
  },
  {
    event: "slot version",
    level: "I",
    text: "Secondary slot: version={version}",
    source: "MCUboot loader.c BOOT_LOG_IMAGE_INFO",
  },
  { event: "no image", level: "I", text: "Image {image} {slot} slot: image not found", source: loader },
  { event: "loaded from", level: "I", text: "Image {image} loaded from the {slot} slot", source: loader },
  { event: "no slot", level: "I", text: "No slot to load for image {image}", source: loader },
  ...RAM_LINES,
  {
    event: "wrong rom address",
    level: "W",
    text: "Image in {slot} slot at {value} has been built for offset {offset}, skipping",
    source: loader,
  },
  { event: "image invalid", level: "E", text: "Image in the {slot} slot is not valid!", source: loader },
  {
    event: "insufficient version",
    level: "E",
    text: "insufficient version in secondary slot",
    to: "2.3",
    sdk: { to: "3.4" },
    source: loader,
  },
  {
    event: "insufficient version",
    level: "E",
    text: "Insufficient version in secondary slot",
    from: "2.3.99",
    sdk: { from: "3.4.99" },
    source: loader,
  },
  {
    event: "wrong reset address",
    level: "E",
    text: "Reset address of image in secondary slot is not in the primary slot",
    to: "2.3",
    sdk: { from: "1.9", to: "3.1.99" },
    source: loader,
  },
  {
    event: "wrong reset address",
    level: "E",
    text: "Binary in secondary slot of image {image} is not designated for the primary slot",
    from: "2.3.99",
    sdk: { from: "3.2" },
    source: loader,
  },
  { event: "erasing secondary", level: "E", text: "Erasing image from secondary slot", source: loader },
  {
    event: "cleaned up",
    level: "E",
    text: "Cleaned-up secondary slot of {image}. image.",
    to: "2.1",
    source: "sdk-mcuboot loader.c, v2.0.99-ncs1 to v2.1.0-ncs1",
  },
  {
    event: "cleaned up",
    level: "E",
    text: "Cleaned-up secondary slot of image {image}",
    from: "2.1.99",
    source: "sdk-mcuboot loader.c, from v2.1.0-ncs2 on",
  },
  {
    event: "downgrade prevented",
    level: "I",
    text: "Image in slot 1 erased due to downgrade prevention",
    to: "1.10",
    source: loader,
  },
  {
    event: "downgrade prevented",
    level: "I",
    text: "Image {image} in slot 1 erased due to downgrade prevention",
    from: "1.10.99",
    source: loader,
  },
  {
    event: "wrong upload address",
    level: "E",
    text: "Secondary header magic detected in first sector, wrong upload address?",
    from: "2.2",
    source: loader,
  },
  {
    event: "no encryption key",
    level: "E",
    text: "boot_read_enc_key: No key, read all 0xFF",
    from: "2.2.99",
    source: "MCUboot bootutil_misc.c",
  },
  { event: "headers unread", level: "W", text: "Failed reading image headers; Image={image}", source: loader },
  { event: "status unread", level: "W", text: "Failed reading boot status; Image={image}", source: loader },
  {
    event: "sectors unread",
    level: "W",
    text: "Failed reading sectors; BOOT_MAX_IMG_SECTORS={sectors} - too small?",
    source: loader,
  },
  { event: "incompatible slots", level: "W", text: "Cannot upgrade: {rest}", source: moves },
  {
    event: "no space",
    level: "W",
    text: "Not enough free space to run swap upgrade",
    source: "MCUboot swap_move.c, swap_offset.c",
  },
  {
    event: "space needed",
    level: "W",
    text: "required {bytes} bytes but only {available} are available",
    from: "1.9.99",
    source: "MCUboot swap_move.c, swap_offset.c",
  },
  { event: "inconsistent status", level: "E", text: "Detected inconsistent status!", source: moves },
  { event: "status write failed", level: "W", text: "{count} status write fails performing the swap", source: loader },
  {
    event: "bad image magic",
    level: "E",
    text: "bad image magic {value}; Image={image}",
    to: "2.3",
    sdk: { to: "3.4" },
    source: loader,
  },
  {
    event: "bad image magic",
    level: "E",
    text: "Bad image magic {value}; Image={image}",
    from: "2.3.99",
    sdk: { from: "3.4.99" },
    source: loader,
  },
  ...ONE_SLOT_LINES,
  { event: "abort", level: "", text: "abort()", source: "Zephyr with picolibc, lib/libc; measured on Zephyr 4.4.0" },
  { event: "panic", level: "E", text: "panic!", source: loader },
  { event: "chainload", level: "I", text: "Bootloader chainload address offset: {offset}", source: ports },
  { event: "image version", level: "I", text: "Image version: {version}", from: "2.2", source: ports },
  { event: "jumping", level: "I", text: "Jumping to the first image slot", source: ports },
  { event: "jumping", level: "I", text: "Jumping to the image slot", source: ports },
  { event: "no bootable image", level: "E", text: "Unable to find bootable image", source: ports },
  {
    event: "for net core",
    level: "I",
    text: "Binary in secondary slot of image {image} is destined for the network core",
    sdk: { from: "3.4.99" },
    source: "sdk-mcuboot 0dedc5ce loader.c boot_validate_slot",
  },
  {
    event: "net core version asked",
    level: "I",
    text: "Checking network core version",
    sdk: { from: "3.4.99" },
    source: "sdk-mcuboot 910d0b6a loader.c boot_validated_swap_type",
  },
  { event: "net core update started", level: "I", text: "Starting network core update", source: hooks },
  { event: "net core on", level: "I", text: "Turned on network core", source: hooks },
  { event: "net core off", level: "I", text: "Turned off network core", source: hooks },
  { event: "net core update failed", level: "E", text: "Network core update failed", source: hooks },
  { event: "net core update done", level: "I", text: "Done updating network core", source: hooks },
  { event: "net core transfer done", level: "I", text: "Transfer done", source: "nRF Connect SDK netboot, pcd.c" },
] as const satisfies readonly LineRow[];

export type BootEvent = (typeof LOG_LINES)[number]["event"];

const PLACE = /\{(\w+)\}/g;

function patternOf(text: string): RegExp {
  const literal = (part: string): string => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const parts = text.split(PLACE);
  return new RegExp(
    parts.map((part, index) => (index % 2 === 0 ? literal(part) : `(?<${part}>${PLACES[part as Place]})`)).join(""),
  );
}

export const PATTERNS: readonly { readonly row: LineRow; readonly event: BootEvent; readonly pattern: RegExp }[] =
  LOG_LINES.map((row) => ({ row, event: row.event, pattern: patternOf(row.text) }));

/** A boot log line that a row knows. */
export interface KnownLine {
  readonly event: BootEvent;
  readonly level: LineRow["level"];
  /** What stood at each `{name}`, as text. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Several times the longest line that any release prints: a board may send lines that are longer without end. */
const LOOKED_AT_CHARS = 1_024;

/**
 * What a line of a boot log says; undefined for a line that no row knows. The text may stand anywhere in the line, so
 * level prefixes, colours and a module name do no harm; of a line that is too long for any the end is looked at, as
 * what an application was saying when it was cut off stands before.
 */
export function recogniseBootLine(text: string): KnownLine | undefined {
  const looked = text.length > LOOKED_AT_CHARS ? text.slice(-LOOKED_AT_CHARS) : text;
  for (const { row, event, pattern } of PATTERNS) {
    const match = pattern.exec(looked);
    if (match !== null) return { event, level: row.level, fields: { ...match.groups } };
  }
  return undefined;
}

/** True when this generation prints the line so; also for a line that no row knows. */
export function printsLine({ release, sdk }: Pick<GenerationRow, "release" | "sdk">, text: string): boolean {
  const found = PATTERNS.find(({ pattern }) => pattern.test(text));
  if (found === undefined) return true;
  const rows = PATTERNS.filter(({ event, pattern }) => event === found.event && pattern.test(text));
  const same = rows.filter(({ row }) => row.text.length === found.row.text.length);
  return same.some(({ row }) => isPrinted(row, release, sdk));
}

function isPrinted(row: LineRow, release: GenerationRow["release"], sdk: GenerationRow["sdk"]): boolean {
  return row.sdk && sdk?.from ? isWithin(sdk.from, row.sdk) : isWithin(release, row);
}

/**
 * The line that a generation prints for an event; undefined when it prints none.
 * @param variant which row, when a generation has several of one event ("slot version": 0 primary, 1 secondary).
 */
export function bootLine(
  generation: GenerationRow,
  event: BootEvent,
  values: LineValues = {},
  variant = 0,
): LogLine | undefined {
  const row = rowsOf(generation, event)[variant];
  if (row === undefined) return undefined;
  const text = row.text.replaceAll(PLACE, (_, name: string) => String(values[name as Place] ?? ""));
  return { kind: "log", level: row.level, text };
}

const ROWS = new WeakMap<GenerationRow, Map<BootEvent, readonly LineRow[]>>();

function rowsOf(generation: GenerationRow, event: BootEvent): readonly LineRow[] {
  const events = ROWS.get(generation) ?? new Map<BootEvent, readonly LineRow[]>();
  ROWS.set(generation, events);
  const known = events.get(event);
  if (known !== undefined) return known;
  const { release, sdk } = generation;
  const rows = LOG_LINES.filter((row: LineRow) => row.event === event && isPrinted(row, release, sdk));
  events.set(event, rows);
  return rows;
}
