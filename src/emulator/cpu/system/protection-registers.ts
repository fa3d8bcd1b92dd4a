import type { Bank, Core } from "../state/core.ts";
import { changedRules } from "./protection.ts";
import type { Register } from "./register.ts";

const REGION_MASK = 0xff;

/** RBAR or RLAR of a region: of the selected one, or with an alias 1 to 3 of its neighbours. */
function regionRegister(offset: number, name: string, which: "base" | "limit", alias: number): Register {
  const selected = (core: Core, bank: Bank) => {
    const { region } = core.system.mpu[bank];
    return alias === 0 ? region : (region & ~3) | alias;
  };
  return {
    offset,
    name,
    read: (core, bank) => core.system.mpu[bank][which][selected(core, bank)] ?? 0,
    write: (core, bank, value) => {
      const region = selected(core, bank);
      if (region >= core.config.mpuRegions) return;
      core.system.mpu[bank][which][region] = value;
      changedRules(core);
    },
  };
}

function sauRegister(offset: number, name: string, which: "base" | "limit", mask: number): Register {
  return {
    offset,
    name,
    read: (core, bank) => (bank === 1 ? (core.system.sau[which][core.system.sau.region] ?? 0) : 0),
    write: (core, bank, value) => {
      const { sau } = core.system;
      if (bank !== 1 || sau.region >= core.config.sauRegions) return;
      sau[which][sau.region] = value & mask;
      changedRules(core);
    },
  };
}

/** Memory protection and security attribution. Source: Armv8-M ARM (DDI 0553), D1.1.8 (MPU), D1.1.12 (SAU). */
export const PROTECTION_REGISTERS: readonly Register[] = [
  { offset: 0xd90, name: "MPU_TYPE", read: (core) => core.config.mpuRegions << 8 },
  {
    offset: 0xd94,
    name: "MPU_CTRL",
    read: (core, bank) => core.system.mpu[bank].control,
    write: (core, bank, value) => {
      if (core.config.mpuRegions === 0) return;
      core.system.mpu[bank].control = value & 7;
      changedRules(core);
    },
  },
  {
    offset: 0xd98,
    name: "MPU_RNR",
    read: (core, bank) => core.system.mpu[bank].region,
    write: (core, bank, value) => {
      core.system.mpu[bank].region = value & REGION_MASK;
    },
  },
  ...[0, 1, 2, 3].flatMap((alias) => [
    regionRegister(0xd9c + 8 * alias, `MPU_RBAR${alias || ""}`, "base", alias),
    regionRegister(0xda0 + 8 * alias, `MPU_RLAR${alias || ""}`, "limit", alias),
  ]),
  {
    offset: 0xdc0,
    name: "MPU_MAIR",
    count: 2,
    read: (core, bank, index) => core.system.mpu[bank].attributes[index] ?? 0,
    write: (core, bank, value, index) => {
      core.system.mpu[bank].attributes[index] = value;
    },
  },
  {
    offset: 0xdd0,
    name: "SAU_CTRL",
    read: (core, bank) => (bank === 1 ? core.system.sau.control : 0),
    write: (core, bank, value) => {
      if (bank !== 1) return;
      core.system.sau.control = value & 3;
      changedRules(core);
    },
  },
  { offset: 0xdd4, name: "SAU_TYPE", read: (core, bank) => (bank === 1 ? core.config.sauRegions : 0) },
  {
    offset: 0xdd8,
    name: "SAU_RNR",
    read: (core, bank) => (bank === 1 ? core.system.sau.region : 0),
    write: (core, bank, value) => {
      if (bank === 1) core.system.sau.region = value & REGION_MASK;
    },
  },
  sauRegister(0xddc, "SAU_RBAR", "base", ~31),
  sauRegister(0xde0, "SAU_RLAR", "limit", ~28),
  {
    offset: 0xde4,
    name: "SFSR",
    read: (core, bank) => (bank === 1 ? core.system.sfsr : 0),
    write: (core, bank, value) => {
      if (bank === 1) core.system.sfsr &= ~value;
    },
  },
  { offset: 0xde8, name: "SFAR", read: (core, bank) => (bank === 1 ? core.system.sfar : 0) },
];
