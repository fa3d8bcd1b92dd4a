import type { Region } from "../../memory/memory-map.ts";
import type { Core } from "../state/core.ts";
import { checkAccess } from "./protection.ts";

const UNALIGN_TRP = 8;

function regionFor(core: Core, address: number, bytes: number): Region {
  const region = core.memory.at(address);
  if (region === undefined || ((address - region.start) >>> 0) + bytes > region.bytes) {
    return core.raise("PRECISERR", address);
  }
  return region;
}

/** @throws CpuFault UNALIGNED where CCR asks for it, and always on Armv6-M. */
function checkAlignment(core: Core, address: number, bytes: number): void {
  if ((address & (bytes - 1)) === 0) return;
  if (core.config.architecture === "v6m" || (core.system.ccr[core.bank] & UNALIGN_TRP) !== 0) {
    core.raise("UNALIGNED", address);
  }
}

/**
 * Loads 1, 2 or 4 bytes, little-endian, unsigned but for a word.
 * @throws CpuFault UNALIGNED, DACCVIOL, AUVIOL or PRECISERR
 */
export function load(core: Core, where: number, bytes: number, privileged = core.privileged): number {
  const address = where >>> 0;
  if ((address & (bytes - 1)) !== 0) checkAlignment(core, address, bytes);
  if (core.guarded && (privileged !== core.privileged || !core.mayAccess("read", address, bytes))) {
    checkAccess(core, address, bytes, "read", privileged);
  }
  const region = core.memory.at(address);
  if (region === undefined) return core.raise("PRECISERR", address);
  if (region.isPlain !== true) core.devices?.add(core.pc);
  const offset = address - region.start;
  if (offset + bytes > region.bytes) return loadBytes(core, address, bytes);
  const value = region.read(offset, bytes);
  // A register gives all of its bits above the first.
  return bytes === 4 ? value : value & (bytes === 1 ? 0xff : 0xffff);
}

function loadBytes(core: Core, address: number, bytes: number): number {
  let value = 0;
  for (let index = 0; index < bytes; index += 1) {
    const region = regionFor(core, (address + index) >>> 0, 1);
    value |= (region.read((address + index - region.start) >>> 0, 1) & 0xff) << (8 * index);
  }
  return value;
}

/** Stores the low 1, 2 or 4 bytes of a value. @throws CpuFault as `load` */
export function store(core: Core, where: number, bytes: number, value: number, privileged = core.privileged): void {
  const address = where >>> 0;
  if ((address & (bytes - 1)) !== 0) checkAlignment(core, address, bytes);
  if (core.guarded && (privileged !== core.privileged || !core.mayAccess("write", address, bytes))) {
    checkAccess(core, address, bytes, "write", privileged);
  }
  const region = regionFor(core, address, bytes);
  if (region.isPlain !== true) core.devices?.add(core.pc);
  region.write((address - region.start) >>> 0, bytes, value);
}

/** Loads that must be aligned whatever CCR says: LDM, LDRD, exclusives. */
export function loadAligned(core: Core, address: number, bytes: number): number {
  if ((address & (bytes - 1)) !== 0) core.raise("UNALIGNED", address >>> 0);
  return load(core, address, bytes);
}

/** Stores that must be aligned whatever CCR says. */
export function storeAligned(core: Core, address: number, bytes: number, value: number): void {
  if ((address & (bytes - 1)) !== 0) core.raise("UNALIGNED", address >>> 0);
  store(core, address, bytes, value);
}
