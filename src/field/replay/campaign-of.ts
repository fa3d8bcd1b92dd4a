import { MODES } from "../../mcuboot/index.ts";
import type { PlacedCase } from "./minimise.ts";

/** A case as a campaign on the simulated board: a profile, a scenario and the faults to switch on. */
export interface CampaignTexts {
  readonly profile: string;
  readonly scenario: string;
  readonly faults: readonly string[];
}

/** A payload that a scenario makes has at least so many bytes. */
const PAYLOAD_BYTES_MIN = 1024;
const BASE = 0x1_0000;
const SECTOR_BYTES = 4096;

/**
 * The same case for `hil run`; undefined where a campaign cannot say it: cuts in an upgrade and in its revert, a second
 * request, a request cut at an operation, a payload that is too small.
 */
export function campaignOf(cause: string, { shape, history }: PlacedCase): CampaignTexts | undefined {
  const cuts = cutsOf(history.legs);
  if (cuts === undefined || shape.newBytes < PAYLOAD_BYTES_MIN || shape.downgrade || shape.networkCore)
    return undefined;
  const name = `field ${cause}`.replaceAll(/[^\w .-]/g, "");
  const mode = MODES.find((row) => row.mode === shape.mode)?.name ?? "swap-move";
  const slotBytes = shape.slotSectors * SECTOR_BYTES;
  const secondaryBytes = shape.mode === "offset" ? slotBytes + SECTOR_BYTES : slotBytes;
  const scratch = BASE + slotBytes + secondaryBytes;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const profile = [
    "schema: 1",
    `name: ${JSON.stringify(name)}`,
    "provider: twin",
    'ports: { app: { path: "twin:app", baud_rate: 1000000 } }',
    'power: { driver: lcus, port: { path: "twin:relay" }, channel: 1, contact: NC, cuts: soc, off_ms: 100 }',
    "bootloader:",
    `  generation: ${JSON.stringify(shape.generation.name)}`,
    `  mode: ${mode}`,
    `  max_image_sectors: ${shape.maxImgSectors}`,
    ...(shape.downgradePrevention ? ["  downgrade_prevention: true"] : []),
    "slots:",
    `  sector_bytes: ${SECTOR_BYTES}`,
    `  primary: { offset: ${hex(BASE)}, bytes: ${hex(slotBytes)} }`,
    `  secondary: { offset: ${hex(BASE + slotBytes)}, bytes: ${hex(secondaryBytes)} }`,
    ...(shape.mode === "scratch"
      ? [`  scratch: { offset: ${hex(scratch)}, bytes: ${hex(shape.scratchSectors * SECTOR_BYTES)} }`]
      : []),
    `keys: { signing: "builtin:twin-sign-p256.pem"${shape.encrypted ? ', encryption: "builtin:twin-enc-p256.pem"' : ""} } # TEST keys, published`,
    `images: { encryption: ${shape.encrypted ? "optional" : "none"}, header_bytes: ${shape.headerBytes} }`,
    "timeouts_ms: { boot: 5000, swap: 30000 }",
    "",
  ].join("\n");
  const damage = shape.damage === "none" ? "" : ", damage: body";
  const scenario = [
    "schema: 1",
    `name: ${JSON.stringify(name)}`,
    "images:",
    `  old: { version: "1.0.0", payload: { generate_bytes: ${shape.oldBytes} } }`,
    `  new: { version: "2.0.0", payload: { generate_bytes: ${shape.newBytes} }${damage} }`,
    `  encrypt: ${shape.encrypted}`,
    `request: ${shape.permanent ? "permanent" : "test"}`,
    `start: { flash_each: true, padded: ${shape.padded} }`,
    `boots_after: ${Math.min(2, cuts.after)}`,
    cuts.operations.length === 0
      ? "cuts: { count: 0 }"
      : `cuts: { operations: [[${cuts.operations.join(", ")}]], in: ${cuts.in} }`,
    "revert_check: false",
    "",
  ].join("\n");
  const faults = [
    ...shape.defects,
    ...(shape.uploadsToStart ? ["R27-2268"] : []),
    ...(shape.afterUpdate === "resets" ? ["DZ-105028"] : []),
    ...(shape.afterUpdate === "hangs" ? ["DZ-126603"] : []),
  ];
  return { profile, scenario, faults };
}

interface CutsSaid {
  readonly operations: readonly number[];
  readonly in: "upgrade" | "revert";
  /** Whole boots after the last cut. */
  readonly after: number;
}

function cutsOf(legs: PlacedCase["history"]["legs"]): CutsSaid | undefined {
  const asked = legs.findIndex(({ acts }) => acts.some(({ kind }) => kind === "ask"));
  const acts = legs.flatMap((leg) => leg.acts);
  if (asked < 0 || acts.length !== 1 || acts.some((act) => act.kind === "ask" && act.cut !== undefined))
    return undefined;
  const boots = legs.slice(asked);
  const first = boots.findIndex(({ cut }) => cut !== undefined);
  if (first < 0) return { operations: [], in: "upgrade", after: boots.length - 1 };
  const last = boots.findLastIndex(({ cut }) => cut !== undefined);
  const run = boots.slice(first, last + 1);
  // One boot before the cuts is the upgrade; what is cut then is its revert.
  if (first > 1 || run.some(({ cut }) => cut === undefined) || run.length > 4) return undefined;
  const operations = run.map(({ cut }) => (cut?.operation ?? 0) + (cut?.torn === undefined ? 0 : 0.5));
  return { operations, in: first === 0 ? "upgrade" : "revert", after: boots.length - 1 - last };
}
