import type { Area, BootloaderBuild, FlashContent, RunningBootloader } from "../../mcuboot/index.ts";
import { ownFirmware } from "../../mcuboot/index.ts";

/** Firmware that stands for a MCUboot of which only the version is known, and its room before it. */
const STAND_IN = { headerBytes: 0x200, bytes: 0x1000 } as const;

/** Where MCUboot lies behind NSIB. */
function halvesOf({ nsib }: BootloaderBuild): readonly Area[] {
  return nsib === undefined ? [] : [nsib.s0, nsib.s1];
}

/** What of a flash nothing touches that programs an application. */
export function keepBootloader(before: FlashContent, after: FlashContent, build: BootloaderBuild): void {
  for (const { offset, bytes } of halvesOf(build)) after.load(offset, before.read(offset, bytes));
}

/** This MCUboot alone is there. What it consists of nobody can read: firmware of that version stands for it. */
export function loadBootloader(flash: FlashContent, build: BootloaderBuild, running: RunningBootloader): void {
  const area = build.nsib?.[running.half];
  if (area === undefined) throw new RangeError("a board without NSIB");
  for (const { offset, bytes } of halvesOf(build)) flash.load(offset, new Uint8Array(bytes).fill(0xff));
  const { headerBytes, bytes } = STAND_IN;
  const said = { version: running.version, address: area.offset + headerBytes };
  flash.load(said.address, ownFirmware(new Uint8Array(bytes), said, headerBytes));
}

/** Bytes of a flash that holds all slots, from its start on. */
export function flashBytesOf(build: BootloaderBuild): number {
  const areas = build.images.flatMap(({ primary, secondary }) => [primary, secondary]);
  const onFlash = areas.filter((area) => area.inRam !== true);
  return Math.max(...[...onFlash, ...(build.scratch ? [build.scratch] : [])].map(endOf));
}

function endOf(area: { readonly offset: number; readonly bytes: number }): number {
  return area.offset + area.bytes;
}
