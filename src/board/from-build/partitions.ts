import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { hexOf, loadYaml } from "../../core/index.ts";
import { type BuildDomain, type BuildFolder, type Found, placeOfSymbol, shownPath, symbolOf } from "./build-folder.ts";
import { cached } from "./build-keys.ts";
import type { Devicetree, DtNode } from "./devicetree.ts";

/** A partition of a build, in its memory. */
interface BuildArea {
  /** From the start of the memory device, in bytes. */
  readonly offset: number;
  readonly bytes: number;
  readonly device: "internal" | "qspi" | "ram";
}

/** The partitions that MCUboot knows, by the field of a profile; `pad` is the Partition Manager's room for headers. */
export const PROFILE_SLOTS = ["primary", "secondary", "scratch", "network_secondary", "s0", "s1"] as const;
/** The network core's primary slot is a buffer in RAM: of it a profile has the size alone. */
const NETWORK_RAM = "network_ram";
type SlotName = (typeof PROFILE_SLOTS)[number] | typeof NETWORK_RAM;

/** Where MCUboot finds its slots. */
export interface Layout {
  readonly kind: "Partition Manager" | "devicetree";
  readonly areas: Readonly<Partial<Record<SlotName, Found<BuildArea>>>>;
  /** Room for the image header at the start of a slot (mcuboot_pad). */
  readonly pad?: Found<number> | undefined;
}

/** Names of the same partition in both worlds. Source: MCUboot boot/zephyr/pm.yml; Zephyr's flash map, sysflash.h. */
const NAMES: readonly { readonly slot: SlotName; readonly manager: string; readonly label: string }[] = [
  { slot: "primary", manager: "mcuboot_primary", label: "slot0_partition" },
  { slot: "secondary", manager: "mcuboot_secondary", label: "slot1_partition" },
  { slot: "scratch", manager: "mcuboot_scratch", label: "scratch_partition" },
  { slot: "network_secondary", manager: "mcuboot_secondary_1", label: "slot3_partition" },
  // MCUboot's halves behind NSIB. Source: sdk-nrf subsys/bootloader/pm.yml; sdk-mcuboot sysflash.h.
  { slot: "s0", manager: "s0", label: "s0_partition" },
  { slot: "s1", manager: "s1", label: "s1_partition" },
  { slot: NETWORK_RAM, manager: "mcuboot_primary_1", label: "slot2_partition" },
];

/** By `region`; others are RAM and one-time memory. Source: nRF Connect SDK, partition_manager.cmake. */
const REGIONS: Readonly<Record<string, BuildArea["device"]>> = {
  flash_primary: "internal",
  external_flash: "qspi",
  ram_flash: "ram",
};
/** By `compatible` of the memory around the partitions. */
const MEMORIES: readonly { readonly compatible: string; readonly device: BuildArea["device"] }[] = [
  { compatible: "soc-nv-flash", device: "internal" },
  { compatible: "nordic,qspi-nor", device: "qspi" },
  { compatible: "jedec,spi-nor", device: "qspi" },
  { compatible: "zephyr,sim-flash", device: "ram" },
];

const PARTITION = z.looseObject({ address: z.int().min(0), size: z.int().min(0), region: z.string().optional() });
const PARTITIONS = z.record(z.string(), PARTITION);

/** The layout that MCUboot of this build uses: the Partition Manager's where it is on, else the devicetree's. */
export async function slotLayoutOf(build: BuildFolder): Promise<Layout> {
  return (await managedLayout(build)) ?? devicetreeLayout(build.bootloader);
}

/** True where the Partition Manager decides. */
export function isManaged({ bootloader }: Pick<BuildFolder, "bootloader">): boolean {
  return symbolOf(bootloader, "PARTITION_MANAGER_ENABLED")?.value === "y";
}

async function managedLayout(build: BuildFolder): Promise<Layout | undefined> {
  if (!isManaged(build)) return undefined;
  return partitionsIn(join(build.folder, "partitions.yml"), build.folder);
}

/** The layout in a file of the Partition Manager: `partitions.yml`, `pm_static.yml`. @throws ConfigFileError */
async function partitionsIn(path: string, folder: string): Promise<Layout> {
  const { value, lineOf } = await loadYaml(path, PARTITIONS);
  const file = shownPath(path, folder);
  const areas: Partial<Record<SlotName, Found<BuildArea>>> = {};
  for (const { slot, manager } of NAMES) {
    const row = value[manager];
    const device = row && REGIONS[row.region ?? "flash_primary"];
    if (row === undefined || device === undefined) continue;
    const from = `${file}:${lineOf([manager])} ${manager}`;
    areas[slot] = { value: { offset: row.address, bytes: row.size, device }, from };
  }
  const pad = value["mcuboot_pad"];
  return {
    kind: "Partition Manager",
    areas,
    ...(pad && { pad: { value: pad.size, from: `${file}:${lineOf(["mcuboot_pad"])} mcuboot_pad` } }),
  };
}

/** The layout of MCUboot's devicetree: partitions by label. */
function devicetreeLayout(bootloader: BuildDomain): Layout {
  const { devicetree } = bootloader;
  // MCUboot behind NSIB counts itself.
  const own = Number(symbolOf(bootloader, "MCUBOOT_MCUBOOT_IMAGE_NUMBER")?.value ?? -1) > 0 ? 1 : 0;
  const hasTwoImages = Number(symbolOf(bootloader, "UPDATEABLE_IMAGE_NUMBER")?.value ?? 1) - own > 1;
  const areas: Partial<Record<SlotName, Found<BuildArea>>> = {};
  for (const { slot, label } of NAMES) {
    if ((slot === "network_secondary" || slot === NETWORK_RAM) && !hasTwoImages) continue;
    const node = devicetree.find(label);
    const area = node && areaOf(node);
    if (node === undefined || area === undefined) continue;
    areas[slot] = { value: area, from: `${devicetree.file}:${node.line} ${label}` };
  }
  return { kind: "devicetree", areas };
}

/** Levels of partitions inside partitions. */
const LEVELS_MAX = 8;

/**
 * Offsets of partitions inside a partition count from its start. Source: Zephyr
 * dts/bindings/mtd/fixed-subpartitions.yaml
 */
function areaOf(node: DtNode): BuildArea | undefined {
  const [start, bytes] = numbersOf(node, "reg");
  if (start === undefined || bytes === undefined) return undefined;
  let offset = start;
  let group = node.parent;
  for (let level = 0; group !== undefined && level < LEVELS_MAX; level += 1) {
    const memory = compatibles(group).includes("fixed-subpartitions") ? group : group.parent;
    const row = memory && memoryRow(memory);
    if (row) return { offset, bytes, device: row.device };
    if (memory === undefined || numbersOf(memory, "reg").length === 0) return undefined;
    offset += numbersOf(memory, "reg")[0] ?? 0;
    group = memory.parent;
  }
  return undefined;
}

/** A simulated flash calls itself a chip's flash, too: what drives it tells them apart, and stands around it. */
function memoryRow(memory: DtNode): (typeof MEMORIES)[number] | undefined {
  const rowOf = (node: DtNode | undefined) =>
    node && MEMORIES.find(({ compatible }) => compatibles(node).includes(compatible));
  const driver = rowOf(memory.parent);
  return driver?.device === "ram" ? driver : rowOf(memory);
}

/** The numbers of a property's cells, in order; none where it is not there. */
function numbersOf(node: DtNode, property: string): readonly number[] {
  const values = node.properties.get(property)?.values ?? [];
  const cells = values.flatMap((value) => (value.kind === "cells" ? value.cells : []));
  return cells.filter((cell) => typeof cell === "number");
}

function compatibles(node: DtNode): readonly string[] {
  const values = node.properties.get("compatible")?.values ?? [];
  return values.flatMap((value) => (value.kind === "string" ? [value.text] : []));
}

/** A number of a node, with its place. */
export function numberAt(tree: Devicetree, node: DtNode | undefined, property: string): Found<number> | undefined {
  const value = node && numbersOf(node, property)[0];
  const line = node?.properties.get(property)?.line;
  return value === undefined ? undefined : { value, from: `${tree.file}:${line} ${property}` };
}

/** The node that `/chosen` names. */
export function chosen(tree: Devicetree, name: string): DtNode | undefined {
  const value = tree.find("/chosen")?.properties.get(name)?.values[0];
  if (value?.kind === "reference") return tree.find(value.target.reference);
  return value?.kind === "string" ? tree.find(value.text) : undefined;
}

/** The other layout that lies about in a build: what a board from before, or after, a move to devicetree has. */
interface OtherLayout {
  /** What it is, and why it does not count, as one sentence. */
  readonly text: string;
}

/**
 * Explains a build in which both ways of partitioning lie about with different slots: which one counts, and
 * what follows.
 * Undefined where there is only one, or both say the same.
 * Source: nRF Connect SDK, "Migrating partition configuration from Partition Manager to devicetree"; DevZone
 * 128481, 128535.
 */
export async function otherLayout(build: BuildFolder, layout: Layout): Promise<OtherLayout | undefined> {
  if (layout.kind === "Partition Manager") {
    const differs = differences(layout, devicetreeLayout(build.bootloader));
    if (differs.length === 0) return undefined;
    return {
      text: `The Partition Manager is on (${placeOfSymbol(build.bootloader, "PARTITION_MANAGER_ENABLED")}): partitions.yml counts, and the partitions of zephyr.dts are not used, though they say otherwise (${differs.join("; ")}).`,
    };
  }
  const file = [join(build.folder, "partitions.yml"), ...staticFiles(build)].find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const differs = differences(layout, await partitionsIn(file, build.folder));
  if (differs.length === 0) return undefined;
  return {
    text: `The Partition Manager is off: zephyr.dts counts, and ${shownPath(file, build.folder)} is left over from before, with other slots (${differs.join("; ")}). A board keeps the bootloader, and so the slots, that it left the factory with: images of this build go only to boards whose MCUboot has these slots; for the others write the old slots into the overlay (scripts/pm_to_dts.py).`,
  };
}

/** `pm_static.yml` beside the application's sources, where the build says where that is. */
function staticFiles({ application }: BuildFolder): readonly string[] {
  const source = cached(application, "APPLICATION_SOURCE_DIR");
  return source === undefined ? [] : [join(source, "pm_static.yml")];
}

function differences(used: Layout, other: Layout): readonly string[] {
  return NAMES.flatMap(({ slot }) => {
    const [ours, theirs] = [used.areas[slot]?.value, other.areas[slot]?.value];
    if (ours === undefined || theirs === undefined || areaText(ours) === areaText(theirs)) return [];
    return [`${slot} ${areaText(theirs)} there, ${areaText(ours)} here`];
  });
}

/** `0x10000+0x74000`, with the device where it is not the chip's own flash. */
export function areaText({ offset, bytes, device }: BuildArea): string {
  return `${hexOf(offset)}+${hexOf(bytes)}${device === "internal" ? "" : ` (${device})`}`;
}
